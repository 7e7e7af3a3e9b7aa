"""The samples of segments with times that hold across the segments of a worker's run.

FFmpeg and Home Assistant's worker leave three traps in the numbers, which end here:

- The worker gives the first packet of a run the time at which it is decoded as the time at which
  it is shown. With B-frames it so stands too early by how far they reorder, and a hole follows.
- FFmpeg counts decoding from the first packet's showing in all segments but those whose decoding
  begins before 0, so that between the first two segments of a run decoding jumps where showing
  does not. Here it always counts so.
- The time stamps of a run are its own: only positions compare across runs.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from ..errors import FragmentError
from ..mp4.fragment_reader import Sample, Track, samples
from .cursors import ReadPart
from .segment import Segment

_ENOUGH: Final = 4
"""Pictures of which one surely is not reordered: cameras use three B-frames in a row at most."""


class TrackFormat(NamedTuple):
    """What must be the same for samples to go on in one track."""

    handler: str
    timescale: int
    size: tuple[int, int] | None
    description: bytes


type Format = tuple[TrackFormat, ...]
"""Of the video track and, where there is sound, of its track."""


@dataclass(frozen=True, slots=True)
class TimedPart:
    """A part that was read."""

    segment: Segment
    format: Format
    data: bytes
    tracks: tuple[list[Sample], ...]
    """Of the video track and of the sound, in media time; position = base + media time."""
    base: float
    broken: bool
    """Whether pictures before it are missing, so that only its keyframes can be decoded."""

    def position(self, picture: Sample) -> float:
        """Return where a picture is shown on the ring's line."""
        return self.base + picture.pts / self.format[0].timescale


class TimedSegments:
    """Reads the parts of a cursor in turn."""

    def __init__(self) -> None:
        """Begin with whatever part comes first."""
        self._segment: Segment | None = None
        self._delay = 0
        self._broken = False

    def read(self, read: ReadPart) -> TimedPart | None:
        """Return the next part with its samples, or None if it cannot be read."""
        segment, part = read.segment, read.part
        tracks = used_tracks(segment)
        try:
            found = tuple(list(samples(part.data, track)) for track in tracks)
        except FragmentError:
            found = ()
        # Damage may also look like a part with nothing in it, which no worker sends.
        if not any(found) or tracks[0].handler != "vide":
            self._broken = True
            return None
        broken = self._broken or (read.first and segment.discontinuity)
        self._broken = False
        pictures = found[0]
        if pictures:
            if read.first and (segment.discontinuity or segment.number == 0):
                pictures[0] = _first_picture(pictures)
            if segment is not self._segment:
                self._segment, self._delay = segment, pictures[0].cts
            if delay := self._delay:
                pictures[:] = [
                    picture._replace(dts=picture.dts + delay, cts=picture.cts - delay)
                    for picture in pictures
                ]
        return TimedPart(segment, _format(tracks), part.data, found, segment.base, broken)


def used_tracks(segment: Segment) -> tuple[Track, ...]:
    """Return the first video track and the first one with sound."""
    found = [
        next((track for track in segment.tracks if track.handler == handler), None)
        for handler in ("vide", "soun")
    ]
    return tuple(track for track in found if track is not None)


def _format(tracks: tuple[Track, ...]) -> Format:
    return tuple(
        TrackFormat(track.handler, track.timescale, track.size, track.description)
        for track in tracks
    )


def _first_picture(pictures: list[Sample]) -> Sample:
    """Put the first picture of a run where it belongs: right in front of the next one shown.

    The others are late by how much decoding precedes showing, which is that between the second one
    decoded and the earliest one shown; in every other segment they are the same.
    """
    first, *others = pictures
    if first.cts or len(others) < _ENOUGH:
        return first
    early = min(picture.pts for picture in others) - others[0].dts
    return first._replace(cts=early) if early > 0 else first
