"""The demo, as a newcomer sees it: log in, open the dashboard, and the picture moves."""

from pathlib import Path
import re

import numpy as np
import pytest

from custom_components.retrocam.core.pattern.marks import BALL, CLOCK
from demo.client import Client
from demo.server import free_port, running
from demo.setting import DASHBOARD, set_up

from .browser import SCREENSHOTS, WITHOUT_WEBGL, chromium, seen_number, visit


@pytest.fixture(scope="module", autouse=True)
def _browser() -> None:
    """Find the browser before anything is started."""
    chromium()


async def test_dashboard_shows_moving_picture(tmp_path: Path, socket_enabled: None) -> None:
    async with running(tmp_path, free_port()) as server:
        async with Client.logged_in(server.url) as client:
            await set_up(client)
            # Each would be a badge on "Settings", as if something were broken.
            assert (await client.command("repairs/list_issues"))["issues"] == []
        async with visit(arguments=WITHOUT_WEBGL) as visitor:
            await visitor.log_in(f"{server.url}/{DASHBOARD}")
            video = visitor.page.locator("video").first
            await video.wait_for()
            first, before = await seen_number(video)
            # The clock has seconds, of at most 30 frames.
            second, after = await seen_number(video, first + 31)
            SCREENSHOTS.mkdir(exist_ok=True)
            await visitor.page.screenshot(path=SCREENSHOTS / "demo.png")
            assert second > first
            for area in (CLOCK, BALL):
                part = area.within(before.shape[1], before.shape[0])
                assert np.abs(before[part].astype(int) - after[part]).max() > 50
            assert visitor.complaints == []
    log = (tmp_path / "console.log").read_text(encoding="utf-8")
    assert [line for line in log.splitlines() if " ERROR " in line or "Traceback" in line] == []
    # Neither the token of the generated stream, nor any other.
    assert re.search(r"(auth|authSig|token)=(?!\*\*\*\*)", log) is None
