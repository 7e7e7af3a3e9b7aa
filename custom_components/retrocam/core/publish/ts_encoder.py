"""Encode pictures and sound to H.264 and AAC in MPEG-TS, in chunks that readers may start at."""

from dataclasses import dataclass
from fractions import Fraction
import io
from typing import Final, Protocol

import av
from av.container import OutputContainer
import numpy as np
from numpy.typing import NDArray

from ..frames.feed import Picture
from ..frames.letterbox import Letterboxer
from .h264 import CLOCK, configure, mark

SAMPLE_RATE: Final = 48_000
"""Audio sample rate in Hz."""

_AAC_FRAME: Final = 1024
"""Samples per frame of AAC-LC, ISO/IEC 14496-3; also the delay of FFmpeg's encoder."""
_GOP_SECONDS: Final = 1.0
_MAX_GAP_SECONDS: Final = 10.0
"""A source may jump ahead this far; a longer jump is removed from the time line."""
PAT_PID: Final = 0
_SDT_PID: Final = 0x11
"""Packet identifiers of the program association table and of the service description."""
VIDEO_PID: Final = 0x100
"""That of FFmpeg's first stream."""
_PACKET: Final = 188
"""Bytes per transport stream packet, ISO/IEC 13818-1."""


class AudioSource(Protocol):
    """Sound on the time line of a picture source."""

    def __call__(self, start: int, count: int, /) -> NDArray[np.int16]:
        """Return `count` samples from sample `start` of the time line: (count,) int16, mono, 48 kHz.

        Called in the encoder's thread, up to 0.1 s ahead of the pictures. Must not block.
        """


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole transport stream packets: one access unit of video, or sound between two of them."""

    data: bytes
    position: float
    """Seconds on the stream's time line."""
    key: bool
    """Whether it starts with the tables (PAT, PMT) and a keyframe, so that a reader may start."""

    def after_gap(self) -> bytes:
        """Return the data with the discontinuity_indicator set, for a reader that missed chunks.

        Set in the first packet with a program clock reference (ISO/IEC 13818-1, 2.4.3.5). Without it
        the demuxer takes the reader's last picture for a broken one.
        """
        data = bytearray(self.data)
        for start in range(0, len(data), _PACKET):
            has_adaptation_field, length = data[start + 3] & 0x20, data[start + 4]
            if has_adaptation_field and length and data[start + 5] & 0x10:
                data[start + 5] |= 0x80
                break
        return bytes(data)


def open_transport_stream(output: io.BytesIO, **options: str) -> OutputContainer:
    """Return a muxer of MPEG-TS with the tables before each picture; `options` are FFmpeg's."""
    return av.open(
        output,
        "w",
        format="mpegts",
        container_options={
            "flush_packets": "1",
            "mpegts_flags": "pat_pmt_at_frames",
            # Write each frame of sound at once, instead of filling packets.
            "pes_payload_size": "0",
            # The service description is useless, but cannot be disabled.
            "sdt_period": "1000",
            **options,
        },
    )


def find_packet(data: bytes, pid: int, start: int, end: int) -> int:
    """Return where the first packet in a range begins that starts a table or frame of `pid`, or -1."""
    # ISO/IEC 13818-1, 2.4.3.2: sync byte, payload_unit_start_indicator, and 13 bits of PID.
    head = bytes((0x47, 0x40 | pid >> 8, pid & 0xFF))
    at = data.find(head, start, end)
    while at >= 0 and at % _PACKET:
        at = data.find(head, at + 1, end)
    return at


class _Timeline:
    """Maps positions of a source, which may restart, to monotonic time stamps."""

    def __init__(self, fps: int) -> None:
        self._frame_seconds = 1 / fps
        self._last: float | None = None
        self.offset = 0.0
        """Seconds to add to a position."""

    def time_stamp(self, position: float) -> float | None:
        """Return the time stamp (s) of a picture; None if less than half a frame after the last."""
        if self._last is not None:
            step = position - self._last
            if 0 <= step < self._frame_seconds / 2:
                return None
            if not 0 < step <= _MAX_GAP_SECONDS:
                self.offset += self._frame_seconds - step
        self._last = position
        return position + self.offset


class _SoundEncoder:
    """Encodes sound in step with the pictures."""

    def __init__(self, context: av.AudioCodecContext, source: AudioSource, start: float) -> None:
        """Start at `start` seconds of the stream's time line."""
        self._context = context
        self._source = source
        self._first = self._next = round(start * SAMPLE_RATE)

    def encode_until(self, end: float, offset: float) -> list[av.Packet[av.AudioStream]]:
        """Return the packets up to a little after `end`, in seconds of the stream's time line.

        `offset` is the stream's time minus the source's position.
        """
        # The muxer delays pictures until there is later sound, and the encoder is one frame behind.
        # Three frames ahead, 64 ms, avoid any delay.
        packets: list[av.Packet[av.AudioStream]] = []
        while self._next < end * SAMPLE_RATE + 3 * _AAC_FRAME:
            samples = self._source(self._next - round(offset * SAMPLE_RATE), _AAC_FRAME)
            wave = samples.astype(np.float32)[None] / 32768
            frame = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
            frame.sample_rate = SAMPLE_RATE
            frame.time_base = Fraction(1, SAMPLE_RATE)
            frame.pts = self._next
            self._next += _AAC_FRAME
            packets += self._context.encode(frame)
        # Drop the priming packet, which precedes the first picture.
        return [packet for packet in packets if (packet.pts or 0) >= self._first]


class TsEncoder:
    """Encodes pictures and optionally sound to MPEG-TS. Used and closed in one thread."""

    def __init__(
        self, *, width: int, height: int, fps: int, tone: AudioSource | None, bitrate: int | None
    ) -> None:
        """Open the encoders. `bitrate` caps the video in bits per second; None: by size and rate.

        Raises av.FFmpegError if this FFmpeg does not support the encoding.
        """
        self._timeline = _Timeline(fps)
        self._letterboxer = Letterboxer(width, height)
        self._tone = tone
        self._sound: _SoundEncoder | None = None
        self._last_key = float("-inf")
        self._half_frame = 0.5 / fps
        self._output = io.BytesIO()
        self._container = open_transport_stream(self._output)
        self._video = self._add_video(width, height, fps, bitrate)
        self._audio = None if tone is None else self._add_audio()

    def close(self) -> None:
        """Close the encoders."""
        self._container.close()

    def encode(self, picture: Picture, *, key: bool = False) -> list[Chunk]:
        """Encode a picture and the sound up to it; as keyframe if `key`, and once a second anyway.

        Returns the chunks without delay, including the picture's own. A picture less than half a frame
        after the last one is dropped. Raises av.FFmpegError.
        """
        position = self._timeline.time_stamp(picture.position)
        if position is None:
            return []
        key = key or position - self._last_key > _GOP_SECONDS - self._half_frame
        if key:
            self._last_key = position
        frame = self._letterboxer.fit(picture.frame)
        mark(frame, round(position * CLOCK), key=key)
        if self._audio is not None and self._tone is not None:
            if self._sound is None:
                self._sound = _SoundEncoder(self._audio.codec_context, self._tone, position)
            for packet in self._sound.encode_until(position, self._timeline.offset):
                packet.stream = self._audio
                self._container.mux_one(packet)
        for packet in self._video.encode(frame):
            self._container.mux_one(packet)
        return self._split_output(position, key=key)

    def _split_output(self, position: float, *, key: bool) -> list[Chunk]:
        """Split the muxer's output at the tables, which precede each picture."""
        data = self._output.getvalue()
        self._output.seek(0)
        self._output.truncate()
        tables = [find_packet(data, pid, 0, len(data)) for pid in (PAT_PID, _SDT_PID)]
        start = min((at for at in tables if at >= 0), default=len(data))
        sound = Chunk(data[:start], position, key=False)
        picture = Chunk(data[start:], position, key=key)
        return [chunk for chunk in (sound, picture) if chunk.data]

    def _add_video(self, width: int, height: int, fps: int, bitrate: int | None) -> av.VideoStream:
        stream = self._container.add_stream("libx264", rate=fps)
        configure(stream.codec_context, width, height, fps, bitrate=bitrate)
        return stream

    def _add_audio(self) -> av.AudioStream:
        stream = self._container.add_stream("aac", rate=SAMPLE_RATE)
        stream.codec_context.layout = "mono"
        stream.codec_context.format = "fltp"
        stream.codec_context.bit_rate = 64_000
        return stream
