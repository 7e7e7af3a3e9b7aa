"""Parameter sets of H.264 and HEVC: in a sample description, and in front of a keyframe.

A camera that changes its format inside a connection sends the new sets with a keyframe. Sets are
compared by kind and id. See ISO/IEC 14496-15, 5.3 and 8.3; ITU-T H.264, 7.3; H.265, 7.3.

Safe for untrusted bytes: reading always ends, and raises only FragmentError.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
import struct
from typing import Final, Literal

from ..errors import FragmentError
from .bit_reader import BitReader, raw_bytes
from .boxes import Data, boxes, child_of, unpack
from .sequence_parameters import SequenceParameters, read_avc_sequence, read_hevc_sequence

_MAX_SET: Final = 4096
"""Bytes of a parameter set; usual ones have less than 100."""
_MAX_SETS: Final = 64
VISUAL_ENTRY: Final = 78
"""Bytes of a visual sample entry in front of its boxes (ISO/IEC 14496-12, 12.1.3)."""

type Codec = Literal["avc", "hevc"]
_CODECS: Final[dict[str, Codec]] = {"avc1": "avc", "avc3": "avc", "hvc1": "hevc", "hev1": "hevc"}

_AVC_SEQUENCE, _AVC_PICTURE = 7, 8
_HEVC_VIDEO, _HEVC_SEQUENCE, _HEVC_PICTURE = 32, 33, 34
_KINDS: Final[dict[Codec, tuple[int, ...]]] = {
    "avc": (_AVC_SEQUENCE, _AVC_PICTURE),
    "hevc": (_HEVC_VIDEO, _HEVC_SEQUENCE, _HEVC_PICTURE),
}

type Sets = dict[tuple[int, int], bytes]
"""NAL units by kind (`nal_unit_type`) and id."""


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """The parameter sets that a sample description contains, or should contain."""

    codec: Codec
    length_size: int
    """Bytes of the length in front of each NAL unit of a sample."""
    sets: Sets

    def after(self, sample: Data) -> ParameterSets:
        """Return the sets in force after those in `sample`; self if they are the same.

        Sets that cannot be read are ignored: a damaged keyframe changes nothing.
        """
        try:
            found = dict(_keyed(self.codec, leading_nals(sample, self.length_size)))
        except FragmentError:
            return self
        return self.with_sets(found)

    def with_sets(self, found: Sets) -> ParameterSets:
        """Return the sets in force after `found`; self if they are the same, or cannot be read."""
        if found.items() <= self.sets.items():
            return self
        later = replace(self, sets=self._merged(found))
        try:
            later.sequence()
        except FragmentError:
            return self
        return later

    def sequence(self) -> SequenceParameters:
        """Parse the first sequence parameter set. Raises FragmentError without one."""
        for nal in self.of_kind(_AVC_SEQUENCE if self.codec == "avc" else _HEVC_SEQUENCE):
            return read_avc_sequence(nal) if self.codec == "avc" else read_hevc_sequence(nal)
        raise FragmentError("no sequence parameter set")

    def kinds(self) -> tuple[int, ...]:
        """Return the kinds of sets of the codec."""
        return _KINDS[self.codec]

    def of_kind(self, kind: int) -> list[bytes]:
        """Return the NAL units of a kind."""
        return [nal for (own_kind, _), nal in self.sets.items() if own_kind == kind]

    def _merged(self, found: Sets) -> Sets:
        """Replace the sets that `found` has; with another sequence, all of its kinds."""
        sequence_changed = any(
            kind != self.kinds()[-1] and self.sets.get((kind, number)) != nal
            for (kind, number), nal in found.items()
        )
        replaced = {kind for kind, _ in found} if sequence_changed else set[int]()
        kept = {key: nal for key, nal in self.sets.items() if key[0] not in replaced}
        return dict(sorted((kept | found).items()))


def read_parameter_sets(description: bytes) -> ParameterSets | None:
    """Read the sets of a sample description (body of `stsd`); None for another codec.

    Raises FragmentError if it is damaged.
    """
    entry = next(boxes(description, 8), None)
    if entry is None:
        raise FragmentError("no sample description")
    codec = _CODECS.get(description[entry.start + 4 : entry.body].decode("latin-1"))
    if codec is None:
        return None
    children = entry._replace(body=entry.body + VISUAL_ENTRY)
    if codec == "avc":
        config = child_of(description, children, b"avcC")
        (lengths,) = unpack(">4xB", description, config.body, config.end)
        nals = _avc_nals(description, config.body + 5, config.end)
    else:
        config = child_of(description, children, b"hvcC")
        (lengths,) = unpack(">21xB", description, config.body, config.end)
        nals = _hevc_nals(description, config.body + 22, config.end)
    return ParameterSets(codec, (lengths & 3) + 1, dict(sorted(_keyed(codec, nals))))


def read_byte_stream(codec: Codec, head: bytes) -> Sets:
    """Read the sets at the front of a keyframe with start codes (H.265, annex B); empty otherwise.

    Raises FragmentError if a set cannot be read. The last NAL unit is taken to be a slice.
    """
    if not head.startswith(b"\0\0\0\1"):
        return {}
    return dict(_keyed(codec, iter(head.split(b"\0\0\1")[1:-1][:_MAX_SETS])))


def _avc_nals(data: bytes, position: int, end: int) -> Iterator[bytes]:
    """Iterate over the sets of `avcC` from its number of sequence sets on (14496-15, 5.3.3.1)."""
    for mask in (0x1F, 0xFF):
        (count,) = unpack(">B", data, position, end)
        position += 1
        for _ in range(count & mask):
            nal, position = _sized(data, position, end)
            yield nal


def _hevc_nals(data: bytes, position: int, end: int) -> Iterator[bytes]:
    """Iterate over the sets of `hvcC` from its number of arrays on (14496-15, 8.3.3.1)."""
    (arrays,) = unpack(">B", data, position, end)
    position += 1
    for _ in range(arrays):
        (count,) = unpack(">xH", data, position, end)
        position += 3
        for _ in range(count):
            nal, position = _sized(data, position, end)
            yield nal


def _sized(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    (size,) = unpack(">H", data, position, end)
    position += 2
    if position + size > end:
        raise FragmentError("a parameter set is truncated")
    return data[position : position + size], position + size


def leading_nals(sample: Data, length_size: int) -> Iterator[bytes]:
    """Iterate over the first NAL units of a sample, without long ones, which are slices."""
    position = 0
    for _ in range(_MAX_SETS):
        if position + length_size >= len(sample):
            return
        size = int.from_bytes(sample[position : position + length_size])
        position += length_size
        if size <= _MAX_SET:
            yield bytes(sample[position : position + size])
        position += size


def _keyed(codec: Codec, nals: Iterator[bytes]) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Iterate over the parameter sets among NAL units, by kind and id. Raises FragmentError."""
    count = 0
    for nal in nals:
        if (kind := _kind(codec, nal)) not in _KINDS[codec]:
            continue
        count += 1
        if count > _MAX_SETS or len(nal) > _MAX_SET:
            raise FragmentError("too many parameter sets")
        # Zeros behind a NAL unit are no part of it (H.264, B.1.1).
        content = nal.rstrip(b"\0")
        yield (kind, _id(codec, kind, content)), content


def _kind(codec: Codec, nal: bytes) -> int:
    """Return the type of a NAL unit; -1 for one of another layer, or a truncated one."""
    if codec == "avc":
        return nal[0] & 0x1F if nal else -1
    is_base = len(nal) > 1 and not (nal[0] & 1 or nal[1] & 0xF8)
    return (nal[0] >> 1) & 0x3F if is_base else -1


def _id(codec: Codec, kind: int, nal: bytes) -> int:
    if kind == _AVC_SEQUENCE:
        return read_avc_sequence(nal).id
    if kind == _HEVC_SEQUENCE:
        return read_hevc_sequence(nal).id
    reader = BitReader(raw_bytes(nal[:32]))
    reader.bits(8 if codec == "avc" else 16)
    return reader.bits(4) if kind == _HEVC_VIDEO else reader.golomb()


def configuration(sets: ParameterSets) -> bytes:
    """Build the body of `avcC` or `hvcC`. Raises FragmentError if a set cannot be read."""
    sequence = sets.sequence()
    return (
        _avc_configuration(sets, sequence)
        if sets.codec == "avc"
        else _hevc_configuration(sets, sequence)
    )


def _avc_configuration(sets: ParameterSets, sequence: SequenceParameters) -> bytes:
    sequences, pictures = (sets.of_kind(kind) for kind in sets.kinds())
    content = [
        b"\1" + sequence.profile,
        bytes((0xFC | sets.length_size - 1, 0xE0 | len(sequences) & 0x1F)),
        *map(_with_size, sequences),
        bytes((len(pictures),)),
        *map(_with_size, pictures),
    ]
    if sequence.has_chroma:
        depths = 0xF8 | sequence.luma_depth - 8, 0xF8 | sequence.chroma_depth - 8
        content.append(bytes((0xFC | sequence.chroma, *depths, 0)))
    return b"".join(content)


def _hevc_configuration(sets: ParameterSets, sequence: SequenceParameters) -> bytes:
    # Unknown: spatial segmentation, parallelism and frame rate.
    layers = sequence.layers << 3 | sequence.nested << 2 | sets.length_size - 1
    content = [
        b"\1" + sequence.profile + b"\xf0\0\xfc",
        bytes((0xFC | sequence.chroma,)),
        bytes((0xF8 | sequence.luma_depth - 8, 0xF8 | sequence.chroma_depth - 8)),
        bytes((0, 0, layers, len(sets.kinds()))),
    ]
    for kind in sets.kinds():
        nals = sets.of_kind(kind)
        # The highest bit: all sets of this kind are here.
        content += [struct.pack(">BH", 0x80 | kind, len(nals)), *map(_with_size, nals)]
    return b"".join(content)


def _with_size(nal: bytes) -> bytes:
    return struct.pack(">H", len(nal)) + nal
