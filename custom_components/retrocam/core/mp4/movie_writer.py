"""Headers of MP4 files, fragmented or with fast start (ISO/IEC 14496-12, 4.3, 8.2 to 8.9).

The caller writes the media data. Each track's media time starts at 0, after an empty edit if the
track starts later.
"""

from collections.abc import Sequence
import struct
from typing import Final

import numpy as np

from .boxes import ONE, Pieces, box, box_pieces, full_box
from .fragment_reader import Track
from .movie_info import MovieInfo
from .sample_table import SampleTable

_BIG: Final = 1 << 32
NO_INFO: Final = MovieInfo()


def fragmented_init(tracks: Sequence[Track], duration: int = 0, info: MovieInfo = NO_INFO) -> bytes:
    """Build the init of a fragmented file.

    `duration` is in ticks of the first track, 0 if unknown; the length depends neither on it nor on
    the creation time.
    """
    empty: Pieces = [full_box(kind, 0, bytes(4)) for kind in (b"stts", b"stsc", b"stco")]
    empty.append(full_box(b"stsz", 0, bytes(8)))
    traks = [
        b"".join(_trak(number, track, b"", _mdia(track, empty, 0, info), info))
        for number, track in enumerate(tracks, start=1)
    ]
    extends = full_box(b"mehd", 1 << 24, struct.pack(">Q", duration)) + b"".join(
        full_box(b"trex", 0, struct.pack(">5I", number, 1, 0, 0, 0))
        for number in range(1, len(tracks) + 1)
    )
    movie = _mvhd(tracks[0].timescale, duration, len(tracks) + 1, info)
    mvex = box(b"mvex", extends)
    return _ftyp(b"iso6") + box(b"moov", movie, *traks, mvex, info.user_data())


def fast_start_header(
    tracks: Sequence[Track],
    tables: Sequence[SampleTable],
    data_size: int,
    info: MovieInfo = NO_INFO,
) -> Pieces:
    """Build everything in front of the media data of a fast-start file.

    The tables, tens of megabytes for a day, are not copied.
    """
    if data_size + 8 < _BIG:
        mdat = struct.pack(">I4s", data_size + 8, b"mdat")
    else:
        mdat = struct.pack(">I4sQ", 1, b"mdat", data_size + 16)
    large = data_size >= _BIG - (1 << 26)
    head = _ftyp(b"isom")
    length = len(head) + len(mdat) + sum(map(len, _moov(tracks, tables, 0, info, large=large)))
    return [head, *_moov(tracks, tables, length, info, large=large), mdat]


def _moov(
    tracks: Sequence[Track],
    tables: Sequence[SampleTable],
    base: int,
    info: MovieInfo,
    *,
    large: bool,
) -> Pieces:
    timescale, traks, duration = tracks[0].timescale, list[Pieces](), 0
    for number, (track, table) in enumerate(zip(tracks, tables, strict=True), start=1):
        delay = round(table.start * timescale / track.timescale)
        length = round(table.duration * timescale / track.timescale)
        # Duration in ticks of the movie, media time; -1 is an empty edit (8.6.6).
        edits = [(delay, -1), (length, 0)] if delay else []
        rows = b"".join(struct.pack(">QqI", *edit, ONE) for edit in edits)
        edts = rows and box(
            b"edts", full_box(b"elst", 1 << 24, struct.pack(">I", len(edits)), rows)
        )
        stbl = _sample_boxes(track, table, base, large=large)
        mdia = _mdia(track, stbl, table.duration, info)
        traks.append(_trak(number, track, edts, mdia, info, duration=delay + length))
        duration = max(duration, delay + length)
    movie = _mvhd(timescale, duration, len(tracks) + 1, info)
    return box_pieces(b"moov", [movie], *traks, [info.user_data()])


def _sample_boxes(track: Track, table: SampleTable, base: int, *, large: bool) -> Pieces:
    pieces = _table(b"stts", 0, 8, table.durations.packed())
    if table.has_offsets:
        pieces += _table(b"ctts", 1 << 24, 8, table.composition_offsets.packed())
    if track.handler == "vide" and len(table.keyframes) < 4 * table.samples:
        pieces += _table(b"stss", 0, 4, [table.keyframes])
    sizes: Pieces = [struct.pack(">4xII", 0, table.samples), table.sizes]
    runs = table.chunk_samples.rows()
    first = np.cumsum(runs[:, 0]) - runs[:, 0] + 1
    rows = np.stack((first, runs[:, 1], np.ones_like(first)), axis=1)
    pieces += box_pieces(b"stsz", sizes) + _table(b"stsc", 0, 12, [rows.astype(">u4").tobytes()])
    kind, width = (b"co64", 8) if large else (b"stco", 4)
    return pieces + _table(
        kind, 0, width, [(table.chunk_offsets + base).astype(f">u{width}").tobytes()]
    )


def _table(kind: bytes, flags: int, width: int, rows: Pieces) -> Pieces:
    """Build a table box of rows of `width` bytes."""
    count = sum(map(len, rows)) // width
    return box_pieces(kind, [struct.pack(">II", flags, count)], rows)


def _trak(
    number: int, track: Track, edts: bytes, mdia: Pieces, info: MovieInfo, *, duration: int = 0
) -> Pieces:
    """Build a `trak`; the duration is in ticks of the movie."""
    time = info.creation_time
    volume = 0 if track.handler == "vide" else 0x100
    tkhd = full_box(
        b"tkhd",
        1 << 24 | 3,
        struct.pack(">QQIIQ8xHHHH", time, time, number, 0, duration, 0, 0, volume, 0),
        track.display,
    )
    return box_pieces(b"trak", [tkhd, edts], mdia)


def _mdia(track: Track, stbl: Pieces, duration: int, info: MovieInfo) -> Pieces:
    """Build an `mdia`; the duration is in ticks of the track."""
    video, time = track.handler == "vide", info.creation_time
    mdhd = full_box(
        b"mdhd", 1 << 24, struct.pack(">QQIQHH", time, time, track.timescale, duration, 0x55C4, 0)
    )
    name = b"VideoHandler\0" if video else b"SoundHandler\0"
    hdlr = full_box(b"hdlr", 0, struct.pack(">I4s12x", 0, track.handler.encode()), name)
    head = full_box(b"vmhd", 1, bytes(8)) if video else full_box(b"smhd", 0, bytes(4))
    dref = full_box(b"dref", 0, struct.pack(">I", 1), full_box(b"url ", 1))
    tables = box_pieces(b"stbl", [box(b"stsd", track.description)], stbl)
    minf = box_pieces(b"minf", [head, box(b"dinf", dref)], tables)
    return box_pieces(b"mdia", [mdhd, hdlr], minf)


def _mvhd(timescale: int, duration: int, next_track: int, info: MovieInfo) -> bytes:
    time = info.creation_time
    return full_box(
        b"mvhd",
        1 << 24,
        struct.pack(">QQIQIH10x", time, time, timescale, duration, ONE, 0x100),
        struct.pack(">9i", ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30),
        struct.pack(">24xI", next_track),
    )


def _ftyp(brand: bytes) -> bytes:
    return box(b"ftyp", brand, struct.pack(">I", 0x200), b"isomiso2iso4iso6mp41")
