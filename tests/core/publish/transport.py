"""Pictures on order, and what is to be seen and heard in a transport stream."""

from dataclasses import dataclass, field
import io
import threading

import av
import numpy as np

from custom_components.retrocam.core.frames.feed import Picture, Sink
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.pattern.picture import (
    SAMPLE_RATE,
    TestPattern,
    flash_visible,
    read_frame_number,
)

FPS = 25
PACKET = 188
"""Bytes of a transport stream packet."""
PATTERN = TestPattern(320, 180, FPS)


def picture(number: int, *, position: float | None = None) -> Picture:
    """Draw a small picture that shows its number."""
    seconds = number / FPS
    return Picture(
        PATTERN.render(number, seconds), seconds, seconds if position is None else position
    )


def noise(number: int) -> Picture:
    """Make a picture that costs as many bits as any can."""
    frame = av.VideoFrame(320, 180, "yuv420p")
    random = np.random.default_rng(number)
    for plane in frame.planes:
        plane.update(random.integers(16, 236, plane.buffer_size, np.uint8).tobytes())
    return Picture(frame, number / FPS, number / FPS)


def has_picture(chunk: bytes) -> bool:
    """Tell whether transport stream packets of video, PID 0x100, are among these."""
    headers = np.frombuffer(chunk, np.uint8).reshape(-1, PACKET)
    return bool(((headers[:, 1] & 0x1F == 1) & (headers[:, 2] == 0)).any())


class Reel:
    """A source of numbered pictures that makes as many as were allowed, as fast as it can."""

    def __init__(self, first: int = 0) -> None:
        self.made = 0
        self._next = first
        self._permits = threading.Semaphore(0)

    def allow(self, count: int) -> None:
        """Let this many more be made. Any thread."""
        self._permits.release(count)

    def run(self, emit: Sink, stop: threading.Event) -> None:
        while not stop.is_set():
            if self._permits.acquire(timeout=0.01):
                emit(picture(self._next))
                self.made += 1
                self._next += 1


@dataclass
class Seen:
    """What a player shows of a transport stream."""

    numbers: list[int | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """Presentation times of the pictures, in seconds."""
    flashes: list[float] = field(default_factory=list)
    """Presentation times of the pictures in which the flash begins."""
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
        """Return when beeps begin, in seconds."""
        begins: list[float] = []
        quiet_since = float("-inf")
        for time, loudness in self.sound:
            if loudness > 0.1:
                if time - quiet_since > 0.5:
                    begins.append(time)
                quiet_since = time
        return begins


def play(container: av.container.InputContainer, pictures: int | None = None) -> Seen:
    """Decode a stream to its end, or until so many pictures were seen."""
    seen = Seen()
    for packet in container.demux():
        for frame in packet.decode():
            if isinstance(frame, av.VideoFrame):
                seen.add_picture(frame)
            elif isinstance(frame, av.AudioFrame):
                seen.add_sound(frame)
        if pictures is not None and len(seen.numbers) >= pictures:
            break
    return seen


def played(data: bytes) -> Seen:
    """Decode transport stream bytes."""
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        return play(container)
