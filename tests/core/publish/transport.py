"""Pictures on request, and the decoded content of a transport stream."""

from dataclasses import dataclass, field
import io
import threading

import av
import numpy as np

from custom_components.retrocam.core.frames.feed import Picture, Sink
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.pattern.marks import SAMPLE_RATE
from custom_components.retrocam.core.pattern.picture import TestPattern

from ...pattern_reader import flash_visible, read_frame_number

FPS = 25
PACKET = 188
"""Bytes per transport stream packet."""
PATTERN = TestPattern(320, 180, FPS)


def picture(number: int, *, position: float | None = None) -> Picture:
    """Draw a small numbered picture."""
    seconds = number / FPS
    return Picture(
        PATTERN.render(number, seconds), seconds, seconds if position is None else position
    )


def noise(number: int) -> Picture:
    """Return a picture of noise, the worst case for the bitrate."""
    frame = av.VideoFrame(320, 180, "yuv420p")
    random = np.random.default_rng(number)
    for plane in frame.planes:
        plane.update(random.integers(16, 236, plane.buffer_size, np.uint8).tobytes())
    return Picture(frame, number / FPS, number / FPS)


def has_picture(chunk: bytes) -> bool:
    """Return whether there are transport stream packets of video, PID 0x100."""
    headers = np.frombuffer(chunk, np.uint8).reshape(-1, PACKET)
    return bool(((headers[:, 1] & 0x1F == 1) & (headers[:, 2] == 0)).any())


class NumberedSource:
    """A source of numbered pictures that emits as many as allowed, as fast as possible."""

    def __init__(self, first: int = 0) -> None:
        self.made = 0
        self._next = first
        self._permits = threading.Semaphore(0)

    def allow(self, count: int) -> None:
        """Allow `count` more pictures. Any thread."""
        self._permits.release(count)

    def run(self, emit: Sink, stop: threading.Event) -> None:
        while not stop.is_set():
            if self._permits.acquire(timeout=0.01):
                drawn = picture(self._next)
                self._next += 1
                # Before it is sent: whoever has read it may count at once.
                self.made += 1
                emit(drawn)


@dataclass
class DecodedStream:
    """Decoded content of a transport stream."""

    numbers: list[int | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """Presentation times of the pictures, in seconds."""
    flashes: list[float] = field(default_factory=list)
    """Presentation times of the pictures in which the flash starts."""
    sound: list[tuple[float, float]] = field(default_factory=list)
    """Presentation time and loudness, 0 to 1, of each millisecond of sound."""

    def add_picture(self, frame: av.VideoFrame) -> None:
        luma = planes(frame)[0]
        self.numbers.append(read_frame_number(luma))
        self.times.append(frame.time)
        if flash_visible(luma):
            last = self.flashes[-1] if self.flashes else float("-inf")
            if frame.time - last > 0.5:
                self.flashes.append(frame.time)

    def add_sound(self, frame: av.AudioFrame) -> None:
        assert frame.sample_rate == SAMPLE_RATE
        assert frame.time is not None
        wave = np.abs(frame.to_ndarray()[0])
        for start in range(0, len(wave), 48):
            loudness = float(wave[start : start + 48].max())
            self.sound.append((frame.time + start / SAMPLE_RATE, loudness))

    def beeps(self) -> list[float]:
        """Return the start times of beeps, in seconds."""
        begins: list[float] = []
        quiet_since = float("-inf")
        for time, loudness in self.sound:
            if loudness > 0.1:
                if time - quiet_since > 0.5:
                    begins.append(time)
                quiet_since = time
        return begins


def play(container: av.container.InputContainer, pictures: int | None = None) -> DecodedStream:
    """Decode a stream to its end, or up to a number of pictures."""
    decoded = DecodedStream()
    for packet in container.demux():
        for frame in packet.decode():
            if isinstance(frame, av.VideoFrame):
                decoded.add_picture(frame)
            elif isinstance(frame, av.AudioFrame):
                decoded.add_sound(frame)
        if pictures is not None and len(decoded.numbers) >= pictures:
            break
    return decoded


def played(data: bytes) -> DecodedStream:
    """Decode transport stream bytes."""
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        return play(container)
