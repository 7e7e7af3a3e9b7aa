"""The bytes that a playlist names: segments and parts, whole or cut, with shifted timestamps."""

from ..errors import FragmentError, NotHeldError
from ..mp4.reformat import cut_part
from ..mp4.shift import Piece, shifted
from ..segments.segment import Segment
from .media_names import Cut, PartName


def segment_pieces(segment: Segment, cut: Cut, parts: int | None, shift: float) -> list[Piece]:
    """Return a segment from a cut on, up to some number of parts; blocks if it is on tape.

    `shift` is in seconds. Raises NotHeldError for a part that it does not have.
    """
    count = len(segment.parts) if parts is None else parts
    if not cut.part < count <= len(segment.parts):
        raise NotHeldError("the segment does not have this part")
    cuts = [cut, *(Cut(index) for index in range(cut.part + 1, count))]
    return [piece for one in cuts for piece in _pieces(segment, one, shift)]


def part_pieces(segment: Segment, name: PartName, shift: float) -> list[Piece]:
    """Return a part; as `segment_pieces`."""
    if name.part >= len(segment.parts):
        raise NotHeldError("the segment does not have this part")
    return _pieces(segment, Cut(name.part, name.frame), shift)


def _pieces(segment: Segment, cut: Cut, shift: float) -> list[Piece]:
    data = _cut(segment, cut)
    try:
        return shifted(data, segment.tracks, shift)
    except FragmentError:
        # Players skip what is damaged.
        return [data]


def _cut(segment: Segment, cut: Cut) -> bytes:
    """Return a part from a video frame on; all of it for frame 0. Raises NotHeldError, FragmentError."""
    data = segment.parts[cut.part].data
    if not cut.frame:
        return data
    if (video := segment.video) is None:
        raise NotHeldError("the segment has no video")
    try:
        return cut_part(data, segment.tracks, video, [cut.frame])[1]
    except IndexError as err:
        raise NotHeldError("the part does not have this frame") from err
