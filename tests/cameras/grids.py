"""Grids, their members, and what is read back of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
import time
from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.retrocam.cameras.grid import GridInstance
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.frames.decoder import KeyframeDecoder
from custom_components.retrocam.core.frames.geometry import fitted
from custom_components.retrocam.core.frames.jpeg_ring import Frame
from custom_components.retrocam.core.grid.layout import Layout, tiles
from custom_components.retrocam.core.pattern.picture import read_frame_number
from custom_components.retrocam.core.segments.ring import SegmentRing

from ..conftest import LoadEntry
from ..viewers import QUIET

WIDTH, HEIGHT = 960, 540
PICTURE = {"layout": "quad", "width": WIDTH, "height": HEIGHT, "fps": 10}
OPTIONS = {**QUIET, "picture": PICTURE, "mjpeg": {"mjpeg_fps": 30}}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a member shows."""

    width: int
    height: int
    taken: Callable[[int], float]
    """When the picture of a number was taken, UNIX s."""
    asked: list[float] = field(default_factory=list)
    """Monotonic times at which a camera without a stream was asked for a still, s."""


@dataclass(slots=True)
class Arrivals:
    """How long the pictures of a stream took, from when they were taken, to reach Home Assistant."""

    ring: SegmentRing
    taken: Callable[[int], float]
    longest: float = 0.0
    """Seconds, from the first picture of a part to the arrival of the part."""
    _ahead: float | None = None
    """From the monotonic time at which a picture was taken to its position in the ring, s."""

    def look(self) -> None:
        """Take in what the ring holds now; often enough, nothing is missed."""
        if (keyframe := self.ring.newest_keyframe) is None:
            return
        if self._ahead is None:
            part = keyframe.segment.parts[keyframe.index]
            picture = KeyframeDecoder().decode(keyframe.segment, part, 1)
            number = read_frame_number(jpeg.planes(picture.frame)[0])
            assert number is not None
            self._ahead = picture.position - self.taken(number) + time.time() - time.monotonic()
        for segment in self.ring.segments:
            for mark in segment.marks:
                self.longest = max(self.longest, mark.arrived - mark.start + self._ahead)


def numbers(frame: Frame, layout: Layout, main: int, members: list[Shown]) -> dict[int, int]:
    """Read the frame number in each tile."""
    luma = jpeg.planes(jpeg.decode(frame.data))[0]
    assert luma.shape == (HEIGHT, WIDTH)
    found = {}
    for member, area in tiles(layout, len(members), WIDTH, HEIGHT, main):
        left, top, width, height = fitted(area, members[member].width, members[member].height)
        number = read_frame_number(luma[top : top + height, left : left + width])
        assert number is not None, (layout, main, member)
        found[member] = number
    return found


async def load_demo(load: LoadEntry, name: str, width: int, height: int, fps: int) -> Shown:
    """Load a demo camera."""
    advanced = {"width": width, "height": height, "fps": fps}
    data = {"kind": "demo", "name": name, "advanced": advanced}
    entry = await load(data, title=name, options=QUIET)
    source = entry.runtime_data.drawn._source

    def taken(number: int) -> float:
        began: float = time.time() - time.monotonic() + source._began
        return began + number / fps

    return Shown(width, height, taken)


async def load_grid(load: LoadEntry, cameras: list[str], **more: Any) -> GridInstance:
    """Load a grid of cameras."""
    entry = await load(
        {"kind": "grid", "cameras": cameras}, title="Grid", options={**OPTIONS, **more}
    )
    assert isinstance(entry.runtime_data, GridInstance)
    return entry.runtime_data


async def watch(grid: GridInstance) -> AsyncIterator[Frame]:
    """Watch a grid until the test ends."""
    release = grid.watch()
    try:
        async with asyncio.timeout(100):
            async for frame in grid.frames.frames():
                yield frame
    finally:
        release()


async def set_layout(hass: HomeAssistant, **data: Any) -> None:
    """Switch the grid by the action."""
    data = {"entity_id": "camera.grid", **data}
    await hass.services.async_call(DOMAIN, "set_layout", data, blocking=True)
