"""Writing the header of an MP4: one for fragments while recording, one for all when it is over.

Nothing here touches media data: what comes out stands before or between samples that the caller
copies. The layout is that of ISO/IEC 14496-12 (sections 4.3, 8.2 to 8.9). A track counts its time
from 0; where one begins later, an empty edit says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .boxes import ONE, box, full_box
from .tracks import TrackHeader

_BIG: Final = 1 << 32

type Ints = NDArray[np.int64]
"""`(n,)`, one to each sample or chunk."""


@dataclass(frozen=True, slots=True)
class SampleTable:
    """All samples of a track."""

    start: int
    """When the first is decoded, in ticks after the file's time 0."""
    durations: Ints
    sizes: Ints
    flags: Ints
    shifts: Ints
    """Ticks from decoding to showing."""
    chunks: Ints
    """Where each chunk begins, counted from the start of the media data."""
    counts: Ints
    """Samples in each chunk."""

    @property
    def duration(self) -> int:
        """Ticks from the first sample's decoding to the end of the last."""
        return int(self.durations.sum())


def fragmented_init(tracks: Sequence[TrackHeader], duration: int = 0) -> bytes:
    """Make the init of a file in fragments.

    `duration` is in ticks of the first track, 0 while it is unknown; it does not change the length.
    """
    empty = b"".join(full_box(kind, 0, bytes(4)) for kind in (b"stts", b"stsc"))
    empty += full_box(b"stsz", 0, bytes(8)) + full_box(b"stco", 0, bytes(4))
    traks = [
        _trak(number, track, b"", _mdia(track, empty, 0))
        for number, track in enumerate(tracks, start=1)
    ]
    extends = full_box(b"mehd", 1 << 24, struct.pack(">Q", duration)) + b"".join(
        full_box(b"trex", 0, struct.pack(">5I", number, 1, 0, 0, 0))
        for number in range(1, len(tracks) + 1)
    )
    movie = _mvhd(tracks[0].timescale, duration, len(tracks) + 1)
    return _ftyp(b"iso6") + box(b"moov", movie, *traks, box(b"mvex", extends))


def whole_header(
    tracks: Sequence[TrackHeader], tables: Sequence[SampleTable], data_size: int
) -> bytes:
    """Make all that stands before the media data of a whole file, so that it plays at once."""
    if data_size + 8 < _BIG:
        mdat = struct.pack(">I4s", data_size + 8, b"mdat")
    else:
        mdat = struct.pack(">I4sQ", 1, b"mdat", data_size + 16)
    large = data_size >= _BIG - (1 << 26)
    length = len(_ftyp(b"isom") + _moov(tracks, tables, 0, large=large) + mdat)
    return _ftyp(b"isom") + _moov(tracks, tables, length, large=large) + mdat


def _moov(
    tracks: Sequence[TrackHeader], tables: Sequence[SampleTable], base: int, *, large: bool
) -> bytes:
    scale, traks, longest = tracks[0].timescale, list[bytes](), 0
    for number, (track, table) in enumerate(zip(tracks, tables, strict=True), start=1):
        delay = round(table.start * scale / track.timescale)
        shown = round(table.duration * scale / track.timescale)
        # Durations in ticks of the movie, media time; a media time of -1 is an empty edit (8.6.6).
        edits = [(delay, -1), (shown, 0)] if delay else []
        rows = b"".join(struct.pack(">QqI", *edit, ONE) for edit in edits)
        edts = rows and box(
            b"edts", full_box(b"elst", 1 << 24, struct.pack(">I", len(edits)), rows)
        )
        stbl = _sample_boxes(track, table, base, large=large)
        mdia = _mdia(track, stbl, table.duration)
        traks.append(_trak(number, track, edts, mdia, duration=delay + shown))
        longest = max(longest, delay + shown)
    return box(b"moov", _mvhd(scale, longest, len(tracks) + 1), *traks)


def _sample_boxes(track: TrackHeader, table: SampleTable, base: int, *, large: bool) -> bytes:
    count = len(table.sizes)
    found = _table(b"stts", 0, *_runs(table.durations))
    if table.shifts.any():
        found += _table(b"ctts", 1 << 24, *_runs(table.shifts))
    if track.handler == "vide":
        keyframes = np.flatnonzero((table.flags & 0x1_0000) == 0) + 1
        if len(keyframes) < count:
            found += _table(b"stss", 0, keyframes)
    found += full_box(b"stsz", 0, struct.pack(">II", 0, count), table.sizes.astype(">u4").tobytes())
    lengths, values = _runs(table.counts)
    first = np.cumsum(lengths) - lengths + 1
    found += _table(b"stsc", 0, first, values, np.ones_like(first))
    offsets = table.chunks + base
    form = ">u8" if large else ">u4"
    found += full_box(
        b"co64" if large else b"stco",
        0,
        struct.pack(">I", len(offsets)),
        offsets.astype(form).tobytes(),
    )
    return found


def _runs(values: Ints) -> tuple[Ints, Ints]:
    """Return how often each value comes in a row, and the values."""
    starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    return np.diff(starts, append=len(values)), values[starts]


def _table(kind: bytes, flags: int, *columns: Ints) -> bytes:
    rows = np.stack(columns, axis=1)
    return full_box(kind, flags, struct.pack(">I", len(rows)), rows.astype(">i4").tobytes())


def _trak(number: int, track: TrackHeader, edts: bytes, mdia: bytes, *, duration: int = 0) -> bytes:
    """Join a track; the duration is in ticks of the movie."""
    volume = 0 if track.handler == "vide" else 0x100
    tkhd = full_box(
        b"tkhd",
        1 << 24 | 3,
        struct.pack(">QQIIQ8xHHHH", 0, 0, number, 0, duration, 0, 0, volume, 0),
        track.matrix,
        struct.pack(">II", *track.size),
    )
    return box(b"trak", tkhd, edts, mdia)


def _mdia(track: TrackHeader, stbl: bytes, duration: int) -> bytes:
    """Make what says how to read a track; the duration is in its own ticks."""
    video = track.handler == "vide"
    mdhd = full_box(
        b"mdhd", 1 << 24, struct.pack(">QQIQHH", 0, 0, track.timescale, duration, 0x55C4, 0)
    )
    name = b"VideoHandler\0" if video else b"SoundHandler\0"
    hdlr = full_box(b"hdlr", 0, struct.pack(">I4s12x", 0, track.handler.encode()), name)
    head = full_box(b"vmhd", 1, bytes(8)) if video else full_box(b"smhd", 0, bytes(4))
    dref = full_box(b"dref", 0, struct.pack(">I", 1), full_box(b"url ", 1))
    stsd = box(b"stsd", track.description)
    minf = box(b"minf", head, box(b"dinf", dref), box(b"stbl", stsd, stbl))
    return box(b"mdia", mdhd, hdlr, minf)


def _mvhd(timescale: int, duration: int, next_track: int) -> bytes:
    return full_box(
        b"mvhd",
        1 << 24,
        struct.pack(">QQIQIH10x", 0, 0, timescale, duration, ONE, 0x100),
        struct.pack(">9i", ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30),
        struct.pack(">24xI", next_track),
    )


def _ftyp(brand: bytes) -> bytes:
    return box(b"ftyp", brand, struct.pack(">I", 0x200), b"isomiso2iso4iso6mp41")
