"""The demo's jobs: what must succeed before Retrocam counts as working."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
import io
from typing import Any, Final
from urllib.parse import urljoin

import av

from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.frames.geometry import fitted
from custom_components.retrocam.core.grid.layout import Layout, tiles
from tests.pattern_reader import read_frame_number

from .ascii import ascii_player
from .client import Client
from .setting import GRID_NAME, MEMBERS

type Facts = dict[str, Any]
type Job = Callable[[Client, str], Awaitable[Facts]]

JOB_TIMEOUT: Final = 60.0
HLS_SEGMENTS: Final = 3
MJPEG_FRAMES: Final = 20
GRID_FRAMES: Final = 15
LOOKBACK: Final = 8
"""Lookback of the demo's recording in s."""

SNAPSHOTS: Final = 10
"""Fewest frames of the demo's timelapse."""


class JobError(Exception):
    """A job failed."""


def frame_number(data: bytes) -> int:
    """Return the frame number in a JPEG of the demo camera. Raises JobError if it cannot be read."""
    return _number(jpeg.decode(data))


async def still(client: Client, entry_id: str) -> Facts:
    """Request a still from Home Assistant's camera proxy."""
    entity_id = await client.entity_id(entry_id, "camera")
    data = await client.get_bytes(f"/api/camera_proxy/{entity_id}")
    width, height = jpeg.size(data)
    return {
        "still_bytes": len(data),
        "still_size": f"{width}x{height}",
        "still_frame_number": frame_number(data),
    }


async def hls(client: Client, entry_id: str) -> Facts:
    """Play HLS as a browser does: playlist, init, segments."""
    entity_id = await client.entity_id(entry_id, "camera")
    answer = await client.command("camera/stream", entity_id=entity_id, format="hls")
    master = answer["url"]
    text = (await client.get_bytes(master)).decode()
    playlist = urljoin(master, text.strip().splitlines()[-1])
    seen: dict[str, int] = {}
    while len(seen) < HLS_SEGMENTS:
        for line in (await client.get_bytes(playlist)).decode().splitlines():
            if line.startswith("./segment/") and line not in seen:
                seen[line] = len(await client.get_bytes(urljoin(playlist, line)))
        await asyncio.sleep(0.5)  # as players reload the playlist
    return {"hls_segments": len(seen), "hls_bytes": sum(seen.values())}


async def mjpeg(client: Client, entry_id: str) -> Facts:
    """Read frames of the MJPEG stream; their numbers must rise."""
    numbers: list[int] = []
    path = f"{client.url}/api/retrocam/mjpeg/{entry_id}"
    async with client.session.get(path, headers=client.headers) as response:
        response.raise_for_status()
        while len(numbers) < MJPEG_FRAMES:
            number = frame_number(await _next_frame(response))
            if not numbers or number != numbers[-1]:
                numbers.append(number)
    if numbers != sorted(set(numbers)):
        raise JobError(f"frame numbers do not rise: {numbers}")
    return {"mjpeg_frames": len(numbers), "mjpeg_frame_numbers": [numbers[0], numbers[-1]]}


async def record(client: Client, entry_id: str) -> Facts:
    """Record a clip with lookback; no frame may be missing."""
    camera = await client.entity_id(entry_id, "camera")
    await client.wait_for_lookback(entry_id, LOOKBACK)
    data = {"entity_id": camera, "lookback": LOOKBACK, "duration": 3}
    answer = (await client.call_action("retrocam", "record", data))[camera]
    if len(answer["parts"]) != 1 or not answer["complete"]:
        raise JobError(f"the clip is incomplete: {answer}")
    numbers = clip_numbers(await client.get_bytes(answer["url"]))
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise JobError(f"frames are missing or out of order: {numbers}")
    return {
        "clip_lookback": answer["lookback"],
        "clip_duration": answer["duration"],
        "clip_frames": len(numbers),
        "clip_frame_numbers": [numbers[0], numbers[-1]],
    }


async def history(client: Client, entry_id: str) -> Facts:
    """Take a snapshot, wait for more, and export a timelapse; its frame numbers must rise.

    Earlier snapshots are excluded: frame numbers restart whenever the camera is
    loaded, as by sharing.
    """
    camera = {"entity_id": await client.entity_id(entry_id, "camera")}
    taken = (await client.call_action("retrocam", "take_snapshot", camera))[camera["entity_id"]]
    first = frame_number(await client.get_bytes(taken["url"]))
    since = taken["timestamp"]
    while True:
        answer = await client.call_action("retrocam", "list_snapshots", camera | {"after": since})
        listed = answer[camera["entity_id"]]
        if listed["total"] >= SNAPSHOTS:
            break
        await asyncio.sleep(0.5)  # snapshots of another process
    span = {"start": since, "fps": 10}
    answer = await client.call_action("retrocam", "export_timelapse", camera | span)
    film = answer[camera["entity_id"]]
    numbers = clip_numbers(await client.get_bytes(film["url"]))
    if len(numbers) != film["frames"] or film["skipped"]:
        raise JobError(f"frames are missing: {film}")
    if numbers[0] != first or numbers != sorted(set(numbers)):
        raise JobError(f"frame numbers do not rise from {first} through the timelapse: {numbers}")
    return {
        "snapshots": listed["total"],
        "timelapse_frames": len(numbers),
        "timelapse_duration": film["duration"],
        "timelapse_frame_numbers": [numbers[0], numbers[-1]],
    }


async def grid(client: Client, entry_id: str) -> Facts:
    """Show the grid in each layout; in each, the frame number of every visible member must change."""
    entries = {entry["title"]: entry["entry_id"] for entry in await client.entries()}
    entity = {"entity_id": await client.entity_id(entries[GRID_NAME], "camera")}
    path = f"{client.url}/api/retrocam/mjpeg/{entries[GRID_NAME]}"
    facts: Facts = {}
    async with client.session.get(path, headers=client.headers) as response:
        response.raise_for_status()
        for layout in Layout:
            await client.post("/api/services/retrocam/set_layout", entity | {"layout": layout})
            seen: dict[str, set[int]] = {}
            frames = 0
            while frames < GRID_FRAMES or any(len(numbers) < 2 for numbers in seen.values()):
                # Two frames may have been drawn before the layout was set.
                picture = jpeg.decode(await _next_frame(response))
                if (frames := frames + 1) > 2:
                    for name, number in _numbers_of_members(picture, layout):
                        seen.setdefault(name, set()).add(number)
            facts[f"grid_{layout}"] = {name: len(numbers) for name, numbers in seen.items()}
    return facts


def _numbers_of_members(frame: av.VideoFrame, layout: Layout) -> Iterator[tuple[str, int]]:
    """Read the frame number of each visible member."""
    luma = jpeg.planes(frame)[0]
    members = list(MEMBERS.items())
    for member, area in tiles(layout, len(members), frame.width, frame.height):
        name, (width, height, _) = members[member]
        left, top, across, down = fitted(area, width, height)
        number = read_frame_number(luma[top : top + down, left : left + across])
        if number is None:
            raise JobError(f"{name} cannot be read in {layout}")
        yield name, number


def clip_numbers(clip: bytes) -> list[int]:
    """Return the frame numbers in a clip of the demo camera. Raises JobError if one cannot be read."""
    with av.open(io.BytesIO(clip), "r") as container:
        return [_number(frame) for frame in container.decode(video=0)]


def _number(frame: av.VideoFrame) -> int:
    if (number := read_frame_number(jpeg.planes(frame)[0])) is None:
        raise JobError("no frame number can be read")
    return number


async def _next_frame(response: Any) -> bytes:
    length = 0
    while (line := await response.content.readline()) != b"\r\n" or not length:
        if not line:
            raise JobError("the MJPEG stream ended")
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    data: bytes = await response.content.readexactly(length)
    return data


JOBS: Final[dict[str, Job]] = {
    "still": still,
    "mjpeg": mjpeg,
    "hls": hls,
    "record": record,
    "history": history,
    "grid": grid,
    "ascii": ascii_player,
}


async def run(client: Client, entry_id: str, jobs: Mapping[str, Job]) -> Facts:
    """Run jobs concurrently; return their results. Raises JobError, naming the job."""

    async def do(name: str, job: Job) -> Facts:
        try:
            async with asyncio.timeout(JOB_TIMEOUT):
                return await job(client, entry_id)
        except Exception as err:
            raise JobError(f"{name}: {type(err).__name__}: {err}") from err

    found = await asyncio.gather(*(do(name, job) for name, job in jobs.items()))
    return {key: value for facts in found for key, value in facts.items()}
