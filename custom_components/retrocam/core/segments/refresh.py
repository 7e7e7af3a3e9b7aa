"""Streams with gradual refresh in a ring; see `mp4/refresh.py`."""

from collections.abc import Iterator

from ..errors import FragmentError
from ..mp4.fragment_reader import samples
from ..mp4.refresh import recovery_frames
from .ring import SegmentRing
from .segment import KeyframePart, Segment


def refresh_seconds(ring: SegmentRing) -> float:
    """Return the seconds from the newest keyframe until frames are whole; 0 without gradual refresh."""
    keyframe, fps = ring.newest_keyframe, ring.fps
    return _recovery_frames(keyframe) / fps if keyframe is not None and fps else 0.0


def _recovery_frames(keyframe: KeyframePart) -> int:
    segment, data = keyframe.segment, keyframe.part.data
    if (track := segment.video) is None:
        return 0
    try:
        found = [sample for sample in samples(data, track) if sample.keyframe]
    except FragmentError:
        return 0
    if not found:
        return 0
    last = found[-1]
    view = memoryview(data)[last.offset : last.offset + last.size]
    return recovery_frames(track.description, view)


def keyframe_parts(ring: SegmentRing) -> Iterator[KeyframePart]:
    """Iterate over the parts with keyframes that can be decoded up to the newest part, newest first."""
    newer: Segment | None = None
    for segment in reversed(ring.segments):
        if newer is not None and newer.discontinuity:
            return
        newer = segment
        for index in reversed(range(len(segment.timings))):
            if segment.timings[index].keyframe is not None:
                yield KeyframePart(segment, index)
