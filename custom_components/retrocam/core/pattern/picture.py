"""The test pattern: a generated camera picture that a program can read back.

Each picture carries its frame number as black and white blocks, a UTC clock, a bouncing ball, a
radar sweep, and a flash in step with a beep. What was lost, doubled, reordered or put out of step
on the way to a viewer can so be proved from the pictures and the sound alone.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from functools import cached_property
import threading
import time
from typing import ClassVar, Final, NamedTuple

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
import numpy as np
from numpy.typing import NDArray

from ..frames.feed import Picture, Sink
from ..segments.clock_offset import WallOffset
from .bitfont import BitFont
from .marks import (
    BALL,
    BEEP_SECONDS,
    BLACK,
    CLOCK,
    FLASH,
    NEUTRAL,
    NUMBER_BITS,
    RADAR,
    SAMPLE_RATE,
    STRIP,
    STRIP_COLUMNS,
    STRIP_ROWS,
    SWEEP,
    WHITE,
    Area,
    Luma,
    beep,
    check_byte,
    flash_visible,
    read_frame_number,
)

__all__ = [
    "BEEP_SECONDS",
    "NUMBER_BITS",
    "SAMPLE_RATE",
    "PatternSource",
    "TestPattern",
    "beep",
    "flash_visible",
    "read_frame_number",
]

_MOST_LATE: Final = 2.0
"""Seconds that a source may be late before it leaves pictures out."""


def _background(width: int, height: int) -> tuple[Luma, Luma, Luma]:
    """Draw what never moves, in BT.709 limited range: luma and the two halved chroma planes."""
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
    """Return where something that went `distance` between two walls `span` apart now is, even."""
    return (span - abs(distance % (2 * span) - span)) // 2 * 2


class _Disc(NamedTuple):
    """A filled circle: luma mask (size, size) and chroma mask (size / 2, size / 2), bool."""

    luma: NDArray[np.bool_]
    chroma: NDArray[np.bool_]

    @classmethod
    def of(cls, size: int) -> _Disc:
        """Return the largest disc in a square of `size` pixels, an even number."""
        x = np.arange(size) - (size - 1) / 2
        luma = x[:, None] ** 2 + x[None, :] ** 2 <= (size / 2) ** 2
        return cls(luma, luma[::2, ::2])


class TestPattern:
    """Draws test pictures: yuv420p, BT.709, limited range.

    Keeps nothing from one picture to the next, so any thread may draw, also several at once.
    """

    __test__: ClassVar[bool] = False
    """Not a test, whatever pytest makes of the name."""

    def __init__(self, width: int = 1280, height: int = 720, fps: int = 25) -> None:
        """Take the shape; what never moves is drawn with the first picture, which takes some 40 ms.

        Raises ValueError for odd or tiny sizes, or no rate.
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
        # The trail has few steps, so that most of it stays as it is from picture to picture.
        self._radar_level = (40 + np.arange(256) // 32 * 24).astype(np.uint8)

    @cached_property
    def _planes(self) -> tuple[Luma, Luma, Luma]:
        """What never moves. Should two threads make it at once, both make the same."""
        planes = _background(self.width, self.height)
        for area in (CLOCK, FLASH, STRIP):
            self._box(planes, area)
        return planes

    @staticmethod
    def beep(start: int, count: int) -> NDArray[np.int16]:
        """Return the pattern's sound, see `pattern_marks.beep`."""
        return beep(start, count)

    def render(self, number: int, time: float) -> av.VideoFrame:
        """Draw picture `number` with its clock at `time`, UNIX time in seconds.

        Returns a frame with its own buffers, never written to again; its pts counts pictures.
        """
        frame = av.VideoFrame(self.width, self.height, "yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, self.fps)
        frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
        frame.color_primaries, frame.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        planes = [
            np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[
                : plane.height, : plane.width
            ]
            for plane in frame.planes
        ]
        for plane, background in zip(planes, self._planes, strict=True):
            plane[:] = background
        self._draw_radar(planes, number)
        self._draw_ball(planes, number)
        self._draw_sweep(planes[0], number)
        self._draw_clock(planes[0], time)
        if self.flashes(number):
            planes[0][FLASH.within(self.width, self.height)] = WHITE
        self._draw_number(planes[0], number)
        return frame

    def flashes(self, number: int) -> bool:
        """Tell whether picture `number` lies in the tenth of a second of the beep."""
        return (number % self.fps) / self.fps < BEEP_SECONDS

    def _box(self, planes: tuple[Luma, Luma, Luma], area: Area) -> None:
        """Make room in the background: black, without colour."""
        left, top, width, height = area.even(self.width, self.height)
        for plane, step, level in zip(planes, (1, 2, 2), (BLACK, NEUTRAL, NEUTRAL), strict=True):
            rows = slice(top // step, (top + height) // step)
            plane[rows, left // step : (left + width) // step] = level

    def _draw_clock(self, luma: Luma, time: float) -> None:
        date, clock = datetime.fromtimestamp(time, UTC).isoformat(" ", "milliseconds").split(" ")
        left, top, _, height = CLOCK.even(self.width, self.height)
        for line, text in enumerate((date, f"{clock[:12]} UTC")):
            glyphs = self._font.draw(text)
            rows, columns = glyphs.shape
            y = top + (1 + 4 * line) * height // 8
            luma[y : y + rows, left + 2 : left + 2 + columns] = glyphs

    def _draw_ball(self, planes: list[Luma], number: int) -> None:
        left, top, width, height = BALL.even(self.width, self.height)
        size = len(self._ball.luma)
        step = max(2, self.width // (4 * self.fps))
        x = left + _bounce(number * step, width - size)
        y = top + _bounce(number * step * 2 // 3, height - size)
        self._paint(planes, self._ball, (x, y), (210, 64, 168))

    def _draw_radar(self, planes: list[Luma], number: int) -> None:
        left, top, _, _ = RADAR.even(self.width, self.height)
        # One turn in four seconds.
        phase = np.uint8(number * 256 // (4 * self.fps) % 256)
        level = self._radar_level[self._radar_angle - phase]
        self._paint(planes, self._radar, (left, top), (level, 96, 80))

    @staticmethod
    def _paint(
        planes: list[Luma], disc: _Disc, at: tuple[int, int], colour: tuple[Luma | int, int, int]
    ) -> None:
        """Paint a disc; `at` is its left and its top in pixels, both even."""
        for plane, step, mask, value in zip(
            planes, (1, 2, 2), (disc.luma, disc.chroma, disc.chroma), colour, strict=True
        ):
            x, y, size = at[0] // step, at[1] // step, len(mask)
            np.copyto(plane[y : y + size, x : x + size], value, where=mask, casting="unsafe")

    def _draw_sweep(self, luma: Luma, number: int) -> None:
        """Move a bright bar from left to right, once in four seconds."""
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


class PatternSource:
    """Makes test pictures in step with a clock. A PictureSource.

    The time line begins when the object is made, and goes on while nobody watches.
    """

    def __init__(
        self,
        pattern: TestPattern,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Begin the time line now, by `clock`; `wall_clock` gives the time that pictures show."""
        self._pattern = pattern
        self._clock = clock
        self._ahead = WallOffset(clock, wall_clock)
        self._began = clock()
        self._next = 0

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Call `emit` with a picture each 1 / fps seconds until `stop` is set.

        A run begins with the picture that is due. From then on numbers rise by exactly one, and
        late pictures follow each other at once; only a source more than two seconds late leaves
        some out. No number is used twice in the life of the object.
        """
        fps = self._pattern.fps
        self._next = max(self._next, self._due())
        while True:
            wait = self._began + self._next / fps - self._clock()
            if wait < -_MOST_LATE:
                self._next = self._due()
            elif stop.wait(max(0.0, wait)):
                return
            number = self._next
            self._next += 1
            # The moment when the picture was due, so that the shown clock does not jitter.
            time_due = self.time_of(number)
            frame = self._pattern.render(number, time_due)
            emit(Picture(frame=frame, time=time_due, position=number / fps))

    def time_of(self, number: int) -> float:
        """Return when a picture is due, UNIX time in seconds; for the thread that runs the source."""
        return self._ahead.read() + self._began + number / self._pattern.fps

    def _due(self) -> int:
        """Return the number of the newest picture whose time has come."""
        return int((self._clock() - self._began) * self._pattern.fps)
