"""Marks of the test pattern: areas, frame number check, and sound.

Areas are fractions of the picture, so that the marks stay readable after scaling.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..frames.geometry import Rect

type Luma = NDArray[np.uint8]
"""Luma of a picture, (rows, cols) uint8."""

WHITE: Final = 235

NUMBER_BITS: Final = 24
"""Frame numbers are modulo 2 to the power of this: 7.7 days at 25 fps."""
SAMPLE_RATE: Final = 48_000
"""Audio sample rate in Hz."""
BEEP_SECONDS: Final = 0.1
"""Duration of beep and flash, from the start of each whole second."""
_BEEP_HZ: Final = 1000


class Area(NamedTuple):
    """An area of the picture, as fractions of its width and height."""

    left: float
    top: float
    right: float
    bottom: float

    def within(self, width: int, height: int) -> tuple[slice, slice]:
        """Return the rows and columns of the area in a picture of this size."""
        return (
            slice(round(self.top * height), round(self.bottom * height)),
            slice(round(self.left * width), round(self.right * width)),
        )

    def even(self, width: int, height: int) -> Rect:
        """Return the rectangle of the area in a picture of this size."""
        left, top = int(self.left * width) // 2 * 2, int(self.top * height) // 2 * 2
        right, bottom = int(self.right * width) // 2 * 2, int(self.bottom * height) // 2 * 2
        return Rect(left, top, right - left, bottom - top)


CLOCK = Area(0.03, 0.05, 0.62, 0.28)
RADAR = Area(0.64, 0.04, 0.82, 0.28)
FLASH = Area(0.84, 0.05, 0.97, 0.27)
BALL = Area(0.0, 0.29, 1.0, 0.65)
STRIP = Area(0.0, 0.66, 1.0, 0.82)
SWEEP = Area(0.0, 0.86, 1.0, 0.96)

STRIP_ROWS: Final = 2
STRIP_COLUMNS: Final = 16


def check_byte(number: int) -> int:
    """Return the CRC-8 (polynomial x^8 + x^2 + x + 1, initial value 0xFF) of a 24-bit frame number.

    It rejects an all black, all white or inverted strip.
    """
    crc = 0xFF
    for byte in number.to_bytes(NUMBER_BITS // 8):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ (0x107 if crc & 0x80 else 0)
    return crc


def _one_second_of_sound() -> NDArray[np.int16]:
    count = int(BEEP_SECONDS * SAMPLE_RATE)
    tone = np.sin(2 * np.pi * _BEEP_HZ / SAMPLE_RATE * np.arange(count))
    # A ramp of 2 ms at both ends avoids clicks.
    ramp = np.minimum(1.0, np.arange(count) / 96)
    second = np.zeros(SAMPLE_RATE, np.int16)
    second[:count] = np.rint(8192 * tone * ramp * ramp[::-1])
    return second


_SOUND = _one_second_of_sound()


def beep(start: int, count: int) -> NDArray[np.int16]:
    """Return the pattern's sound from sample `start` of its time line: (count,) int16.

    Mono, 48 kHz: 1 kHz for 100 ms from each whole second, at a quarter of full scale, else silence.
    """
    return _SOUND.take(np.arange(start, start + count), mode="wrap")
