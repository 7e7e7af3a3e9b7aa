"""Encodes the test pattern and writes it to standard output, packet by packet, in real time.

The RTSP server (`rtsp_server.py`) runs one such process for each live stream, with the Python
of the tests, since the system's Python of the server has neither PyAV nor numpy. Each is a fork of one
that has imported these, which takes ten times what many a test sends: that one, the program, gets the
standard input and output of each feed over the socket that is its own standard input.

Frame numbers rise by exactly one in a run, however slow the machine is, and follow the clock
between runs: the time of frame n is `epoch + n / fps`. A thawed feed skips to the number that is due,
with a keyframe.

Standard input of a feed: a line of JSON, see `Options`; then lines `freeze`, `thaw`, `shift SECONDS`,
which adds to all presentation times from then on, and `reformat`, followed by a JSON object of `Options`
to change; the feed exits at its end. Its standard output: packets, each with the header `HEADER`.
"""

from collections import deque
from collections.abc import Iterable, Iterator
import contextlib
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import import_module
import json
import os
from pathlib import Path
import signal
import socket
import struct
import sys
import threading
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, cast

import av

if TYPE_CHECKING:
    from custom_components.retrocam.core.pattern.picture import TestPattern

HEADER = struct.Struct(">cIqI")
"""Kind (`v` or `a`), frame number (0 for sound), presentation time in ns, bytes that follow."""

ALAW_SILENCE = b"\xd5"
"""One silent sample, ITU-T G.711, at 8000 samples a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Parameters of the stream."""

    width: int
    height: int
    fps: float
    gop: float
    """Seconds from keyframe to keyframe."""
    codec: str
    """`h264`, `h265` or `mjpeg`."""
    audio: bool
    telephone: bool
    sound: str
    """Codec of the beep; empty for none."""
    sound_drift: float
    b_frames: int
    refresh: bool = False
    """Whether keyframes are spread over the frames of a GOP; H.264 only."""
    stamp_rate: float = 1.0
    """Seconds of presentation time for a second of the clock."""
    stamp_step: float = 0.0
    """Seconds to whose multiples presentation times are rounded down; 0 for none."""
    preset: str = "ultrafast"
    """Of the encoder. Others use other tools, which other parameter sets say."""
    epoch: float
    """UNIX time of frame 0."""
    first: int
    """The lowest frame number to send."""

    @property
    def rate(self) -> Fraction:
        """The frame rate; it may be less than 1."""
        return Fraction(self.fps).limit_denominator(1000)

    @property
    def gop_frames(self) -> int:
        """Frames from keyframe to keyframe."""
        return max(1, round(self.gop * self.fps))


class Valve:
    """The state set by standard input: flowing or frozen, shifted, closed, and the format."""

    def __init__(self) -> None:
        self.flowing = threading.Event()
        self.flowing.set()
        self.closed = threading.Event()
        self.changes = deque[dict[str, Any]]()
        """Options to change."""
        self.shift = 0.0
        """Seconds to add to presentation times."""

    def listen(self) -> None:
        """Read standard input until its end, in a thread of its own."""
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            if word == "shift":
                self.shift += float(rest)
            elif word == "freeze":
                self.flowing.clear()
            elif word == "reformat":
                self.changes.append(json.loads(rest))
            else:
                self.flowing.set()
        self.closed.set()
        self.flowing.set()


class Sound(Protocol):
    """Sound in packets."""

    def until(self, end: float) -> Iterator[tuple[float, bytes]]:
        """Yield (presentation time in seconds, bytes) of each packet that starts before `end`."""
        ...

    def skip(self, to: float) -> None:
        """Continue at a time, in seconds."""


class VideoEncoder:
    """Encodes the test pattern to Annex B access units, with headers before each keyframe."""

    def __init__(self, options: Options, pattern: TestPattern) -> None:
        self._options = options
        self._pattern = pattern
        self._context = self._context_of(options)

    def _context_of(self, options: Options) -> av.VideoCodecContext:
        gop = options.gop_frames
        name = "libx264" if options.codec == "h264" else "libx265"
        context = av.CodecContext.create(name, "w")
        assert isinstance(context, av.VideoCodecContext)
        context.width = options.width
        context.height = options.height
        context.pix_fmt = "yuv420p"
        context.time_base = 1 / options.rate
        context.framerate = options.rate
        context.gop_size = gop
        context.max_b_frames = options.b_frames
        context.thread_count = 1
        common = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={options.b_frames}"
        # x264 may take fewer B-frames than allowed where they do not pay: 0 asks for all of them.
        common += ":b-adapt=0:rc-lookahead=0"
        common += ":intra-refresh=1" * options.refresh
        context.options = {"preset": options.preset, "forced-idr": "1"} | (
            {"x264-params": common}
            if options.codec == "h264"
            else {"x265-params": common + ":log-level=none:pools=none:frame-threads=1"}
        )
        return context

    def encode(self, number: int, first: int, *, key: bool) -> Iterator[tuple[int, bytes]]:
        """Yield (frame number, bytes) of the packets; with B-frames, those of earlier frames."""
        options = self._options
        frame = self._pattern.render(number, options.epoch + number / options.fps)
        frame.pts = number - first
        frame.time_base = 1 / options.rate
        if options.codec == "mjpeg":
            frame.color_range = av.video.reformatter.ColorRange.JPEG
        frame.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        for packet in self._context.encode(frame):
            assert packet.pts is not None
            yield first + packet.pts, bytes(packet)

    def rest(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Yield the frames held back for B-frames. The encoder has ended."""
        for packet in self._context.encode(None):
            assert packet.pts is not None
            yield first + packet.pts, bytes(packet)


class JpegEncoder(VideoEncoder):
    """Encodes the test pattern to JPEG, of the tables that RTP implies, RFC 2435."""

    def _context_of(self, options: Options) -> av.VideoCodecContext:
        context = av.CodecContext.create("mjpeg", "w")
        assert isinstance(context, av.VideoCodecContext)
        context.width, context.height = options.width, options.height
        context.pix_fmt, context.time_base = "yuvj420p", 1 / options.rate
        context.options = {"huffman": "default", "q:v": "3"}
        return context


def import_pattern() -> ModuleType:
    """Import the pattern without running the package's `__init__`, which needs Home Assistant."""
    root = Path(__file__).resolve().parents[1]
    sys.path.insert(0, str(root))
    package = ModuleType("custom_components.retrocam")
    package.__path__ = [str(root / "custom_components" / "retrocam")]
    sys.modules[package.__name__] = package
    return import_module("custom_components.retrocam.core.pattern.picture")


def write(kind: bytes, number: int, seconds: float, payload: bytes) -> None:
    """Write one packet."""
    sys.stdout.buffer.write(HEADER.pack(kind, number, round(seconds * 1e9), len(payload)))
    sys.stdout.buffer.write(payload)


def encoder_of(options: Options, pattern: ModuleType) -> VideoEncoder:
    """Start an encoder, with a keyframe."""
    rate = max(1, round(options.fps))
    kind = JpegEncoder if options.codec == "mjpeg" else VideoEncoder
    return kind(options, pattern.TestPattern(options.width, options.height, rate))


def sound_of(options: Options, start: float) -> Sound | None:
    """Return what encodes the sound from a position on the pattern's time line, in seconds."""
    beep = import_module("custom_components.retrocam.core.pattern.marks").beep
    if not options.sound and not options.audio:
        return None
    codecs = import_module("tests.rtsp_sound")
    sound: Sound = (
        codecs.CodecSound(options.sound, beep, start, options.sound_drift)
        if options.sound
        else codecs.AacSound(beep, start)
    )
    return sound


def send(options: Options, pattern: ModuleType, valve: Valve) -> None:
    """Send until the valve closes. Raises BrokenPipeError."""
    video = encoder_of(options, pattern)
    first = max(options.first, int((time.time() - options.epoch) * options.fps))
    sound = sound_of(options, first / options.fps)
    # When frame `first` was due by the clock: what took long until here delays none of the later ones.
    start = time.monotonic() - max(0.0, time.time() - options.epoch - first / options.fps)
    number = first

    def stamp(seconds: float) -> float:
        stamped = seconds * options.stamp_rate + valve.shift
        return stamped - stamped % options.stamp_step if options.stamp_step else stamped

    def show(frames: Iterable[tuple[int, bytes]]) -> None:
        for sent, payload in frames:
            write(b"v", sent, stamp((sent - first) / options.fps), payload)

    while not valve.closed.wait(start + (number - first) / options.fps - time.monotonic()):
        thawed = not valve.flowing.is_set()
        if thawed:
            valve.flowing.wait()
            number = max(number, first + int((time.monotonic() - start) * options.fps))
            if sound is not None:
                sound.skip((number - first) / options.fps)
        if valve.changes:
            show(video.rest(first))
            options = replace(options, **valve.changes.popleft())
            video = encoder_of(options, pattern)
        if options.telephone:
            write(
                b"a",
                0,
                stamp((number - first) / options.fps),
                ALAW_SILENCE * int(8000 / options.fps),
            )
        show(video.encode(number, first, key=thawed))
        number += 1
        for seconds, payload in sound.until((number - first) / options.fps) if sound else ():
            write(b"a", 0, stamp(seconds), payload)
        sys.stdout.buffer.flush()


def feed(pattern: ModuleType) -> None:
    """Send the stream that the first line of input describes."""
    if not (line := sys.stdin.readline()):
        return
    options = Options(**cast("dict[str, Any]", json.loads(line)))
    valve = Valve()
    threading.Thread(target=valve.listen, name="retrocam-feed-valve", daemon=True).start()
    # The server may have exited.
    with contextlib.suppress(BrokenPipeError):
        send(options, pattern, valve)


def main() -> None:
    """Fork a feed for each standard input and output that arrive, until the server closes the socket."""
    pattern = import_pattern()
    for name in ("custom_components.retrocam.core.pattern.marks", "tests.rtsp_sound"):
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a feed
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    while ends := socket.recv_fds(control, 1, 2)[1]:
        if os.fork() == 0:
            control.close()
            for end, standard in zip(ends, (sys.stdin, sys.stdout), strict=True):
                os.dup2(end, standard.fileno())
                os.close(end)
            feed(pattern)
            os._exit(0)
        for end in ends:
            os.close(end)


if __name__ == "__main__":
    main()
