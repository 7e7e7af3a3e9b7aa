"""Adapt an init to parameter sets that came with a keyframe, and cut a part in front of it.

Stream workers write the header once, from what they knew when they opened the source.
"""

from collections.abc import Callable, Sequence
import struct
from typing import Final

from ..errors import FragmentError
from .boxes import Box, box, boxes, by_version, unpack
from .fragment_reader import Sample, Track, samples
from .fragment_writer import KEYFRAME, NO_KEYFRAME, SampleRun, fragment
from .parameter_sets import VISUAL_ENTRY, ParameterSets, configuration

_CONTAINERS: Final = (b"mdia", b"minf", b"stbl")
_REPLACED: Final = (b"avcC", b"hvcC", b"pasp", b"colr")
"""Boxes of the sample entry that depend on the sets. Colours are left to the sets."""


def reformatted_init(init: bytes, track: Track, sets: ParameterSets) -> bytes:
    """Return `init` with the sample description and the size of other parameter sets.

    Raises FragmentError if a set cannot be read.
    """
    stsd = box(b"stsd", _description(track.description, sets))
    width, height = sets.sequence().size
    across, down = sets.sequence().aspect
    shown = struct.pack(">II", min((width << 16) * across // down, 0xFFFF_FFFF), height << 16)

    def adapt(child: Box) -> bytes:
        if child.kind == b"stsd":
            return stsd
        if child.kind == b"tkhd":
            return init[child.start : child.end - 8] + shown
        if child.kind in _CONTAINERS:
            return box(child.kind, _adapted(init, child.body, child.end, adapt))
        return init[child.start : child.end]

    def adapt_movie(child: Box) -> bytes:
        if child.kind == b"moov":
            return box(b"moov", _adapted(init, child.body, child.end, adapt_movie))
        if child.kind == b"trak" and _track_id(init, child) == track.id:
            return box(b"trak", _adapted(init, child.body, child.end, adapt))
        return init[child.start : child.end]

    return _adapted(init, 0, len(init), adapt_movie)


def _adapted(init: bytes, start: int, end: int, adapt: Callable[[Box], bytes]) -> bytes:
    return b"".join(adapt(child) for child in boxes(init, start, end))


def _track_id(init: bytes, trak: Box) -> int:
    for tkhd in boxes(init, trak.body, trak.end):
        if tkhd.kind == b"tkhd":
            form = by_version(init, tkhd, ">12xI", ">20xI")
            return unpack(form, init, tkhd.body, tkhd.end)[0]
    return 0


def _description(description: bytes, sets: ParameterSets) -> bytes:
    """Return the body of `stsd` with other sets."""
    entry = next(boxes(description, 8))
    children = entry.body + VISUAL_ENTRY
    sequence = sets.sequence()
    head = bytearray(description[entry.body : children])
    head[24:28] = struct.pack(">HH", *sequence.size)
    content = [bytes(head), box(b"avcC" if sets.codec == "avc" else b"hvcC", configuration(sets))]
    if sequence.aspect != (1, 1):
        content.append(box(b"pasp", struct.pack(">II", *sequence.aspect)))
    content += [
        description[child.start : child.end]
        for child in boxes(description, children, entry.end)
        if child.kind not in _REPLACED
    ]
    kind = description[entry.start + 4 : entry.body]
    return struct.pack(">II", 0, 1) + box(kind, *content)


def cut_part(
    part: bytes, tracks: tuple[Track, ...], video: Track, indexes: Sequence[int]
) -> list[bytes]:
    """Cut a part in front of video samples, by index; sound is cut at the time they are shown.

    Raises FragmentError if the part is damaged.
    """
    rest = {track.id: list(samples(part, track)) for track in tracks}
    frames = rest[video.id]
    pieces = list[dict[int, list[Sample]]]()
    for index in reversed(indexes):
        piece = dict[int, list[Sample]]()
        for track in tracks:
            limit = frames[index].pts * track.timescale / video.timescale
            found = rest[track.id]
            count = index if track is video else sum(sample.pts < limit for sample in found)
            rest[track.id], piece[track.id] = found[:count], found[count:]
        pieces.append(piece)
    try:
        return [_part(part, piece) for piece in (rest, *reversed(pieces))]
    except struct.error as err:
        raise FragmentError(f"a sample cannot be cut out: {err}") from err


def _part(data: bytes, of_track: dict[int, list[Sample]]) -> bytes:
    """Build a part of samples of another one."""
    runs = list[SampleRun]()
    pieces = list[bytes]()
    for number, found in of_track.items():
        if not found:
            continue
        rows = list[int]()
        for sample, later in zip(found, [*found[1:], None], strict=True):
            duration = sample.duration if later is None else later.dts - sample.dts
            flags = KEYFRAME if sample.keyframe else NO_KEYFRAME
            rows += (duration, sample.size, flags, sample.cts)
        size = sum(sample.size for sample in found)
        runs.append(SampleRun(number - 1, found[0].dts, rows, size))
        pieces += [data[sample.offset : sample.offset + sample.size] for sample in found]
    return fragment(1, runs) + b"".join(pieces)
