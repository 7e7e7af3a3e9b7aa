"""Encodes pictures and sound to H.264 and AAC in MPEG-TS, cut where a reader may begin."""

from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Final, Protocol, Self

import av
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
import numpy as np
from numpy.typing import NDArray

from ..frames.feed import Picture
from ..frames.letterbox import Fitter

SAMPLE_RATE: Final = 48_000
"""Samples of sound a second."""

_CLOCK: Final = 90_000
"""Ticks a second of MPEG-TS time stamps, ISO/IEC 13818-1."""
_AAC_FRAME: Final = 1024
"""Samples in a frame of AAC-LC, ISO/IEC 14496-3; also what FFmpeg's encoder is behind."""
_GOP_SECONDS: Final = 1.0
_LONGEST_GAP: Final = 10.0
"""Seconds that a source may jump ahead; a longer jump is closed up."""
_BITS_PER_PIXEL: Final = 0.13
"""Caps 1280x720 at 25 fps at 3 Mbit/s."""
_PACKET: Final = 188
"""Bytes of a transport stream packet, ISO/IEC 13818-1."""


class AudioSource(Protocol):
    """Sound on the time line of a picture source."""

    def __call__(self, start: int, count: int, /) -> NDArray[np.int16]:
        """Return `count` samples from sample `start` of the time line: (count,) int16, mono, 48 kHz.

        Called in the encoder's thread, up to 0.1 s ahead of the pictures. Must not wait.
        """


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole transport stream packets: one access unit of video, or sound between two of them."""

    data: bytes
    position: float
    """Seconds on the stream's time line."""
    key: bool
    """Whether it begins with the tables (PAT, PMT) and a keyframe, so that a reader may begin."""

    def after_gap(self) -> bytes:
        """Return the data, for a reader who missed what came before.

        The first packet with a program clock reference says so, or else the reader would take the
        last picture that it has for a broken one: ISO/IEC 13818-1, 2.4.3.5, discontinuity_indicator.
        """
        data = bytearray(self.data)
        for start in range(0, len(data), _PACKET):
            has_adaptation_field, length = data[start + 3] & 0x20, data[start + 4]
            if has_adaptation_field and length and data[start + 5] & 0x10:
                data[start + 5] |= 0x80
                break
        return bytes(data)


class _Timeline:
    """Turns positions of a source into time stamps that only rise, also when the source begins anew."""

    def __init__(self, fps: int) -> None:
        self._frame = 1 / fps
        self._last: float | None = None
        self.offset = 0.0
        """Seconds to add to a position."""

    def place(self, position: float) -> float | None:
        """Return the seconds of a picture; None for one that comes too early to be shown."""
        if self._last is not None:
            ahead = position - self._last
            if 0 <= ahead < self._frame / 2:
                return None
            if not 0 < ahead <= _LONGEST_GAP:
                self.offset += self._frame - ahead
        self._last = position
        return position + self.offset


class _Pipe:
    """The file that the muxer writes to."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


class _Sound:
    """Encodes sound up to a time, in step with the pictures."""

    def __init__(self, context: av.AudioCodecContext, source: AudioSource, start: float) -> None:
        """Begin at `start` seconds of the stream's time line."""
        self._context = context
        self._source = source
        self._first = self._next = round(start * SAMPLE_RATE)

    def until(self, end: float, offset: float) -> list[av.Packet[av.AudioStream]]:
        """Return the packets up to a little after `end`, in seconds of the stream's time line.

        `offset` is what is to be added to a source's position to get there.
        """
        # The muxer holds pictures back until there is sound of a later time; the encoder gives each
        # frame after the next one. Three frames ahead, 64 ms, nothing is ever held back.
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
        # The first packet only primes the decoder, from before the first picture.
        return [packet for packet in packets if (packet.pts or 0) >= self._first]


class TsEncoder:
    """Encodes pictures, and sound if there is some, to MPEG-TS. For one thread; close it there."""

    def __init__(
        self, *, width: int, height: int, fps: int, tone: AudioSource | None, bitrate: int | None
    ) -> None:
        """Open the encoders. `bitrate` caps the video, bits a second; None: by size and rate.

        Raises av.FFmpegError when this FFmpeg cannot encode so.
        """
        self._timeline = _Timeline(fps)
        self._fitter = Fitter(width, height)
        self._tone = tone
        self._sound: _Sound | None = None
        self._last_key = float("-inf")
        self._early = 0.5 / fps
        self._pipe = _Pipe()
        self._container = av.open(
            self._pipe,
            "w",
            format="mpegts",
            container_options={
                "flush_packets": "1",
                "mpegts_flags": "pat_pmt_at_frames",
                # Each frame of sound at once, not when enough of them fill a packet.
                "pes_payload_size": "0",
                # The name of the service: nobody needs it, but it cannot be left out.
                "sdt_period": "1000",
            },
        )
        self._video = self._add_video(width, height, fps, bitrate)
        self._audio = None if tone is None else self._add_audio()

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the encoders."""
        self._container.close()

    def encode(self, picture: Picture, *, key: bool = False) -> list[Chunk]:
        """Encode a picture and the sound up to it; as a keyframe if `key`, and once a second anyway.

        Returns what is ready to be sent: with a picture its own chunk, nothing held back. A picture
        less than half a frame after the last one is left out. Raises av.FFmpegError.
        """
        position = self._timeline.place(picture.position)
        if position is None:
            return []
        key = key or position - self._last_key > _GOP_SECONDS - self._early
        if key:
            self._last_key = position
        frame = self._fitter.fit(picture.frame)
        frame.pts = round(position * _CLOCK)
        frame.time_base = Fraction(1, _CLOCK)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        if self._audio is not None and self._tone is not None:
            if self._sound is None:
                self._sound = _Sound(self._audio.codec_context, self._tone, position)
            for packet in self._sound.until(position, self._timeline.offset):
                packet.stream = self._audio
                self._container.mux_one(packet)
        for packet in self._video.encode(frame):
            self._container.mux_one(packet)
        return self._cut(position, key=key)

    def _cut(self, position: float, *, key: bool) -> list[Chunk]:
        """Cut what the muxer wrote before the tables, which precede each picture."""
        data = self._pipe.take()
        packets = np.frombuffer(data, np.uint8).reshape(-1, _PACKET)
        # Packets of the program association table have PID 0, of the service description 0x11.
        tables = np.flatnonzero((packets[:, 1] & 0x1F == 0) & np.isin(packets[:, 2], (0, 0x11)))
        start = int(tables[0]) * _PACKET if len(tables) else len(data)
        parts = ((data[:start], False), (data[start:], key))
        return [Chunk(part, position, key=first) for part, first in parts if part]

    def _add_video(self, width: int, height: int, fps: int, bitrate: int | None) -> av.VideoStream:
        stream = self._container.add_stream("libx264", rate=fps)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, _CLOCK)
        # Lines of blocks encoded side by side cost bits, and most machines have cameras to decode.
        context.thread_count = 1
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        cap = str(bitrate or round(width * height * fps * _BITS_PER_PIXEL))
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": "23",
            "maxrate": cap,
            "bufsize": cap,
            "bf": "0",
            "aud": "1",
            # Keyframes come when `encode` asks for them: by time, whatever the source's rate.
            "forced-idr": "1",
            "x264-params": "scenecut=0:keyint=infinite:open-gop=0",
        }
        return stream

    def _add_audio(self) -> av.AudioStream:
        stream = self._container.add_stream("aac", rate=SAMPLE_RATE)
        stream.codec_context.layout = "mono"
        stream.codec_context.format = "fltp"
        stream.codec_context.bit_rate = 64_000
        return stream
