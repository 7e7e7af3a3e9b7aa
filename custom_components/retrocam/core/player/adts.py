"""Packets of sound to ADTS frames: AAC is copied, anything else is encoded to AAC-LC stereo."""

from collections.abc import Iterable
import logging
from typing import Any, Final, Protocol

import av
from av import AudioCodecContext, AudioFrame, CodecContext, Packet
from av.audio.resampler import AudioResampler

from .audio import GAP_US, AudioPiece
from .demux import Part

_LOGGER = logging.getLogger(__name__)

_RATES: Final = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
"""ISO/IEC 14496-3, table 1.18: sampling frequencies by index."""
_LC, _SBR, _PS = 2, 5, 29
"""ISO/IEC 14496-3, table 1.17: audio object types."""
_SAMPLES: Final = 1024
"""Samples a frame; with SBR the player makes two of each."""
_BIT_RATE: Final = 128_000
_LEAST_BIT_RATE: Final = 128_000
"""Bits a second that a browser gets at least. Chromium's media cache passes on what it has received in
blocks of 32 KiB: without stuffing, sound that packs well, such as silence, would begin 20 s late."""
_MOST_BYTES: Final = (1 << 13) - 1
"""Of a frame with its header: what the header's field of the length can tell."""


class AudioTrack(Protocol):
    """Turns packets of one stream into ADTS frames. Used by one thread."""

    def feed(self, packet: Packet[Any], position: float) -> list[AudioPiece]:
        """Return the frames that a packet at `position`, s, completes; a broken one gives none."""

    def finish(self) -> list[AudioPiece]:
        """Return what was still held back."""


class AdtsHeader:
    """What stands before each frame of a stream (ISO/IEC 14496-3, 1.A.2.2)."""

    def __init__(self, rate_index: int, channels: int) -> None:
        """AAC-LC at the rate of this index, with 1 or 2 channels."""
        self.rate_index, self.channels = rate_index, channels

    @property
    def duration_us(self) -> int:
        """How long a frame sounds, µs."""
        return _SAMPLES * 1_000_000 // _RATES[self.rate_index]

    def before(self, frame: bytes) -> bytes:
        """Return the 7 bytes that go before `frame`."""
        bits = 0xFFF << 44 | 1 << 40  # sync word, MPEG-4, no checksum
        bits |= (_LC - 1) << 38 | self.rate_index << 34 | self.channels << 30
        bits |= (len(frame) + 7) << 13 | 0x7FF << 2  # variable bit rate
        return bits.to_bytes(7)

    @classmethod
    def from_config(cls, config: bytes) -> AdtsHeader | None:
        """Read an AudioSpecificConfig. None if ADTS cannot tell it, or it is not for two ears."""
        bits = _Bits(config)
        kind, rate, channels = bits.take(5), bits.take(4), bits.take(4)
        if kind in (_SBR, _PS):
            extended = bits.take(4)
            if extended == 15:
                bits.take(24)
            kind = bits.take(5)
        short_frames = bits.take(1)
        if kind != _LC or rate >= len(_RATES) or channels not in (1, 2) or short_frames:
            return None
        return cls(rate, channels)

    @classmethod
    def from_frame(cls, data: bytes) -> AdtsHeader | None:
        """Read the header of an ADTS frame. None if there is none, or none to be copied."""
        bits = _Bits(data[:7])
        if bits.take(12) != 0xFFF or len(data) < 7:
            return None
        bits.take(4)
        kind, rate = bits.take(2), bits.take(4)
        bits.take(1)
        channels = bits.take(3)
        if kind != _LC - 1 or rate >= len(_RATES) or channels not in (1, 2):
            return None
        return cls(rate, channels)


def stuffed(frame: bytes, duration_us: int) -> bytes:
    """Return an ADTS frame, with zeros behind it up to the least bit rate.

    A decoder stops at the end that the block itself tells (ISO/IEC 14496-3, 4.4.2.1: ID_END), and a
    parser goes by the length in the header. A frame with a checksum is left as it is.
    """
    least = min(_MOST_BYTES, _LEAST_BIT_RATE * duration_us // 8_000_000)
    if len(frame) >= least or not frame[1] & 1:
        return frame
    header = int.from_bytes(frame[:7]) & ~(_MOST_BYTES << 13) | least << 13
    return header.to_bytes(7) + frame[7:] + bytes(least - len(frame))


class _Bits:
    """Reads bits, first the most significant; zeros behind the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data + bytes(8))
        self._left = len(data) * 8 + 64

    def take(self, count: int) -> int:
        """Return the next bits as a number."""
        self._left -= count
        return self._value >> self._left & (1 << count) - 1


def audio_track(part: Part) -> AudioTrack:
    """Return what makes ADTS frames of a part's sound. The part must have sound."""
    assert part.audio is not None  # noqa: S101  # for the type checker
    codec: AudioCodecContext = part.audio.codec_context
    if codec.name == "aac" and codec.layout.nb_channels <= 2:
        if not codec.extradata:
            return AdtsCopy(None)
        header = AdtsHeader.from_config(codec.extradata)
        if header is not None:
            return AdtsCopy(header)
    return AdtsEncoder(part)


class AdtsCopy:
    """Puts headers before the frames of an MP4 or Matroska; those of MPEG-TS have theirs."""

    def __init__(self, header: AdtsHeader | None) -> None:
        """Without a header, the packets must be ADTS already."""
        self._header = header

    def feed(self, packet: Packet[Any], position: float) -> list[AudioPiece]:
        """Return the packet as a frame."""
        data = bytes(packet)
        header = self._header
        if header is None:
            header = AdtsHeader.from_frame(data)
            if header is None:
                return []
        else:
            data = header.before(data) + data
        data = stuffed(data, header.duration_us)
        return [AudioPiece(round(position * 1_000_000), header.duration_us, data)]

    def finish(self) -> list[AudioPiece]:
        """Hold nothing back."""
        return []


class AdtsEncoder:
    """Decodes, mixes down to stereo and encodes; begins anew behind a gap."""

    def __init__(self, part: Part) -> None:
        """Decode with the stream's own decoder."""
        assert part.audio is not None  # noqa: S101  # for the type checker
        self._part = part
        self._codec = part.audio.codec_context
        rate = self._codec.sample_rate
        self._header = AdtsHeader(_RATES.index(rate if rate in (44100, 48000) else 48000), 2)
        self._rate = _RATES[self._header.rate_index]
        self._next_us: int | None = None
        """Position of the next decoded sample, if it follows on the last."""
        self._begin()

    def feed(self, packet: Packet[Any], position: float) -> list[AudioPiece]:
        """Return the frames that are complete with this packet."""
        try:
            frames = self._codec.decode(packet)
        except av.FFmpegError as err:
            _LOGGER.debug("Broken sound at %.3f s: %s", position, err)
            return []
        return [piece for frame in frames for piece in self._take(frame, position)]

    def finish(self) -> list[AudioPiece]:
        """Return the rest, the last frame filled up with silence."""
        frames = self._resampler.resample(None)
        return [*self._encode(frames), *self._encode([None])]

    def _begin(self) -> None:
        self._resampler = AudioResampler("fltp", "stereo", self._rate, frame_size=_SAMPLES)
        encoder = CodecContext.create("aac", "w")
        encoder.sample_rate, encoder.bit_rate = self._rate, _BIT_RATE
        encoder.format, encoder.layout = "fltp", "stereo"
        self._encoder = encoder
        self._samples = 0
        self._begin_us = 0

    def _take(self, frame: AudioFrame, position: float) -> list[AudioPiece]:
        at = position if frame.pts is None else float(frame.pts * frame.time_base) - self._part.base
        at_us = round(at * 1_000_000)
        done: list[AudioPiece] = []
        if self._next_us is None:
            self._begin_us = at_us
        elif abs(at_us - self._next_us) > GAP_US:
            done = self.finish()
            self._begin()
            self._begin_us = at_us
        self._next_us = at_us + frame.samples * 1_000_000 // frame.sample_rate
        frame.pts = None
        return [*done, *self._encode(self._resampler.resample(frame))]

    def _encode(self, frames: Iterable[AudioFrame | None]) -> list[AudioPiece]:
        pieces = []
        for frame in frames:
            if frame is not None:
                frame.pts = self._samples
                self._samples += frame.samples
            for packet in self._encoder.encode(frame):
                data = bytes(packet)
                at_us = self._begin_us + (packet.pts or 0) * 1_000_000 // self._rate
                duration = self._header.duration_us
                data = stuffed(self._header.before(data) + data, duration)
                pieces.append(AudioPiece(at_us, duration, data))
        return pieces
