"""Encodes the test pattern and writes it to standard output, packet by packet, at its own pace.

The RTSP server (`rtsp_server.py`) runs one of these for each of its live streams, in the Python
that runs the tests, since the system's Python of the server has neither PyAV nor numpy.

Frame numbers rise by exactly one inside a run, however late the machine is, and follow the clock
between runs: frame n was taken at `epoch + n / fps`. A thawed feed jumps to the number that is due,
with a keyframe.

Standard input: a line with a JSON object, see `Options`, for which it waits with all else ready; then
lines `freeze` and `thaw`. Its end is the end of the feed. Standard output: packets, each with the
header `HEADER`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
import json
from pathlib import Path
import struct
import sys
import threading
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from custom_components.retrocam.core.pattern.picture import TestPattern

type Beep = Callable[[int, int], NDArray[np.int16]]

HEADER = struct.Struct(">cIqI")
"""Kind (`v` or `a`), frame number (0 for sound), presentation time in ns, bytes that follow."""

AUDIO_RATE = 48_000
"""Samples a second; one channel. The server's codec data say the same."""
AUDIO_FRAME = 1024
"""Samples in a frame of AAC."""

ALAW_SILENCE = b"\xd5"
"""One sample of nothing, ITU-T G.711; 8000 of them are a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to send."""

    width: int
    height: int
    fps: int
    gop: float
    """Seconds from keyframe to keyframe."""
    codec: str
    """`h264` or `h265`."""
    audio: bool
    telephone: bool
    b_frames: int
    epoch: float
    """UNIX time of frame 0."""
    first: int
    """The lowest number that may be sent."""

    @property
    def gop_frames(self) -> int:
        """Frames from keyframe to keyframe."""
        return max(1, round(self.gop * self.fps))


class Valve:
    """What standard input says: whether to flow, and when to end."""

    def __init__(self) -> None:
        self.flowing = threading.Event()
        self.flowing.set()
        self.closed = threading.Event()

    def listen(self) -> None:
        """Obey standard input until its end; runs in a thread of its own."""
        for line in sys.stdin:
            if line.strip() == "freeze":
                self.flowing.clear()
            else:
                self.flowing.set()
        self.closed.set()
        self.flowing.set()


class VideoEncoder:
    """Frames of the test pattern to access units in Annex B, headers before each keyframe."""

    def __init__(self, options: Options, pattern: TestPattern) -> None:
        self._options = options
        self._pattern = pattern
        gop = options.gop_frames
        name = "libx264" if options.codec == "h264" else "libx265"
        context = av.CodecContext.create(name, "w")
        assert isinstance(context, av.VideoCodecContext)
        context.width = options.width
        context.height = options.height
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, options.fps)
        context.framerate = Fraction(options.fps)
        context.gop_size = gop
        context.max_b_frames = options.b_frames
        context.thread_count = 1
        common = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={options.b_frames}"
        # x264 may take fewer B-frames than allowed where they do not pay: 0 asks for all of them.
        common += ":b-adapt=0:rc-lookahead=0"
        context.options = {"preset": "ultrafast", "forced-idr": "1"} | (
            {"x264-params": common}
            if options.codec == "h264"
            else {"x265-params": common + ":log-level=none:pools=none:frame-threads=1"}
        )
        self._context = context

    def encode(self, number: int, first: int, *, key: bool) -> Iterator[tuple[int, bytes]]:
        """Yield (frame number, bytes) of what comes out; with B-frames that is an earlier frame."""
        options = self._options
        frame = self._pattern.render(number, options.epoch + number / options.fps)
        frame.pts = number - first
        frame.time_base = Fraction(1, options.fps)
        frame.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        for packet in self._context.encode(frame):
            assert packet.pts is not None
            yield first + packet.pts, bytes(packet)


class SoundEncoder:
    """The pattern's sound, a beep each second, in raw AAC-LC frames."""

    def __init__(self, beep: Beep, start: float) -> None:
        """`start` is where the source's own time line begins here, in seconds."""
        context = av.CodecContext.create("aac", "w")
        assert isinstance(context, av.AudioCodecContext)
        context.sample_rate = AUDIO_RATE
        context.layout = "mono"
        context.format = "fltp"
        context.bit_rate = 64_000
        self._context = context
        self._beep = beep
        self._offset = round(start * AUDIO_RATE)
        self._position = 0

    def until(self, end: float) -> Iterator[tuple[float, bytes]]:
        """Yield (start in seconds, bytes) of each frame that starts before `end`."""
        while self._position < end * AUDIO_RATE:
            sound = self._beep(self._offset + self._position, AUDIO_FRAME)
            wave = sound.astype(np.float32)[None] / 32768
            frame = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
            frame.sample_rate = AUDIO_RATE
            frame.pts = self._position
            self._position += AUDIO_FRAME
            for packet in self._context.encode(frame):
                assert packet.pts is not None
                if packet.pts >= 0:  # The encoder primes itself with one frame before the first.
                    yield packet.pts / AUDIO_RATE, bytes(packet)

    def skip(self, to: float) -> None:
        """Go on at a time, in seconds."""
        self._position = max(self._position, int(to * AUDIO_RATE / AUDIO_FRAME) * AUDIO_FRAME)


def import_pattern() -> ModuleType:
    """Import the pattern without running the package's `__init__`, which needs Home Assistant."""
    root = Path(__file__).resolve().parents[1]
    sys.path.insert(0, str(root))
    package = ModuleType("custom_components.retrocam")
    package.__path__ = [str(root / "custom_components" / "retrocam")]
    sys.modules[package.__name__] = package
    return import_module("custom_components.retrocam.core.pattern.picture")


def write(kind: bytes, number: int, seconds: float, payload: bytes) -> None:
    """Send one packet."""
    sys.stdout.buffer.write(HEADER.pack(kind, number, round(seconds * 1e9), len(payload)))
    sys.stdout.buffer.write(payload)


def send(options: Options, pattern: ModuleType, valve: Valve) -> None:
    """Send until the valve closes or nobody reads."""
    video = VideoEncoder(options, pattern.TestPattern(options.width, options.height, options.fps))
    first = max(options.first, int((time.time() - options.epoch) * options.fps))
    sound = SoundEncoder(pattern.beep, first / options.fps) if options.audio else None
    start = time.monotonic()
    number = first
    while not valve.closed.wait(start + (number - first) / options.fps - time.monotonic()):
        thawed = not valve.flowing.is_set()
        if thawed:
            valve.flowing.wait()
            number = max(number, first + int((time.monotonic() - start) * options.fps))
            if sound is not None:
                sound.skip((number - first) / options.fps)
        if options.telephone:
            write(b"a", 0, (number - first) / options.fps, ALAW_SILENCE * (8000 // options.fps))
        for sent, payload in video.encode(number, first, key=thawed):
            write(b"v", sent, (sent - first) / options.fps, payload)
        number += 1
        if sound is not None:
            for seconds, payload in sound.until((number - first) / options.fps):
                write(b"a", 0, seconds, payload)
        sys.stdout.buffer.flush()


def main() -> None:
    """Send what the first line asks for."""
    pattern = import_pattern()
    if not (line := sys.stdin.readline()):
        return
    options = Options(**cast("dict[str, Any]", json.loads(line)))
    valve = Valve()
    threading.Thread(target=valve.listen, name="retrocam-feed-valve", daemon=True).start()
    try:
        send(options, pattern, valve)
    except BrokenPipeError:
        # The server is gone. Python would complain when it flushes at exit.
        sys.stdout = None


if __name__ == "__main__":
    main()
