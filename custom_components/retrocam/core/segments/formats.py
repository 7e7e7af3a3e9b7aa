"""Follow the format of a stream that changes inside a run of the worker.

Home Assistant's worker writes its header from what it knew when it opened the source. A camera that
switches its encoder, as at nightfall, sends other parameter sets with a keyframe; the header stays.
"""

from collections import deque
from dataclasses import dataclass
import logging
from typing import Final, NamedTuple

from ..errors import FragmentError
from ..mp4.fragment_reader import Track, read_tracks, samples
from ..mp4.parameter_sets import Codec, ParameterSets, Sets, read_byte_stream, read_parameter_sets
from ..mp4.reformat import cut_part, reformatted_init
from .segment import MediaPart

_LOGGER = logging.getLogger(__name__)

_MAX_CHANGES: Final = 8
"""Changes in a part, which has about a second."""


class StreamFormat(NamedTuple):
    """A header and what it says."""

    init: bytes
    tracks: tuple[Track, ...]
    """Empty if the header cannot be read."""
    sets: ParameterSets | None
    """None for a codec without parameter sets."""

    @property
    def video(self) -> Track | None:
        """The first video track."""
        return next((track for track in self.tracks if track.handler == "vide"), None)


@dataclass(frozen=True, slots=True, eq=False)
class PartPiece:
    """A part, or the samples of one from a keyframe on or up to it."""

    data: bytes
    duration: float
    """Seconds of its frames."""
    source: MediaPart | None
    """The part, for its last piece."""


class Piece(NamedTuple):
    """Samples of one format."""

    part: MediaPart
    format: StreamFormat


_NONE: Final = StreamFormat(b"", (), None)


class FormatFollower:
    """Determines the format of each part. Not thread-safe: the ring locks it."""

    def __init__(self) -> None:
        self._run: int | None = None
        self.header = self._format = _NONE
        """The worker's header of the newest segment."""
        self._noted = deque[tuple[int, bytes]](maxlen=_MAX_CHANGES)

    def note_keyframe(self, pts: int, head: bytes) -> None:
        """Take the start of a keyframe as the source sent it; see `SegmentRing.note_keyframe`."""
        self._noted.append((pts, head))

    def forget_keyframes(self) -> None:
        """Forget keyframes noted before the run that follows."""
        self._noted.clear()

    def begin(self, run: int, header: StreamFormat) -> None:
        """Take the header of a new segment; it counts if it is news, or the first of a run."""
        if run == self._run and header.init == self.header.init:
            return
        unchanged = run == self._run and header.tracks == self.header.tracks
        overridden = self._format is not self.header
        self._run, self.header = run, header
        if not (unchanged and overridden):
            self._format = header

    def pieces(self, part: MediaPart) -> list[Piece]:
        """Return a part, cut in front of each keyframe that changes the format."""
        try:
            changes = self._changes(part)
            indexes = [index for index, _ in changes if index]
            cuts = _cut(part, self._format, indexes) if indexes else [part]
        except FragmentError as err:
            # Also logged where the part is placed.
            _LOGGER.debug("The format of a part is unknown: %s", err)
            return [Piece(part, self._format)]
        formats = [later for _, later in changes]
        if not changes or changes[0][0]:
            formats.insert(0, self._format)
        self._format = formats[-1]
        return [Piece(*piece) for piece in zip(cuts, formats, strict=True)]

    def _changes(self, part: MediaPart) -> list[tuple[int, StreamFormat]]:
        """Find the keyframes that change the format, by index among the frames."""
        current, found = self._format, list[tuple[int, StreamFormat]]()
        if (video := current.video) is None:
            return []
        for index, frame in enumerate(samples(part.data, video)):
            if not frame.keyframe or current.sets is None:
                continue
            view = memoryview(part.data)[frame.offset : frame.offset + frame.size]
            sets = current.sets.after(view)
            while self._noted and self._noted[0][0] <= frame.pts:
                sets = sets.with_sets(_noted_sets(sets.codec, self._noted.popleft()[1]))
            if sets is not current.sets:
                current = self._reformatted(sets)
                found.append((index, current))
                if len(found) > _MAX_CHANGES:
                    raise FragmentError("a part of too many formats")
        return found

    def _reformatted(self, sets: ParameterSets) -> StreamFormat:
        """Return the format of the header with other sets."""
        if (video := self.header.video) is None or sets == self.header.sets:
            return self.header
        later = read_format(reformatted_init(self.header.init, video, sets))
        if later.video is None:
            raise FragmentError("the header does not take other parameter sets")
        _LOGGER.info("The camera changed its format: %s x %s pixels", *(later.video.size or (0, 0)))
        return later


def _cut(part: MediaPart, format_: StreamFormat, indexes: list[int]) -> list[MediaPart]:
    """Cut a part in front of frames, by index. Raises FragmentError."""
    if (video := format_.video) is None:
        return [part]
    pieces = cut_part(part.data, format_.tracks, video, indexes)
    return [
        PartPiece(data, _frame_seconds(data, video), part if data is pieces[-1] else None)
        for data in pieces
    ]


def _noted_sets(codec: Codec, head: bytes) -> Sets:
    """Return the sets at the start of a noted keyframe; H.264 has them in the parts."""
    try:
        return read_byte_stream(codec, head) if codec == "hevc" else {}
    except FragmentError as err:
        _LOGGER.debug("Parameter sets are ignored: %s", err)
        return {}


def _frame_seconds(data: bytes, video: Track) -> float:
    """Return the seconds of the frames of a part."""
    return sum(frame.duration for frame in samples(data, video)) / video.timescale


def read_format(init: bytes) -> StreamFormat:
    """Read a header; one that cannot be read is logged and has no tracks."""
    try:
        tracks = read_tracks(init)
    except FragmentError as err:
        _LOGGER.warning("Cannot read the header of the stream: %s", err)
        return StreamFormat(init, (), None)
    read = StreamFormat(init, tracks, None)
    try:
        sets = read_parameter_sets(read.video.description) if read.video else None
    except FragmentError as err:
        _LOGGER.debug("Changes of the format cannot be seen: %s", err)
        return read
    return read._replace(sets=sets)
