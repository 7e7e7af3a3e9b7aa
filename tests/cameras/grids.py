"""Helpers for grids: loading members, and reading frame numbers from tiles."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
import time
from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.retrocam.cameras.grid import GridCamera
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.frames.decoder import KeyframeDecoder
from custom_components.retrocam.core.frames.geometry import fitted
from custom_components.retrocam.core.frames.jpeg_ring import Frame
from custom_components.retrocam.core.grid.layout import Layout, tiles
from custom_components.retrocam.core.segments.ring import SegmentRing

from ..conftest import LoadEntry
from ..pattern_reader import read_frame_number
from ..viewers import QUIET

WIDTH, HEIGHT = 960, 540
PICTURE = {"layout": "quad", "width": WIDTH, "height": HEIGHT, "fps": 10}
OPTIONS = {**QUIET, "picture": PICTURE, "mjpeg": {"mjpeg_fps": 30}}


@dataclass(frozen=True, slots=True)
class Shown:
    """Properties of a member's source."""

    width: int
    height: int
    taken: Callable[[int], float]
    """Capture time of a frame by its number, UNIX s."""
    asked: list[float] = field(default_factory=list)
    """Monotonic times of still requests to a camera without a stream, s."""


@dataclass(slots=True)
class Arrivals:
    """Latency of a stream, from capture of a frame to arrival of its part."""

    ring: SegmentRing
    taken: Callable[[int], float]
    longest: float = 0.0
    """Maximum, from the first frame of a part, in seconds."""
    _ahead: float | None = None
    """Offset from the monotonic capture time of a frame to its position in the ring, s."""

    def look(self) -> None:
        """Update from the ring; to be called at least once per segment."""
        if (keyframe := self.ring.newest_keyframe) is None:
            return
        if self._ahead is None:
            part = keyframe.segment.parts[keyframe.index]
            picture = KeyframeDecoder().decode(keyframe.segment, part, 1)
            number = read_frame_number(jpeg.planes(picture.frame)[0])
            assert number is not None
            self._ahead = picture.position - self.taken(number) + time.time() - time.monotonic()
        for segment in self.ring.segments:
            for timing in segment.timings:
                self.longest = max(self.longest, timing.arrived - timing.start + self._ahead)


def numbers(frame: Frame, layout: Layout, main: int, members: list[Shown]) -> dict[int, int]:
    """Read the frame number in each tile."""
    luma = jpeg.planes(jpeg.decode(frame.data))[0]
    assert luma.shape == (HEIGHT, WIDTH)
    tile_numbers = {}
    for member, area in tiles(layout, len(members), WIDTH, HEIGHT, main):
        left, top, width, height = fitted(area, members[member].width, members[member].height)
        number = read_frame_number(luma[top : top + height, left : left + width])
        assert number is not None, (layout, main, member)
        tile_numbers[member] = number
    return tile_numbers


async def load_demo(load: LoadEntry, name: str, width: int, height: int, fps: int) -> Shown:
    """Load a demo camera."""
    advanced = {"width": width, "height": height, "fps": fps}
    data = {"kind": "demo", "name": name, "advanced": advanced}
    entry = await load(data, title=name, options=QUIET)
    source = entry.runtime_data.feed._source

    def taken(number: int) -> float:
        began: float = time.time() - time.monotonic() + source._started
        return began + number / fps

    return Shown(width, height, taken)


async def load_grid(load: LoadEntry, cameras: list[str], **more: Any) -> GridCamera:
    """Load a grid of cameras."""
    entry = await load(
        {"kind": "grid", "cameras": cameras}, title="Grid", options={**OPTIONS, **more}
    )
    assert isinstance(entry.runtime_data, GridCamera)
    return entry.runtime_data


async def watch(grid: GridCamera) -> AsyncIterator[Frame]:
    """Yield the MJPEG frames of a grid."""
    release = grid.watch()
    try:
        async with asyncio.timeout(100):
            async for frame in grid.frames.frames():
                yield frame
    finally:
        release()


async def set_layout(hass: HomeAssistant, **data: Any) -> None:
    """Call the action `set_layout`."""
    data = {"entity_id": "camera.grid", **data}
    await hass.services.async_call(DOMAIN, "set_layout", data, blocking=True)
