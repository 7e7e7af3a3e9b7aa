"""Audio packets to ADTS frames: AAC-LC in mono or stereo is copied, all else encoded to stereo."""

from collections.abc import Iterable
import io
import logging
from typing import Any, Final

import av
from av import AudioCodecContext, AudioFrame, AudioStream, CodecContext, Packet
from av.audio.resampler import AudioResampler

from .audio import GAP_US, AdtsFrame
from .demux import MediaSection

_LOGGER = logging.getLogger(__name__)

_RATES: Final = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
"""ISO/IEC 14496-3, table 1.18: sampling frequencies by index."""
_LC_PROFILE: Final = 1
_SAMPLES: Final = 1024
"""Samples per frame at the core's rate; SBR doubles both in the player."""
_BIT_RATE: Final = 128_000
_MIN_BIT_RATE: Final = 128_000
"""Bits/s sent to browsers. Chromium's media cache passes data on in blocks of 32 KiB: without padding,
audio that packs well, such as silence, would start 20 s late."""
_HEADER_BYTES: Final = 7
_MAX_FRAME_BYTES: Final = (1 << 13) - 1
"""Limit of the header's frame length field, header included."""
_ENCODED_HEADERS: Final = {44100: 0xFFF15080001FFC, 48000: 0xFFF14C80001FFC}
"""AAC-LC stereo, variable bit rate, no checksum; by sample rate."""


type AudioTrack = AdtsCopy | AdtsEncoder
"""Turns packets of one stream into ADTS frames. Used by one thread."""


class AdtsHeader:
    """Header of a stream's ADTS frames, apart from their length (ISO/IEC 14496-3, 1.A.2.2)."""

    def __init__(self, bits: int) -> None:
        self._bits = bits & ~(_MAX_FRAME_BYTES << 13)
        self.duration_us = _SAMPLES * 1_000_000 // _RATES[bits >> 34 & 15]
        self._min_bytes = min(_MAX_FRAME_BYTES, _MIN_BIT_RATE * self.duration_us // 8_000_000)

    @classmethod
    def from_stream(cls, stream: AudioStream) -> AdtsHeader | None:
        """Have FFmpeg's muxer write the header of an AAC stream. None unless `from_frame` accepts it."""
        output = io.BytesIO()
        try:
            with av.open(output, "w", format="adts") as muxer:
                probe: Packet[Any] = Packet(b"\0")
                probe.stream = muxer.add_stream_from_template(stream)
                muxer.mux(probe)
        except av.FFmpegError, ValueError:
            return None
        return cls.from_frame(output.getvalue())

    @classmethod
    def from_frame(cls, data: bytes) -> AdtsHeader | None:
        """Read the header of an ADTS frame. None unless it is AAC-LC in mono or stereo."""
        bits = int.from_bytes(data[:_HEADER_BYTES])
        if len(data) < _HEADER_BYTES or bits >> 44 != 0xFFF or bits >> 38 & 3 != _LC_PROFILE:
            return None
        return cls(bits) if bits >> 34 & 15 < len(_RATES) and bits >> 30 & 7 in (1, 2) else None

    def frame(self, payload: bytes) -> bytes:
        """Return the ADTS frame of a raw data block, zero-padded to the minimum bit rate.

        A decoder stops at the block's ID_END (ISO/IEC 14496-3, 4.4.2.1), a parser at `length`.
        """
        length = max(len(payload) + _HEADER_BYTES, self._min_bytes)
        header = (self._bits | length << 13).to_bytes(_HEADER_BYTES)
        return header + payload.ljust(length - _HEADER_BYTES, b"\0")


def audio_track(section: MediaSection) -> AudioTrack:
    """Return the converter for the audio of `section`, which must have some."""
    assert section.audio is not None  # noqa: S101  # for the type checker
    codec: AudioCodecContext = section.audio.codec_context
    if codec.name == "aac" and codec.layout.nb_channels <= 2:
        if not codec.extradata:
            return AdtsCopy(None)
        header = AdtsHeader.from_stream(section.audio)
        if header is not None:
            return AdtsCopy(header)
    return AdtsEncoder(section)


class AdtsCopy:
    """Prepends headers to AAC of MP4 or Matroska; AAC of MPEG-TS is ADTS already."""

    def __init__(self, header: AdtsHeader | None) -> None:
        """Without a header, packets must be ADTS."""
        self._header = header

    def feed(self, packet: Packet[Any], position: float) -> list[AdtsFrame]:
        """Return the packet at `position`, s, as a frame; nothing for a malformed one."""
        data = bytes(packet)
        header = self._header or AdtsHeader.from_frame(data)
        if header is None:
            return []
        if self._header is not None:
            data = header.frame(data)
        elif data[1] & 1:  # a checksum would cover the length
            data = header.frame(data[_HEADER_BYTES:])
        return [AdtsFrame(round(position * 1_000_000), header.duration_us, data)]

    def finish(self) -> list[AdtsFrame]:
        """Nothing is buffered."""
        return []


class AdtsEncoder:
    """Decodes, downmixes to stereo and encodes; restarts the encoder after a gap."""

    def __init__(self, section: MediaSection) -> None:
        assert section.audio is not None  # noqa: S101  # for the type checker
        self._section = section
        self._codec = section.audio.codec_context
        rate = self._codec.sample_rate
        self._rate = rate if rate in _ENCODED_HEADERS else 48000
        self._header = AdtsHeader(_ENCODED_HEADERS[self._rate])
        self._next_us: int | None = None
        """Expected position of the next decoded sample."""
        self._start_encoder()

    def feed(self, packet: Packet[Any], position: float) -> list[AdtsFrame]:
        """Return the frames completed by a packet at `position`, s; nothing for a broken one."""
        try:
            decoded = self._codec.decode(packet)
        except av.FFmpegError as err:
            _LOGGER.debug("Broken audio at %.3f s: %s", position, err)
            return []
        return [adts for frame in decoded for adts in self._convert(frame, position)]

    def finish(self) -> list[AdtsFrame]:
        """Flush the encoder; the last frame is padded with silence."""
        frames = self._resampler.resample(None)
        return [*self._encode(frames), *self._encode([None])]

    def _start_encoder(self) -> None:
        self._resampler = AudioResampler("fltp", "stereo", self._rate, frame_size=_SAMPLES)
        encoder = CodecContext.create("aac", "w")
        encoder.sample_rate, encoder.bit_rate = self._rate, _BIT_RATE
        encoder.format, encoder.layout = "fltp", "stereo"
        self._encoder = encoder
        self._samples = 0
        self._start_us = 0

    def _convert(self, frame: AudioFrame, position: float) -> list[AdtsFrame]:
        if frame.pts is not None:
            position = float(frame.pts * frame.time_base) - self._section.base
        start_us = round(position * 1_000_000)
        flushed: list[AdtsFrame] = []
        if self._next_us is None:
            self._start_us = start_us
        elif abs(start_us - self._next_us) > GAP_US:
            flushed = self.finish()
            self._start_encoder()
            self._start_us = start_us
        self._next_us = start_us + frame.samples * 1_000_000 // frame.sample_rate
        frame.pts = None
        return [*flushed, *self._encode(self._resampler.resample(frame))]

    def _encode(self, frames: Iterable[AudioFrame | None]) -> list[AdtsFrame]:
        encoded = []
        duration_us = self._header.duration_us
        for frame in frames:
            if frame is not None:
                frame.pts = self._samples
                self._samples += frame.samples
            for packet in self._encoder.encode(frame):
                start_us = self._start_us + (packet.pts or 0) * 1_000_000 // self._rate
                encoded.append(AdtsFrame(start_us, duration_us, self._header.frame(bytes(packet))))
        return encoded
