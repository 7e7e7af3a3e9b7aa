"""Read fragmented MP4 in memory: the tracks of an init, the samples of a part.

An init is `ftyp` and `moov`; a part is one or more pairs of `moof` and `mdat` (ISO/IEC 14496-12,
4.2, 8.4, 8.5 and 8.8). Samples are located, not copied. Safe for untrusted bytes: reading always
ends, and raises only FragmentError.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import struct
from typing import Final, NamedTuple

from ..errors import FragmentError
from .boxes import (
    Box,
    Data,
    boxes,
    by_version,
    child_of,
    children_of,
    first_of,
    four_letters,
    unpack,
)
from .sample_description import without_rates

_NON_SYNC: Final = 0x0001_0000
"""`sample_is_non_sync_sample` in a sample's flags: not a keyframe (8.8.3.1)."""

# Flags of tfhd (8.8.7).
_TFHD_BASE_OFFSET: Final = 0x01
_TFHD_DESCRIPTION: Final = 0x02
_TFHD_DEFAULTS: Final = (0x08, 0x10, 0x20)
_TFHD_BASE_IS_MOOF: Final = 0x02_0000

# Flags of trun (8.8.8).
_TRUN_OFFSET: Final = 0x001
_TRUN_FIRST_FLAGS: Final = 0x004
_TRUN_DURATION: Final = 0x100
_TRUN_SIZE: Final = 0x200
_TRUN_FLAGS: Final = 0x400
_TRUN_CTS: Final = 0x800


class Defaults(NamedTuple):
    """Values of samples without values of their own: duration in ticks, bytes, flags."""

    duration: int
    size: int
    flags: int


@dataclass(frozen=True, slots=True)
class Track:
    """One track of an init."""

    id: int
    """Counted from 1."""
    handler: str
    """`vide` or `soun`."""
    timescale: int
    """Ticks per second."""
    codec: str
    """Type of the sample entry: `avc1`, `hvc1`, `mp4v`, `mp4a`..."""
    size: tuple[int, int] | None
    """Width and height in pixels of a video track."""
    description: bytes
    """Body of `stsd` without bit rates. Tracks with the same description can share a decoder."""
    display: bytes
    """End of `tkhd`: display matrix (9 numbers), then width and height before rotation (16.16)."""
    defaults: Defaults


class Sample(NamedTuple):
    """One video frame or one audio packet. Times in ticks of its track."""

    dts: int
    cts: int
    """Composition time offset, pts - dts; may be negative."""
    duration: int
    keyframe: bool
    offset: int
    """Of its bytes in the part."""
    size: int

    @property
    def pts(self) -> int:
        """Presentation time."""
        return self.dts + self.cts


def read_tracks(init: Data) -> tuple[Track, ...]:
    """Read the video and audio tracks of an init, in file order.

    Raises FragmentError if there is none, or the init is damaged.
    """
    moov = first_of(boxes(init), b"moov")
    defaults = dict(_track_defaults(init, moov))
    tracks = tuple(
        track
        for trak in children_of(init, moov, b"trak")
        if (track := _read_track(init, trak, defaults))
    )
    if not tracks:
        raise FragmentError("the init has no video or audio track")
    return tracks


def samples(part: Data, track: Track) -> Iterator[Sample]:
    """Iterate over the samples of one track in all fragments of a part, in decoding order.

    Raises FragmentError at the first damage; the samples before it are valid.
    """
    # Samples do not share bytes: more sample bytes than part bytes is damage.
    budget = len(part)
    for moof in boxes(part):
        if moof.kind != b"moof":
            continue
        for traf in children_of(part, moof, b"traf"):
            number, defaults = _read_tfhd(part, traf, track.defaults)
            if number != track.id:
                continue
            dts, position = _read_tfdt(part, traf), moof.start
            for trun in children_of(part, traf, b"trun"):
                for sample in _read_trun(
                    part, trun, defaults, base=moof.start, position=position, dts=dts
                ):
                    yield sample
                    dts += sample.duration
                    position = sample.offset + sample.size
                    budget -= max(1, sample.size)
                    if budget < 0:
                        raise FragmentError("the samples exceed the part")


def _track_defaults(init: Data, moov: Box) -> Iterator[tuple[int, Defaults]]:
    """Read the id and the `trex` defaults of each track."""
    for trex in children_of(init, child_of(init, moov, b"mvex"), b"trex"):
        number, duration, size, flags = unpack(">4xI4xIII", init, trex.body, trex.end)
        yield number, Defaults(duration, size, flags)


def _read_track(init: Data, trak: Box, defaults: dict[int, Defaults]) -> Track | None:
    tkhd = child_of(init, trak, b"tkhd")
    (number,) = unpack(by_version(init, tkhd, ">12xI", ">20xI"), init, tkhd.body, tkhd.end)
    mdia = child_of(init, trak, b"mdia")
    hdlr = child_of(init, mdia, b"hdlr")
    handler = four_letters(init, hdlr.body + 8, hdlr.end)
    if handler not in ("vide", "soun"):
        return None
    mdhd = child_of(init, mdia, b"mdhd")
    (timescale,) = unpack(by_version(init, mdhd, ">12xI", ">20xI"), init, mdhd.body, mdhd.end)
    if not timescale:
        raise FragmentError(f"track {number} has no timescale")
    stbl = child_of(init, child_of(init, mdia, b"minf"), b"stbl")
    stsd = child_of(init, stbl, b"stsd")
    entry = next(boxes(init, stsd.body + 8, stsd.end), None)
    if entry is None:
        raise FragmentError(f"track {number} has no sample description")
    if tkhd.end - tkhd.body < 84:
        raise FragmentError(f"the header of track {number} is too short")
    size = None
    if handler == "vide":
        width, height = unpack(">24xHH", init, entry.body, entry.end)
        size = (width, height)
    return Track(
        id=number,
        handler=handler,
        timescale=timescale,
        codec=four_letters(init, entry.start + 4, entry.end),
        size=size,
        description=without_rates(bytes(init[stsd.body : stsd.end])),
        display=bytes(init[tkhd.end - 44 : tkhd.end]),
        defaults=defaults.get(number, Defaults(0, 0, 0)),
    )


def _read_tfhd(part: Data, traf: Box, defaults: Defaults) -> tuple[int, Defaults]:
    tfhd = child_of(part, traf, b"tfhd")
    flags, number = unpack(">II", part, tfhd.body, tfhd.end)
    if not flags & _TFHD_BASE_IS_MOOF:
        raise FragmentError("offsets are not relative to the fragment")
    position = tfhd.body + 8
    position += 8 * bool(flags & _TFHD_BASE_OFFSET) + 4 * bool(flags & _TFHD_DESCRIPTION)
    values = list(defaults)
    for index, flag in enumerate(_TFHD_DEFAULTS):
        if flags & flag:
            (values[index],) = unpack(">I", part, position, tfhd.end)
            position += 4
    return number, Defaults(*values)


def _read_tfdt(part: Data, traf: Box) -> int:
    """Read the dts of the first sample of a fragment."""
    tfdt = child_of(part, traf, b"tfdt")
    (ticks,) = unpack(by_version(part, tfdt, ">I", ">Q"), part, tfdt.body + 4, tfdt.end)
    return ticks


def _read_trun(
    part: Data, trun: Box, defaults: Defaults, *, base: int, position: int, dts: int
) -> Iterator[Sample]:
    """Read one run of samples.

    It begins at its own offset, counted from `base`, or else at `position`; `dts` is its first.
    """
    flags, count = unpack(">II", part, trun.body, trun.end)
    row = trun.body + 8
    if flags & _TRUN_OFFSET:
        position = base + unpack(">i", part, row, trun.end)[0]
        row += 4
    first_flags = None
    if flags & _TRUN_FIRST_FLAGS:
        (first_flags,) = unpack(">I", part, row, trun.end)
        row += 4
    signed = flags >> 24
    form = struct.Struct(
        ">"
        + "".join("I" for flag in (_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS) if flags & flag)
        + ("i" if signed else "I") * bool(flags & _TRUN_CTS)
    )
    if row + count * form.size > trun.end:
        raise FragmentError(f"a run of {count} samples is truncated")
    for index in range(count):
        values = iter(form.unpack_from(part, row + index * form.size))
        duration = next(values) if flags & _TRUN_DURATION else defaults.duration
        size = next(values) if flags & _TRUN_SIZE else defaults.size
        sample_flags = next(values) if flags & _TRUN_FLAGS else defaults.flags
        cts = next(values) if flags & _TRUN_CTS else 0
        if index == 0 and first_flags is not None:
            sample_flags = first_flags
        if position < 0 or position + size > len(part):
            raise FragmentError(f"a sample at {position} exceeds the part")
        yield Sample(dts, cts, duration, not sample_flags & _NON_SYNC, position, size)
        position += size
        dts += duration
