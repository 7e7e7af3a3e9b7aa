"""Writing the header of an MP4: one for fragments while recording, one for all when it is over.

Nothing here touches media data: what comes out stands before or between samples that the caller
copies. The layout is that of ISO/IEC 14496-12 (sections 4.3, 8.2 to 8.9). A track counts its time
from 0; where one begins later, an empty edit says so.
"""

from collections.abc import Sequence
import struct
from typing import Final

import numpy as np

from .boxes import ONE, Pieces, box, box_pieces, full_box
from .sample_table import SampleTable
from .tracks import TrackHeader

_BIG: Final = 1 << 32


def fragmented_init(tracks: Sequence[TrackHeader], duration: int = 0) -> bytes:
    """Make the init of a file in fragments.

    `duration` is in ticks of the first track, 0 while it is unknown; it does not change the length.
    """
    empty = [full_box(kind, 0, bytes(4)) for kind in (b"stts", b"stsc")]
    empty += [full_box(b"stsz", 0, bytes(8)), full_box(b"stco", 0, bytes(4))]
    traks = [
        b"".join(_trak(number, track, b"", _mdia(track, [*empty], 0)))
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
) -> Pieces:
    """Make all that stands before the media data of a whole file, so that it plays at once.

    The pieces of the tables are not copied: those of a day are tens of megabytes.
    """
    if data_size + 8 < _BIG:
        mdat = struct.pack(">I4s", data_size + 8, b"mdat")
    else:
        mdat = struct.pack(">I4sQ", 1, b"mdat", data_size + 16)
    large = data_size >= _BIG - (1 << 26)
    head = _ftyp(b"isom")
    length = len(head) + len(mdat) + sum(map(len, _moov(tracks, tables, 0, large=large)))
    return [head, *_moov(tracks, tables, length, large=large), mdat]


def _moov(
    tracks: Sequence[TrackHeader], tables: Sequence[SampleTable], base: int, *, large: bool
) -> Pieces:
    scale, traks, longest = tracks[0].timescale, list[Pieces](), 0
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
    return box_pieces(b"moov", [_mvhd(scale, longest, len(tracks) + 1)], *traks)


def _sample_boxes(track: TrackHeader, table: SampleTable, base: int, *, large: bool) -> Pieces:
    found = _table(b"stts", 0, 8, table.durations.packed())
    if table.shifted:
        found += _table(b"ctts", 1 << 24, 8, table.shifts.packed())
    if track.handler == "vide" and len(table.keyframes) < 4 * table.samples:
        found += _table(b"stss", 0, 4, [table.keyframes])
    sizes: Pieces = [struct.pack(">4xII", 0, table.samples), table.sizes]
    runs = table.counts.rows()
    first = np.cumsum(runs[:, 0]) - runs[:, 0] + 1
    rows = np.stack((first, runs[:, 1], np.ones_like(first)), axis=1)
    found += box_pieces(b"stsz", sizes) + _table(b"stsc", 0, 12, [rows.astype(">u4").tobytes()])
    kind, width = (b"co64", 8) if large else (b"stco", 4)
    return found + _table(kind, 0, width, [(table.chunks + base).astype(f">u{width}").tobytes()])


def _table(kind: bytes, flags: int, width: int, rows: Pieces) -> Pieces:
    """Make a box that says how many rows it has, of `width` bytes each."""
    count = sum(map(len, rows)) // width
    return box_pieces(kind, [struct.pack(">II", flags, count)], rows)


def _trak(
    number: int, track: TrackHeader, edts: bytes, mdia: Pieces, *, duration: int = 0
) -> Pieces:
    """Join a track; the duration is in ticks of the movie."""
    volume = 0 if track.handler == "vide" else 0x100
    tkhd = full_box(
        b"tkhd",
        1 << 24 | 3,
        struct.pack(">QQIIQ8xHHHH", 0, 0, number, 0, duration, 0, 0, volume, 0),
        track.matrix,
        struct.pack(">II", *track.size),
    )
    return box_pieces(b"trak", [tkhd, edts], mdia)


def _mdia(track: TrackHeader, stbl: Pieces, duration: int) -> Pieces:
    """Make what says how to read a track; the duration is in its own ticks."""
    video = track.handler == "vide"
    mdhd = full_box(
        b"mdhd", 1 << 24, struct.pack(">QQIQHH", 0, 0, track.timescale, duration, 0x55C4, 0)
    )
    name = b"VideoHandler\0" if video else b"SoundHandler\0"
    hdlr = full_box(b"hdlr", 0, struct.pack(">I4s12x", 0, track.handler.encode()), name)
    head = full_box(b"vmhd", 1, bytes(8)) if video else full_box(b"smhd", 0, bytes(4))
    dref = full_box(b"dref", 0, struct.pack(">I", 1), full_box(b"url ", 1))
    tables = box_pieces(b"stbl", [box(b"stsd", track.description)], stbl)
    minf = box_pieces(b"minf", [head, box(b"dinf", dref)], tables)
    return box_pieces(b"mdia", [mdhd, hdlr], minf)


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
