"""The demo's jobs of the past: a rewound frame, the tape, and a clip of tape and memory."""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
import time
from typing import Final

from .client import Client
from .jobs import Facts, JobError, clip_numbers, frame_number

TAPED_NAME: Final = "Demo tape"
_SHAPE: Final = {"width": 320, "height": 180, "fps": 10}
_MEMORY: Final = 5
"""Lookback of the taped camera in s: what is older is on tape alone."""
_ON_TAPE: Final = 3.0
"""Seconds of the clip that come from tape."""
_BACK: Final = 3.0
"""Seconds that the demo camera is rewound."""


async def rewind(client: Client, entry_id: str) -> Facts:
    """Rewind the demo camera; the frames at two moments are as far apart as the moments."""
    await client.wait_for_lookback(entry_id, 2 * _BACK)
    at = time.time() - _BACK
    path = f"/api/retrocam/footage/{entry_id}/frame?at="
    earlier, later = [
        frame_number(await client.get_bytes(f"{path}{moment:.3f}")) for moment in (at - 1, at)
    ]
    # 25 frames a second, of which one may begin between.
    if not 24 <= later - earlier <= 26:
        raise JobError(f"frame {later} is shown a second after {earlier}")
    return {"rewound_frame_number": earlier}


async def switch_on_tape(client: Client, entry_id: str) -> None:
    """Tape a camera, so that its card can be rewound beyond memory."""
    switch = await client.entity_id(entry_id, "tape")
    await client.post("/api/services/switch/turn_on", {"entity_id": switch})


async def add_taped(client: Client) -> str:
    """Add the camera with a tape; return its entry id."""
    entry = await client.add_entry(("demo", {"name": TAPED_NAME, "advanced": _SHAPE}))
    entry_id = str(entry["entry_id"])
    await client.change_options(entry_id, "lookback", lookback_seconds=_MEMORY)
    await client.change_options(entry_id, "tape", tape_enabled=True)
    await client.wait_for_state(await client.entity_id(entry_id, "camera"))
    return entry_id


async def tape(client: Client, _entry_id: str) -> Facts:
    """Cut a clip that begins on tape and ends in memory; no frame may be missing."""
    entry_id = await add_taped(client)
    camera = await client.entity_id(entry_id, "camera")
    while (start := _begin_of_tape(await _spans(client, entry_id))) is None:  # noqa: ASYNC110  # polls another process
        await asyncio.sleep(0.5)  # polling interval
    data = {"entity_id": camera, "start": start, "end": datetime.now(UTC).isoformat()}
    answer = (await client.call_action("retrocam", "record", data))[camera]
    if len(answer["parts"]) != 1 or not answer["complete"]:
        raise JobError(f"the clip is incomplete: {answer}")
    numbers = clip_numbers(await client.get_bytes(answer["url"]))
    if any(later != earlier + 1 for earlier, later in pairwise(numbers)):
        raise JobError(f"frames are missing or out of order: {numbers}")
    return {
        "taped_clip_frames": len(numbers),
        "taped_clip_frame_numbers": [numbers[0], numbers[-1]],
    }


def _begin_of_tape(spans: list[dict[str, str]]) -> str | None:
    """Return the begin of the tape once memory follows after `_ON_TAPE` seconds of it."""
    for older, newer in pairwise(spans):
        if (older["where"], newer["where"]) == ("tape", "memory"):
            start = older["start"]
            if _time(newer["start"]) - _time(start) >= _ON_TAPE:
                return start
    return None


def _time(text: str) -> float:
    """Return the UNIX time, in s, of an ISO one."""
    return datetime.fromisoformat(text).timestamp()


async def after_restart(client: Client, entry_id: str) -> Facts:
    """Read what is on tape in a new Home Assistant: how much, and a frame of it."""
    spans = await _spans(client, entry_id)
    while not spans or spans[0]["where"] != "tape":
        await asyncio.sleep(0.5)  # polling interval
        spans = await _spans(client, entry_id)
    # The newest one is that of the new Home Assistant.
    oldest = spans[0]
    path = f"/api/retrocam/footage/{entry_id}/frame?at={oldest['start']}"
    return {
        "tape_seconds_after_restart": round(_time(oldest["end"]) - _time(oldest["start"]), 1),
        "tape_frame_number_after_restart": frame_number(await client.get_bytes(path)),
    }


async def _spans(client: Client, entry_id: str) -> list[dict[str, str]]:
    answer = await client.get(f"/api/retrocam/footage/{entry_id}")
    spans: list[dict[str, str]] = answer["spans"]
    return spans
