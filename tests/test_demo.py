"""The demo command."""

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import RawTestServer
import av
import pytest

from custom_components.retrocam.core.frames import jpeg
from demo.client import Client
from demo.jobs import JobError, frame_number, run

from .house import ROOT

BREAK_A_JOB = """
import sys
from demo import jobs
from demo.__main__ import main

async def nothing_comes(client, entry_id):
    raise jobs.JobError("nothing came")

jobs.JOBS.clear()
jobs.JOBS["mjpeg"] = nothing_comes
sys.argv = ["demo", "--once"]
sys.exit(main())
"""


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not key.startswith("COV_")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.long
def test_once_runs_all_jobs_and_prints_json() -> None:
    done = run_demo("-m", "demo", "--once")
    assert done.returncode == 0, done.stderr
    # One JSON object and nothing else, for programs.
    facts: dict[str, Any] = json.loads(done.stdout)
    assert facts["still_size"] == "1280x720"
    assert facts["hls_segments"] >= 3
    assert facts["mjpeg_frames"] >= 20
    first, last = facts["mjpeg_frame_numbers"]
    assert last - first >= facts["mjpeg_frames"] - 1
    assert facts["rewound_frame_number"] > 0
    first, last = facts["taped_clip_frame_numbers"]
    # Three seconds of tape and five of memory, at 10 frames a second.
    assert last - first == facts["taped_clip_frames"] - 1 >= 70
    assert facts["tape_seconds_after_restart"] >= 8
    assert facts["share_wrong_pin"] == [401, 401]
    assert facts["share_pages"] == ["player", "camera"]


@pytest.mark.long
def test_failed_job_is_named_with_exit_code_1() -> None:
    done = run_demo("-c", BREAK_A_JOB)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "job failed: mjpeg: JobError: nothing came" in done.stderr


async def test_hanging_job_times_out_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr("demo.jobs.JOB_TIMEOUT", 0.01)
    with pytest.raises(JobError, match=r"^mjpeg: TimeoutError"):
        await run(None, "", {"mjpeg": hang})  # type: ignore[arg-type]  # what hangs asks for nothing


@pytest.mark.usefixtures("socket_enabled")
async def test_answer_that_nobody_waits_for_ends_no_client() -> None:
    late = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            asked = message.json()
            if asked["type"] == "slow":
                arrived.set()
                await late.wait()
            await socket.send_json(
                {"id": asked["id"], "type": "result", "success": True, "result": 1}
            )
        return socket

    arrived = asyncio.Event()
    async with (
        RawTestServer(answer) as server,
        ClientSession() as session,
        session.ws_connect(server.make_url("/")) as socket,
    ):
        client = Client(str(server.make_url("/")), session)
        client._socket = socket
        reader = asyncio.create_task(client._read(socket))
        slow = asyncio.create_task(client.command("slow"))
        await arrived.wait()
        slow.cancel()
        await asyncio.wait([slow])
        late.set()
        async with asyncio.timeout(60):
            assert await client.command("another") == 1
        reader.cancel()


def test_frame_without_number_is_rejected(gray_jpeg: bytes) -> None:
    with pytest.raises(JobError):
        frame_number(gray_jpeg)


@pytest.fixture
def gray_jpeg() -> bytes:
    """A gray image."""
    frame = av.VideoFrame(320, 180, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    return jpeg.encode(frame)
