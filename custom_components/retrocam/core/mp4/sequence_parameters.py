"""Picture size and profile of a sequence parameter set (ITU-T H.264, 7.3.2.1; H.265, 7.3.2.2).

Safe for untrusted bytes: reading always ends, and raises only FragmentError.
"""

from typing import Final, NamedTuple

from ..errors import FragmentError
from .bit_reader import BitReader, raw_bytes

_MAX_SIDE: Final = 1 << 14
"""Pixels; a sample entry has 16 bits for each side."""
_CHROMA_PROFILES: Final = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))
"""H.264 profiles whose parameters contain the chroma format."""
_EXTENDED_ASPECT: Final = 255
_ASPECTS: Final = (
    *((0, 0), (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11)),
    *((80, 33), (18, 11), (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1)),
)
"""Sample aspect ratios (H.264, table E-1); 0:0 is unspecified."""
_GENERAL_PROFILE: Final = slice(3, 15)
"""Bytes of an HEVC set with profile, tier, compatibility and level."""


class SequenceParameters(NamedTuple):
    """What a sample description repeats of a sequence parameter set."""

    id: int
    size: tuple[int, int]
    """Width and height in pixels, cropped."""
    aspect: tuple[int, int]
    """Sample aspect ratio; 1:1 if unspecified, and for HEVC, which has it behind longer parameters."""
    profile: bytes
    """H.264: profile, constraints, level. HEVC: 12 bytes from the profile space to the level."""
    chroma: int
    """`chroma_format_idc`; 1 for 4:2:0."""
    luma_depth: int
    """Bits."""
    chroma_depth: int
    has_chroma: bool = True
    """Whether the set contains the chroma format and the depths."""
    layers: int = 1
    """Temporal layers of HEVC."""
    nested: bool = False
    """`sps_temporal_id_nesting_flag` of HEVC."""


def read_avc_sequence(nal: bytes) -> SequenceParameters:
    """Parse an H.264 sequence parameter set. Raises FragmentError."""
    reader = BitReader(raw_bytes(nal))
    reader.bits(8)
    profile = bytes(reader.bits(8) for _ in range(3))
    number = reader.golomb()
    chroma, separate, depths = 1, False, (8, 8)
    if has_chroma := profile[0] in _CHROMA_PROFILES:
        chroma = reader.golomb()
        separate = chroma == 3 and reader.flag()  # 4:4:4
        depths = 8 + reader.golomb(), 8 + reader.golomb()
        reader.flag()
        if reader.flag():
            _skip_scaling_lists(reader, 12 if chroma == 3 else 8)
    reader.golomb()
    _skip_picture_order(reader)
    reader.golomb()
    reader.flag()
    width, height = 16 * (reader.golomb() + 1), 16 * (reader.golomb() + 1)
    frames_only = reader.flag()
    if not frames_only:
        reader.flag()
        height *= 2
    reader.flag()
    left, right, top, bottom = _crop(reader)
    unit = _chroma_unit(0 if separate else chroma)
    size = (
        width - unit[0] * (left + right),
        height - unit[1] * (1 if frames_only else 2) * (top + bottom),
    )
    return _checked(
        SequenceParameters(number, size, _aspect(reader), profile, chroma, *depths, has_chroma)
    )


def read_hevc_sequence(nal: bytes) -> SequenceParameters:
    """Parse an HEVC sequence parameter set of the base layer. Raises FragmentError."""
    data = raw_bytes(nal)
    reader = BitReader(data)
    reader.bits(16 + 4)
    sub_layers = reader.bits(3)
    nested = reader.flag()
    for _ in range(12):
        reader.bits(8)
    _skip_sub_layers(reader, sub_layers)
    number = reader.golomb()
    chroma = reader.golomb()
    separate = chroma == 3 and reader.flag()  # 4:4:4
    width, height = reader.golomb(), reader.golomb()
    left, right, top, bottom = _crop(reader)
    unit = _chroma_unit(0 if separate else chroma)
    size = width - unit[0] * (left + right), height - unit[1] * (top + bottom)
    depths = 8 + reader.golomb(), 8 + reader.golomb()
    profile = data[_GENERAL_PROFILE]
    return _checked(
        SequenceParameters(
            number,
            size,
            (1, 1),
            profile,
            chroma,
            *depths,
            layers=sub_layers + 1,
            nested=nested,
        )
    )


def _checked(found: SequenceParameters) -> SequenceParameters:
    sides_valid = all(0 < side <= _MAX_SIDE for side in found.size)
    depths_valid = max(found.luma_depth, found.chroma_depth) <= 16
    if not (sides_valid and depths_valid and found.chroma <= 3):
        raise FragmentError(f"a parameter set claims {found.size} pixels")
    return found


def _chroma_unit(chroma: int) -> tuple[int, int]:
    """Return the pixels of a step of cropping."""
    return {1: (2, 2), 2: (2, 1)}.get(chroma, (1, 1))


def _crop(reader: BitReader) -> tuple[int, int, int, int]:
    """Read the steps to crop at the left, right, top and bottom."""
    if not reader.flag():
        return 0, 0, 0, 0
    return reader.golomb(), reader.golomb(), reader.golomb(), reader.golomb()


def _aspect(reader: BitReader) -> tuple[int, int]:
    if not (reader.flag() and reader.flag()):
        return 1, 1
    index = reader.bits(8)
    if index == _EXTENDED_ASPECT:
        aspect = reader.bits(16), reader.bits(16)
    else:
        aspect = _ASPECTS[index] if index < len(_ASPECTS) else (0, 0)
    return aspect if all(aspect) else (1, 1)


def _skip_scaling_lists(reader: BitReader, count: int) -> None:
    for index in range(count):
        if not reader.flag():
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):  # six lists of 4x4
            if following:
                following = (last + reader.signed_golomb()) % 256
            last = following or last


def _skip_picture_order(reader: BitReader) -> None:
    kind = reader.golomb()
    if kind == 0:
        reader.golomb()
    elif kind == 1:
        reader.flag()
        reader.golomb()
        reader.golomb()
        for _ in range(min(reader.golomb(), 255)):
            reader.golomb()


def _skip_sub_layers(reader: BitReader, count: int) -> None:
    present = [(reader.flag(), reader.flag()) for _ in range(count)]
    if count:
        reader.bits(2 * (8 - count))
    for profile, level in present:
        reader.bits(88 * profile + 8 * level)
