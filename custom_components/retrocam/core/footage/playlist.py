"""HLS playlists of footage (RFC 8216 and its second edition, with low latency)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
import math
from typing import Final

from ..mp4.codec_string import codec_string
from ..orientation import transform_for
from ..segments.segment import Segment
from .catalog import CatalogEntry, InitSection
from .held import HeldSegment
from .listing import Listing
from .media_names import (
    Cut,
    InitName,
    MediaName,
    PartName,
    SegmentName,
    TapeInitName,
    TapeSegmentName,
)
from .window import Window

_WITH_PARTS: Final = 3
"""Newest segments whose parts are listed."""
_HOLD_BACK: Final = 2.0
"""Part targets by which a live player stays behind, as with Home Assistant's own playlists."""
_WHOLE: Final = Cut()
_PEAK: Final = 1.25
"""Highest bit rate against the mean."""


@dataclass(frozen=True, slots=True)
class Links:
    """How a playlist names its resources."""

    folder: str
    """Relative path of the inits and segments, without a slash at its end."""
    query: str
    """Query that authorises them, with its question mark; may be empty."""

    def __call__(self, name: MediaName) -> str:
        """Return the relative URL of a resource."""
        return f"{self.folder}/{name}{self.query}"


def render(
    window: Window, listing: Listing, links: Links, *, orientation: int, from_start: bool
) -> str:
    """Return the media playlist of a window; with `from_start` players begin with its first frame."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines.append(f"#EXT-X-TARGETDURATION:{listing.target}")
    if window.closed:
        lines.append("#EXT-X-PLAYLIST-TYPE:VOD")
    else:
        hold_back = _HOLD_BACK * listing.part_target
        lines += [
            f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={hold_back:.3f}",
            f"#EXT-X-PART-INF:PART-TARGET={listing.part_target:.3f}",
        ]
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{listing.sequence}")
    lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{listing.discontinuities}")
    if from_start and not window.closed:
        lines.append("#EXT-X-START:TIME-OFFSET=0.000,PRECISE=YES")
    section = None
    for index, (held, entry) in enumerate(zip(window.segments, listing.entries, strict=True)):
        if entry.discontinuity:
            lines.append("#EXT-X-DISCONTINUITY")
        if entry.section is not section:
            section = entry.section
            lines.append(f'#EXT-X-MAP:URI="{links(_init_name(section, orientation))}"')
        with_parts = (
            not window.closed
            and not held.segment.on_tape
            and len(window.segments) - index <= _WITH_PARTS
        )
        lines += _segment_lines(window, held, entry, links, with_parts=with_parts)
    if window.closed:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def render_master(playlist: str, segment: Segment, orientation: int) -> str:
    """Return the multivariant playlist of one media playlist, by its newest segment."""
    codecs = ",".join(codec_string(track) for track in segment.tracks)
    rate = _PEAK * 8 * segment.size / segment.duration if segment.duration else 0.0
    values = [f"BANDWIDTH={max(1, math.ceil(rate))}", f'CODECS="{codecs}"']
    if (video := segment.video) is not None and video.size is not None:
        width, height = video.size
        if transform_for(orientation).transpose:
            width, height = height, width
        values.append(f"RESOLUTION={width}x{height}")
    return (
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        f"#EXT-X-STREAM-INF:{','.join(values)}\n{playlist}\n"
    )


def _segment_lines(
    window: Window, held: HeldSegment, entry: CatalogEntry, links: Links, *, with_parts: bool
) -> Iterator[str]:
    """Yield the lines of a segment; of one in progress only its parts."""
    segment, is_last = held.segment, held is window.segments[-1]
    begin = window.first_part(held)
    is_cut = held is window.segments[0] and (window.cut.part or window.cut.frame)
    start = window.start if is_cut else held.start + entry.lead
    yield f"#EXT-X-PROGRAM-DATE-TIME:{_date(start)}"
    timings = tuple(segment.timings)
    frame = window.cut.frame if is_cut else 0
    if with_parts:
        for index in range(begin, len(timings)):
            timing = timings[index]
            first = index == begin and is_cut
            seconds = held.time(timing.end) - start if first else timing.duration
            name = PartName(segment.number, index, frame if first else 0)
            keyframe = ",INDEPENDENT=YES" if timing.keyframe is not None else ""
            yield f'#EXT-X-PART:DURATION={max(seconds, 0.001):.3f},URI="{links(name)}"{keyframe}'
    parts = window.parts if is_last else None
    if not segment.complete and parts is None:
        if with_parts:
            yield _hint(PartName(segment.number, len(timings)), links)
        return
    seconds = segment.duration if parts is None else sum(t.duration for t in timings[:parts])
    if is_cut:
        seconds -= start - held.time(segment.start)
    yield f"#EXTINF:{max(seconds, 0.001):.3f},"
    cut = window.cut if is_cut else _WHOLE
    if entry.time is None:
        yield links(SegmentName(segment.number, cut, parts))
    else:
        yield links(TapeSegmentName(entry.time, round(entry.shift * 1e6), cut, parts))
    if with_parts and is_last:
        yield _hint(PartName(segment.number + 1, 0), links)


def _init_name(section: InitSection, orientation: int) -> InitName | TapeInitName:
    if section.file is None:
        return InitName(section.number, orientation)
    return TapeInitName(section.file, orientation)


def _hint(name: PartName, links: Links) -> str:
    """Return the line that tells the next part, which a player requests before it is there."""
    return f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{links(name)}"'


def _date(time: float) -> str:
    return (
        datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
