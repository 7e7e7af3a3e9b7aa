"""The pattern's beep in the codecs that cameras have, for `rtsp_feed.py`."""

from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

type Beep = Callable[[int, int], NDArray[np.int16]]

BEEP_RATE = 48_000
"""Samples a second of the pattern's beep; one channel. The server's codec data for AAC say the same."""
AAC_FRAME = 1024
"""Samples in a frame of AAC."""
CODECS = {
    "pcma": ("pcm_alaw", 8000, "s16", 160),
    "pcmu": ("pcm_mulaw", 8000, "s16", 160),
    "opus": ("libopus", 48_000, "s16", 960),
    "mp3": ("libmp3lame", 44_100, "s16p", 1152),
    "l16": ("pcm_s16be", 16_000, "s16", 320),
    "latm": ("aac", 48_000, "fltp", 1024),
}
"""FFmpeg's encoder, samples a second, their format and how many a packet has."""


class CodecSound:
    """Encodes what a microphone hears whose clock is fast by a fraction."""

    def __init__(
        self,
        codec: str,
        beep: Beep,
        start: float,
        drift: float,
    ) -> None:
        """`start` is the position of the first sample on the pattern's time line, in seconds."""
        name, self._rate, self._format, self._count = CODECS[codec]
        context = av.CodecContext.create(name, "w")
        assert isinstance(context, av.AudioCodecContext)
        context.sample_rate, context.layout, context.format = self._rate, "mono", self._format
        context.time_base = Fraction(1, self._rate)
        context.bit_rate = 64_000
        self._context = context
        self._second = beep(0, BEEP_RATE)
        self._start = start
        self._true_rate = self._rate * (1 + drift)
        self._position = 0

    def until(self, end: float) -> Iterator[tuple[float, bytes]]:
        """Yield (time by the microphone's clock in seconds, bytes) of what is heard before `end`."""
        while (self._position + self._count) / self._true_rate <= end:
            numbers = np.arange(self._position, self._position + self._count)
            heard = (self._start + numbers / self._true_rate) * BEEP_RATE
            sound = self._second[np.rint(heard).astype(np.int64) % BEEP_RATE]
            wave = sound.astype(np.float32) / 32768 if self._format == "fltp" else sound
            frame = av.AudioFrame.from_ndarray(wave[None], self._format, "mono")
            frame.sample_rate, frame.pts = self._rate, self._position
            frame.time_base = Fraction(1, self._rate)
            self._position += self._count
            for packet in self._context.encode(frame):
                if packet.pts is not None and packet.pts >= 0:
                    yield packet.pts / self._rate, bytes(packet)

    def skip(self, to: float) -> None:
        """Continue at a time, in seconds."""
        self._position = max(self._position, int(to * self._true_rate))


class AacSound:
    """Encodes the pattern's beep of each second to raw AAC-LC frames."""

    def __init__(self, beep: Beep, start: float) -> None:
        """`start` is the position of the first sample on the pattern's time line, in seconds."""
        context = av.CodecContext.create("aac", "w")
        assert isinstance(context, av.AudioCodecContext)
        context.sample_rate = BEEP_RATE
        context.layout = "mono"
        context.format = "fltp"
        context.bit_rate = 64_000
        self._context = context
        self._beep = beep
        self._offset = round(start * BEEP_RATE)
        self._position = 0

    def until(self, end: float) -> Iterator[tuple[float, bytes]]:
        """Yield (start in seconds, bytes) of each frame that starts before `end`."""
        while self._position < end * BEEP_RATE:
            sound = self._beep(self._offset + self._position, AAC_FRAME)
            wave = sound.astype(np.float32)[None] / 32768
            frame = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
            frame.sample_rate = BEEP_RATE
            frame.pts = self._position
            self._position += AAC_FRAME
            for packet in self._context.encode(frame):
                assert packet.pts is not None
                if packet.pts >= 0:  # The encoder primes itself with one frame before the first.
                    yield packet.pts / BEEP_RATE, bytes(packet)

    def skip(self, to: float) -> None:
        """Continue at a time, in seconds."""
        self._position = max(self._position, int(to * BEEP_RATE / AAC_FRAME) * AAC_FRAME)
