"""The test pattern: a generated camera picture that a program can read back.

Each picture carries its frame number as black and white blocks, a UTC clock, a bouncing ball, a
radar sweep, and a flash in step with a beep: pictures and sound alone prove any loss, repetition,
reordering or drift on the way to a viewer.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from functools import cached_property
import threading
import time
from typing import ClassVar, Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from ..frames.colors import bt709_frame
from ..frames.feed import Picture, Sink
from ..frames.geometry import BLACK, YuvPlanes, fill
from ..frames.jpeg import planes
from ..segments.clock_offset import WallOffset
from .bitfont import BitFont
from .marks import (
    BALL,
    BEEP_SECONDS,
    CLOCK,
    FLASH,
    NUMBER_BITS,
    RADAR,
    STRIP,
    STRIP_COLUMNS,
    STRIP_ROWS,
    SWEEP,
    WHITE,
    Luma,
    check_byte,
)

_MAX_LATE_SECONDS: Final = 2.0
"""A source later than this skips pictures."""


def _background(width: int, height: int) -> YuvPlanes:
    """Draw the static background, in BT.709 limited range."""
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    ring = 0.10 * np.sin(260 * ((x - 0.5) ** 2 * width / height + (y - 0.47) ** 2))
    tiles = 0.08 * ((np.floor(x * 64) + np.floor(y * 36)) % 2 - 0.5)
    rgb = [
        np.clip(
            0.5 + 0.36 * np.sin(2 * np.pi * (a * x + b * y + phase)) + ring + tiles,
            0,
            1,
        )
        for a, b, phase in ((1.0, 0.5, 0.0), (1.5, -0.4, 0.3), (0.8, 0.9, 0.6))
    ]
    red, green, blue = rgb
    # ITU-R BT.709-6, items 3.2 to 3.4: luma, colour differences and 8-bit quantisation.
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    halved = (height // 2, 2, width // 2, 2)
    cb = ((blue - luma) / 1.8556).reshape(halved).mean(axis=(1, 3))
    cr = ((red - luma) / 1.5748).reshape(halved).mean(axis=(1, 3))
    return (
        np.rint(16 + 219 * luma).astype(np.uint8),
        np.rint(128 + 224 * cb).astype(np.uint8),
        np.rint(128 + 224 * cr).astype(np.uint8),
    )


def _bounce(distance: int, span: int) -> int:
    """Return the even position after `distance`, bouncing between walls `span` apart."""
    return (span - abs(distance % (2 * span) - span)) // 2 * 2


class _Disc(NamedTuple):
    """A filled circle: luma mask (size, size) and chroma mask (size / 2, size / 2), bool."""

    luma: NDArray[np.bool_]
    chroma: NDArray[np.bool_]

    @classmethod
    def of(cls, size: int) -> _Disc:
        """Return the largest disc in a square of `size` pixels, which is even."""
        x = np.arange(size) - (size - 1) / 2
        luma = x[:, None] ** 2 + x[None, :] ** 2 <= (size / 2) ** 2
        return cls(luma, luma[::2, ::2])


class TestPattern:
    """Draws test pictures: yuv420p, BT.709, limited range. Stateless, thus thread-safe."""

    __test__: ClassVar[bool] = False
    """Keeps pytest from collecting the class."""

    def __init__(self, width: int = 1280, height: int = 720, fps: int = 25) -> None:
        """Set size and rate. The background is drawn with the first picture, in about 40 ms.

        Raises ValueError for odd or tiny sizes, or a rate below 1.
        """
        if width % 2 or height % 2 or width < 160 or height < 90 or fps < 1:
            raise ValueError("a test pattern needs an even size from 160x90 and a rate from 1 fps")
        self.width, self.height, self.fps = width, height, fps
        self._font = BitFont(max(1, min(width // 180, height // 90)), ink=WHITE, paper=BLACK)
        self._block_of_column = np.arange(width) * STRIP_COLUMNS // width
        self._ball = _Disc.of(round(height * 0.07) * 2)
        size = round(min(width * 0.18, height * 0.24) / 2) * 2
        self._radar = _Disc.of(size)
        across = np.arange(size) - (size - 1) / 2
        angle = np.arctan2(across[:, None], across[None, :])
        self._radar_angle = np.rint(angle * 128 / np.pi).astype(np.int16).astype(np.uint8)
        # The trail has few steps, so that most of it is unchanged in the next picture.
        self._radar_level = (40 + np.arange(256) // 32 * 24).astype(np.uint8)

    @cached_property
    def _static_planes(self) -> YuvPlanes:
        """The static planes. If two threads draw them at once, both get the same."""
        background = _background(self.width, self.height)
        for area in (CLOCK, FLASH, STRIP):
            fill(background, area.even(self.width, self.height), BLACK)
        return background

    def render(self, number: int, time: float) -> av.VideoFrame:
        """Draw picture `number` with its clock at `time` (UNIX s) into a new frame.

        Its pts is the number, its time base 1 / fps.
        """
        frame = bt709_frame(self.width, self.height)
        frame.pts, frame.time_base = number, Fraction(1, self.fps)
        canvas = planes(frame)
        for plane, background in zip(canvas, self._static_planes, strict=True):
            plane[:] = background
        luma = canvas[0]
        self._draw_radar(canvas, number)
        self._draw_ball(canvas, number)
        self._draw_sweep(luma, number)
        self._draw_clock(luma, time)
        if (number % self.fps) / self.fps < BEEP_SECONDS:
            luma[FLASH.within(self.width, self.height)] = WHITE
        self._draw_number(luma, number)
        return frame

    def _draw_clock(self, luma: Luma, time: float) -> None:
        date, clock = datetime.fromtimestamp(time, UTC).isoformat(" ", "milliseconds").split(" ")
        left, top, _, height = CLOCK.even(self.width, self.height)
        for line, text in enumerate((date, f"{clock[:12]} UTC")):
            glyphs = self._font.draw(text)
            rows, columns = glyphs.shape
            y = top + (1 + 4 * line) * height // 8
            luma[y : y + rows, left + 2 : left + 2 + columns] = glyphs

    def _draw_ball(self, canvas: YuvPlanes, number: int) -> None:
        left, top, width, height = BALL.even(self.width, self.height)
        size = len(self._ball.luma)
        step = max(2, self.width // (4 * self.fps))
        x = left + _bounce(number * step, width - size)
        y = top + _bounce(number * step * 2 // 3, height - size)
        _paint(canvas, self._ball, (x, y), (210, 64, 168))

    def _draw_radar(self, canvas: YuvPlanes, number: int) -> None:
        left, top, _, _ = RADAR.even(self.width, self.height)
        # One turn in four seconds.
        phase = np.uint8(number * 256 // (4 * self.fps) % 256)
        level = self._radar_level[self._radar_angle - phase]
        _paint(canvas, self._radar, (left, top), (level, 96, 80))

    def _draw_sweep(self, luma: Luma, number: int) -> None:
        """Draw a bright bar that moves from left to right in four seconds."""
        left, top, width, height = SWEEP.even(self.width, self.height)
        bar = width // 40
        x = left + (width - bar) * (number % (4 * self.fps)) // (4 * self.fps)
        luma[top : top + height, x : x + bar] = WHITE

    def _draw_number(self, luma: Luma, number: int) -> None:
        number %= 1 << NUMBER_BITS
        word = number << 8 | check_byte(number)
        bits = np.unpackbits(np.frombuffer(word.to_bytes(4), np.uint8)).reshape(STRIP_ROWS, -1)
        levels = (BLACK + bits * (WHITE - BLACK))[:, self._block_of_column]
        _, top, _, height = STRIP.even(self.width, self.height)
        luma[top : top + height // 2] = levels[0]
        luma[top + height // 2 : top + height] = levels[1]


def _paint(
    canvas: YuvPlanes,
    disc: _Disc,
    corner: tuple[int, int],
    colour: tuple[Luma | int, int, int],
) -> None:
    """Paint a disc; `corner` is its left and top in pixels, both even."""
    for plane, step, mask, value in zip(
        canvas, (1, 2, 2), (disc.luma, disc.chroma, disc.chroma), colour, strict=True
    ):
        x, y, size = corner[0] // step, corner[1] // step, len(mask)
        np.copyto(plane[y : y + size, x : x + size], value, where=mask, casting="unsafe")


class PatternSource:
    """Emits test pictures at the pace of a clock. A PictureSource.

    The time line starts when the object is created, and advances also without viewers.
    """

    def __init__(
        self,
        pattern: TestPattern,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Start the time line now, by `clock`; `wall_clock` is the time drawn into pictures."""
        self._pattern = pattern
        self._clock = clock
        self._wall_offset = WallOffset(clock, wall_clock)
        self._started = clock()
        self._next = 0

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Call `emit` with a picture every 1 / fps seconds until `stop` is set.

        A run starts with the picture that is due. Numbers then rise by one, late pictures without a
        pause; only a source more than two seconds late skips some. No number is ever repeated.
        """
        fps = self._pattern.fps
        self._next = max(self._next, self._due())
        while True:
            wait = self._started + self._next / fps - self._clock()
            if wait < -_MAX_LATE_SECONDS:
                self._next = self._due()
            elif stop.wait(max(0.0, wait)):
                return
            number = self._next
            self._next += 1
            # The due time instead of the present one, so that the clock does not jitter.
            time_due = self._wall_offset.read() + self._started + number / fps
            emit(Picture(self._pattern.render(number, time_due), time_due, number / fps))

    def _due(self) -> int:
        """Return the number of the newest picture that is due."""
        return int((self._clock() - self._started) * self._pattern.fps)
