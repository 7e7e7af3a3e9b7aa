"""A demo camera with a tape of hours, in a running Home Assistant."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from custom_components.retrocam.core.library.files import format_name
from custom_components.retrocam.core.tape.records import HEADER_SIZE, SUFFIX, Header
from custom_components.retrocam.datetimes import unix_time
from demo.client import Client
from demo.setting import view

from .board import CAMERA_CARD

NAME: Final = "Taped"
MEMORY: Final = 8
"""Seconds in memory."""
LENGTH: Final = 20.0
"""Seconds of tape that are made into older ones, at least."""


async def add_taped_camera(client: Client, ages: Sequence[float]) -> str:
    """Add a camera with a file of footage on tape for each age, in s; return its entry's id.

    The files are copies of what it tapes first, named and dated as if it had been taped then.
    """
    shape = {"width": 640, "height": 360, "fps": 25}
    entry = await client.add_entry(("demo", {"name": NAME, "advanced": shape}))
    entry_id = str(entry["entry_id"])
    await client.change_options(entry_id, "history", history_enabled=False)
    await client.wait_until_loaded()
    await client.change_options(entry_id, "lookback", lookback_seconds=MEMORY)
    await client.wait_until_loaded()
    await client.change_options(entry_id, "tape", tape_enabled=True)
    await client.wait_until_loaded()
    taped = await held(client, entry_id, LENGTH)
    # The answer tells the folder.
    camera = await client.entity_id(entry_id, "camera")
    data = {"entity_id": camera, "lookback": 1, "duration": 0}
    clip = (await client.call_action("retrocam", "record", data))[camera]
    await client.command("config_entries/disable", entry_id=entry_id, disabled_by="user")
    folder = Path(clip["path"]).parent.parent / "tape"
    await asyncio.to_thread(_copy, folder, taped, ages)
    await client.command("config_entries/disable", entry_id=entry_id, disabled_by=None)
    await client.wait_until_loaded()
    await client.wait_for_state(camera)
    await held(client, entry_id, MEMORY)
    return entry_id


async def switch(client: Client, entry_id: str, *, on: bool) -> None:
    """Let the camera run, and wait until it holds something; or let it rest: it takes nothing then."""
    for key in ("tape", "lookback"):
        data = {"entity_id": await client.entity_id(entry_id, key)}
        await client.post(f"/api/services/switch/turn_{'on' if on else 'off'}", data)
    if on:
        await held(client, entry_id, MEMORY)


async def held(client: Client, entry_id: str, seconds: float) -> float:
    """Wait until the newest span is that long; return its start, in UNIX s."""
    async with client.subscription("retrocam/footage/subscribe", entry_id=entry_id) as events:
        while True:
            spans = (await events.get())["spans"]
            if not spans:
                continue
            # The last is in memory, and goes on with the one on tape.
            start = unix_time(spans[-min(2, len(spans))]["start"])
            if unix_time(spans[-1]["end"]) - start >= seconds:
                return start


async def show_card(client: Client, entry_id: str, path: str, **config: Any) -> None:
    """Save a dashboard with the camera's card alone."""
    camera = await client.entity_id(entry_id, "camera")
    await client.command("lovelace/dashboards/create", url_path=path, title=NAME, mode="storage")
    card = {"type": f"custom:{CAMERA_CARD}", "entity": camera, **config}
    views = [view(NAME, "taped", [card])]
    await client.command("lovelace/config/save", url_path=path, config={"views": views})


def _copy(folder: Path, taped: float, ages: Sequence[float]) -> None:
    """Copy the newest file of a tape, which begins at `taped`, to the times that are so old."""
    newest = max(folder.glob("*/*.mp4"))
    index = newest.with_suffix(SUFFIX).read_bytes()
    header = Header.unpack(index)
    assert header is not None
    for age in ages:
        ms = round((taped - age) * 1000)
        name = format_name(ms, "mp4")
        path = folder / name[:8] / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(newest.read_bytes())
        moved = Header(header.session, header.init_size, header.position, ms / 1000)
        path.with_suffix(SUFFIX).write_bytes(moved.pack() + index[HEADER_SIZE:])
