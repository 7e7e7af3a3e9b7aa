"""Detect parts that an earlier run of the stream worker delivered.

An HLS source whose playlist has stalled sends its last segments again after each restart of the worker,
and some relays send the last GOP. Neither is the present. Sequence numbers of the playlist are not
visible here, so frames are recognized by checksum.
"""

from typing import Final, NamedTuple
import zlib

from ..errors import FragmentError
from ..mp4.fragment_reader import Track, samples
from .formats import StreamFormat
from .segment import MediaPart

_WORD: Final = 4
"""Bytes of a checksum."""
_MEMORY: Final = 7200 * _WORD
"""Checksums kept: of two minutes at 60 fps."""
_CHECKED_BYTES: Final = 1024
"""Leading bytes of a frame that are checked, besides its size."""
_AT_ONCE: Final = 0.5
"""Seconds in which a replay may arrive, whatever its duration."""
_REPLAY_SPEED: Final = 2.0
"""Media seconds per second from which on repeated frames are a replay; a live source may send a film in
a loop."""


class BegunSegment(NamedTuple):
    """A segment of the worker, added to the ring with its first part."""

    run: int
    header: StreamFormat


class ArrivedPart(NamedTuple):
    """A part that is not in the ring yet."""

    part: MediaPart
    arrived: float
    """Monotonic time."""
    begun: BegunSegment | None
    """Its segment, if that is not in the ring either."""


class ReplayFilter:
    """Holds back the parts of a run that an earlier one delivered. Not thread-safe: the ring locks it.

    The first frames of the run are looked up from the newest backwards, and the following ones must
    follow there: a static picture, of which all frames are equal, repeats one part at most.
    """

    def __init__(self) -> None:
        """Start without earlier frames."""
        self._seen = bytearray()
        """Checksums of the frames admitted, in order."""
        self._run: int | None = None
        self._checking = False
        self._next: int | None = None
        """Index in `_seen` of the checksum to come next in a replay."""
        self._began = 0.0
        self._repeated = 0.0
        self._held: list[ArrivedPart] = []
        self._gop = 0
        """Index in `_held` of the part with the last keyframe."""

    def admit(self, run: int, track: Track | None, new: ArrivedPart) -> list[ArrivedPart]:
        """Return the parts to add now: none if the new one is replayed.

        If new frames begin within a GOP, the replayed parts of that GOP precede them. A film in a loop
        repeats frames other than the newest ones: its parts follow once it goes on at its own pace.
        """
        if run != self._run:
            self._run, self._checking, self._next = run, bool(self._seen), None
            self._held, self._gop = [], 0
        checksums, keyframes = _read(new.part, track)
        repeated = self._checking and self._is_repeated(checksums, new)
        if repeated and self._is_fast(new.arrived):
            if True in keyframes:
                self._gop = len(self._held)
            self._held.append(new)
            return []
        self._checking = False
        held, self._held = self._held, []
        loops = repeated and self._next is not None and self._next < len(self._seen)
        if not repeated and keyframes[:1] == [True]:
            held = []
        elif not loops:
            held = held[self._gop :]
        self._seen += checksums
        del self._seen[:-_MEMORY]
        return [*held, new]

    def _is_repeated(self, checksums: bytes, new: ArrivedPart) -> bool:
        """Return whether frames are those that follow in an earlier run."""
        if not checksums:
            return False
        if self._next is None:
            if (found := self._find(checksums)) < 0:
                return False
            self._next, self._began, self._repeated = found, new.arrived, 0.0
        else:
            self._repeated += new.part.duration
        start, self._next = self._next, self._next + len(checksums)
        return self._seen[start : self._next] == checksums

    def _is_fast(self, arrived: float) -> bool:
        """Return whether the repeated frames arrive faster than those of a live source."""
        passed = arrived - self._began
        return passed < _AT_ONCE or self._repeated >= _REPLAY_SPEED * passed

    def _find(self, checksums: bytes) -> int:
        """Return the index of the newest occurrence; -1 if there is none."""
        index = self._seen.rfind(checksums)
        while index > 0 and index % _WORD:
            index = self._seen.rfind(checksums, 0, index + len(checksums) - 1)
        return index


def _read(part: MediaPart, track: Track | None) -> tuple[bytes, list[bool]]:
    """Return the checksums of a part's video frames, and which of them are keyframes."""
    if track is None:
        return b"", []
    data, checksums, keyframes = memoryview(part.data), bytearray(), []
    try:
        for sample in samples(part.data, track):
            end = sample.offset + min(sample.size, _CHECKED_BYTES)
            checksum = zlib.crc32(data[sample.offset : end], sample.size & 0xFFFFFFFF)
            checksums += checksum.to_bytes(_WORD)
            keyframes.append(sample.keyframe)
    except FragmentError:
        # Logged by `SegmentTiming`.
        return b"", []
    return bytes(checksums), keyframes
