"""Gradual (intra) refresh of H.264: keyframes that only begin to renew the picture.

Some cameras spread a keyframe over many frames. FFmpeg takes the first of them for a keyframe if a
recovery point says so; a decoder shows nothing before the refresh has ended. See ITU-T H.264, D.2.8.
"""

from functools import lru_cache
from typing import Final

from ..errors import FragmentError
from .bit_reader import BitReader, raw_bytes
from .boxes import Data
from .parameter_sets import ParameterSets, leading_nals, read_parameter_sets

_IDR, _SEI = 5, 6
"""Types of NAL units."""
_RECOVERY_POINT: Final = 6
"""Payload type of SEI messages."""
_MAX_FRAMES: Final = 600
"""Frames of the longest refresh: 20 s at 30 fps. A longer one is taken for an error of the camera."""


def recovery_frames(description: bytes, keyframe: Data) -> int:
    """Return after how many frames those that follow a keyframe are whole; 0 if it is whole itself.

    `description` is the body of `stsd`. 0 also for other codecs, and for what cannot be read.
    """
    try:
        sets = _parameter_sets(description)
        if sets is None or sets.codec != "avc":
            return 0
        for nal in leading_nals(keyframe, sets.length_size):
            if nal[:1] and nal[0] & 0x1F == _IDR:
                return 0
            if nal[:1] and nal[0] & 0x1F == _SEI and (count := _recovery_point(nal)) is not None:
                return count if count <= _MAX_FRAMES else 0
    except FragmentError:
        return 0
    return 0


@lru_cache(maxsize=64)
def _parameter_sets(description: bytes) -> ParameterSets | None:
    return read_parameter_sets(description)


def _recovery_point(nal: bytes) -> int | None:
    """Return the `recovery_frame_cnt` of an SEI unit (7.3.2.3); None without one."""
    data, position = raw_bytes(nal[1:]), 0
    # At least a type and a size; trailing bits follow the last message.
    while position + 2 < len(data):
        kind, position = _extended(data, position)
        size, position = _extended(data, position)
        if kind == _RECOVERY_POINT:
            return BitReader(data[position : position + size]).golomb()
        position += size
    return None


def _extended(data: bytes, position: int) -> tuple[int, int]:
    """Read a number coded as bytes of 255 and a last one; return it and the position behind it."""
    number = 0
    while position < len(data) and data[position] == 0xFF:
        number += 255
        position += 1
    return number + (data[position] if position < len(data) else 0), position + 1
