"""The marks of the test pattern: where they lie, and how a program reads them back.

Places are fractions of the picture, so that the marks can still be read after it was scaled.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

type Luma = NDArray[np.uint8]
"""Brightness of a picture, (rows, cols) uint8."""

BLACK: Final = 16
WHITE: Final = 235
NEUTRAL: Final = 128

NUMBER_BITS: Final = 24
"""Frame numbers are shown modulo 2 to the power of this: 7.7 days at 25 fps."""
SAMPLE_RATE: Final = 48_000
"""Samples of sound a second."""
BEEP_SECONDS: Final = 0.1
"""How long beep and flash last, from the start of each whole second."""
_BEEP_HZ: Final = 1000


class Area(NamedTuple):
    """A part of the picture, as fractions of its width and height."""

    left: float
    top: float
    right: float
    bottom: float

    def within(self, width: int, height: int) -> tuple[slice, slice]:
        """Return the rows and the columns of the area in a picture of this size."""
        return (
            slice(round(self.top * height), round(self.bottom * height)),
            slice(round(self.left * width), round(self.right * width)),
        )

    def even(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, width and height in pixels, all even, so that chroma fits."""
        left, top = int(self.left * width) // 2 * 2, int(self.top * height) // 2 * 2
        right, bottom = int(self.right * width) // 2 * 2, int(self.bottom * height) // 2 * 2
        return left, top, right - left, bottom - top


CLOCK = Area(0.03, 0.05, 0.62, 0.28)
RADAR = Area(0.64, 0.04, 0.82, 0.28)
FLASH = Area(0.84, 0.05, 0.97, 0.27)
BALL = Area(0.0, 0.29, 1.0, 0.65)
STRIP = Area(0.0, 0.66, 1.0, 0.82)
SWEEP = Area(0.0, 0.86, 1.0, 0.96)

STRIP_ROWS: Final = 2
STRIP_COLUMNS: Final = 16


def check_byte(number: int) -> int:
    """CRC-8 (polynomial x^8 + x^2 + x + 1, first value 0xFF) of the 24 bits of a frame number.

    Neither an all black nor an all white strip has the right one, nor has an inverted strip.
    """
    crc = 0xFF
    for byte in number.to_bytes(NUMBER_BITS // 8):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ (0x107 if crc & 0x80 else 0)
    return crc


def read_frame_number(luma: Luma) -> int | None:
    """Read the frame number that a test pattern shows.

    `luma` is (rows, cols) uint8, limited or full range, of the whole pattern without borders, at
    any size from 96 by 54. Returns the number modulo 2**24, or None if there is none to be read.
    """
    height, width = luma.shape
    if width < 96 or height < 54:
        return None
    word = 0
    row_height = (STRIP.bottom - STRIP.top) / STRIP_ROWS
    for row in range(STRIP_ROWS):
        top = STRIP.top + row * row_height
        for column in range(STRIP_COLUMNS):
            left = column / STRIP_COLUMNS
            centre = Area(
                left + 0.3 / STRIP_COLUMNS,
                top + 0.3 * row_height,
                left + 0.7 / STRIP_COLUMNS,
                top + 0.7 * row_height,
            )
            level = float(luma[centre.within(width, height)].mean())
            if 96 < level < 160:
                return None
            word = word << 1 | (level >= 160)
    number, check = word >> 8, word & 0xFF
    return number if check == check_byte(number) else None


def flash_visible(luma: Luma) -> bool:
    """Tell whether a picture of the test pattern, (rows, cols) uint8, shows the white flash."""
    height, width = luma.shape
    third_x, third_y = (FLASH.right - FLASH.left) / 3, (FLASH.bottom - FLASH.top) / 3
    centre = Area(
        FLASH.left + third_x, FLASH.top + third_y, FLASH.right - third_x, FLASH.bottom - third_y
    )
    return bool(luma[centre.within(width, height)].mean() > 128)


def _one_second_of_sound() -> NDArray[np.int16]:
    count = int(BEEP_SECONDS * SAMPLE_RATE)
    tone = np.sin(2 * np.pi * _BEEP_HZ / SAMPLE_RATE * np.arange(count))
    # A ramp of 2 ms at both ends, or the beep clicks.
    ramp = np.minimum(1.0, np.arange(count) / 96)
    second = np.zeros(SAMPLE_RATE, np.int16)
    second[:count] = np.rint(8192 * tone * ramp * ramp[::-1])
    return second


_SOUND = _one_second_of_sound()


def beep(start: int, count: int) -> NDArray[np.int16]:
    """Return the pattern's sound from sample `start` of the source's time line: (count,) int16.

    Mono, 48 kHz: 1 kHz for 100 ms from each whole second, at a quarter of full scale, else silence.
    """
    return _SOUND.take(np.arange(start, start + count), mode="wrap")
