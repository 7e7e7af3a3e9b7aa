"""The mounts of the tests' RTSP server, and the processes that feed them; part of `rtsp_server.py`.

Frames are encoded by `rtsp_feed.py`, one process for each active stream. All clients of a
mount share its stream. Streams run in threads of GStreamer; `House.lock` guards the state
shared with commands.
"""

from collections.abc import Callable
import contextlib
import json
import os
from pathlib import Path
import socket
import struct
import subprocess
import threading
from typing import IO, Any

from .rtsp_gst import Gst, GstRtsp, GstRtspServer

HEADER = struct.Struct(">cIqI")
"""As in `rtsp_feed.py`."""
FEED = Path(__file__).with_name("rtsp_feed.py")
VIDEO_CAPS = "video/x-{codec},stream-format=byte-stream,alignment=au"
# AAC-LC, 48 kHz, one channel: the AudioSpecificConfig of ISO 14496-3.
AUDIO_CAPS = (
    "audio/mpeg,mpegversion=4,stream-format=raw,rate=48000,channels=1,codec_data=(buffer)1188"
)
SOUNDS = {
    "pcma": ("audio/x-alaw,rate=8000,channels=1", "rtppcmapay name=pay1 pt=8"),
    "pcmu": ("audio/x-mulaw,rate=8000,channels=1", "rtppcmupay name=pay1 pt=0"),
    "opus": (
        "audio/x-opus,rate=48000,channels=1,channel-mapping-family=0",
        "rtpopuspay name=pay1 pt=97",
    ),
    "mp3": (
        "audio/mpeg,mpegversion=1,layer=3,parsed=true,rate=44100,channels=1",
        "rtpmpapay name=pay1 pt=14",
    ),
    "l16": (
        "audio/x-raw,format=S16BE,layout=interleaved,rate=16000,channels=1",
        "rtpL16pay name=pay1 pt=97",
    ),
    "latm": (AUDIO_CAPS, "rtpmp4apay name=pay1 pt=97"),
}
"""The caps and the payloader of each codec of `MountOptions.sound`."""
FEED_OPTIONS = (
    "width",
    "height",
    "fps",
    "gop",
    "codec",
    "preset",
    "audio",
    "telephone",
    "sound",
    "sound_drift",
    "b_frames",
    "refresh",
    "stamp_rate",
    "stamp_step",
)


class Pipes:
    """The standard input and output of a process, which ends when they are closed."""

    def __init__(self) -> None:
        input_end, stdin = os.pipe()
        stdout, output_end = os.pipe()
        self.ends = (input_end, output_end)
        """Those of the process."""
        self.stdin: IO[bytes] = os.fdopen(stdin, "wb")
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb")


class Feed:
    """A process of `rtsp_feed.py`, and the thread that pushes its packets into a pipeline."""

    def __init__(
        self,
        process: Pipes,
        options: dict[str, Any],
        sent: Callable[[int], None],
        bin_: Any,
    ) -> None:
        self._sent = sent
        self._sources = {b"v": bin_.get_by_name("video"), b"a": bin_.get_by_name("audio")}
        self._process = process
        self.tell(json.dumps(options))
        self._thread = threading.Thread(target=self._carry, name="feed")
        self._thread.start()

    def tell(self, word: str) -> None:
        """Write a line."""
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()

    def close(self) -> None:
        """End process and thread."""
        # A feed that has exited before it read its options leaves them unwritten.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._thread.join()
        self._process.stdout.close()

    def _carry(self) -> None:
        stdout = self._process.stdout
        while len(head := stdout.read(HEADER.size)) == HEADER.size:
            kind, number, time, size = HEADER.unpack(head)
            payload = stdout.read(size)
            if len(payload) < size:
                return
            buffer = Gst.Buffer.new_wrapped(payload)
            buffer.pts = time
            self._sources[kind].emit("push-buffer", buffer)
            if kind == b"v":
                self._sent(number)


class House:
    """State shared by all mounts."""

    def __init__(self, python: str, epoch: float) -> None:
        self.epoch = epoch
        self.lock = threading.RLock()
        # On a busy machine, a start takes longer than FFmpeg's timeout: one is started in advance, and
        # forks. A library that has started threads must not fork.
        self._control, theirs = socket.socketpair()
        with theirs:
            self._nursery = subprocess.Popen(
                [python, str(FEED)],
                stdin=theirs.fileno(),
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            )

    def process(self) -> Pipes:
        """Return the ends of a new process for a feed."""
        pipes = Pipes()
        socket.send_fds(self._control, [b"."], pipes.ends)
        for end in pipes.ends:
            os.close(end)
        return pipes

    def close(self) -> None:
        """End the process that forks."""
        self._control.close()
        self._nursery.wait()


class Mount:
    """One path of the server."""

    def __init__(self, house: House, path: str, options: dict[str, Any]) -> None:
        self.path = path
        self.options = options
        self.refusal = 0
        self.ever = 0
        self.watchers: set[Any] = set()
        """The clients that play it."""
        self.factory = GstRtspServer.RTSPMediaFactory()
        self._house = house
        self._feed: Feed | None = None
        self._prepared = False
        """Whether the first frame has arrived, for which clients wait before PLAY."""
        self._next = 0
        self.factory.set_shared(True)
        self.factory.connect("media-configure", self._configure)
        self.set(options)

    def set(self, options: dict[str, Any]) -> None:
        """Change the options of the next stream; a running one is not affected."""
        self.options = self.options | options
        codec = self.options["codec"]
        caps, payloader = VIDEO_CAPS.format(codec=codec), f"rtp{codec}pay pt=96 config-interval=-1"
        if codec == "mjpeg":
            size = f"width={self.options['width']},height={self.options['height']}"
            caps, payloader = f"image/jpeg,{size},framerate=0/1", "rtpjpegpay pt=26"
        launch = f"appsrc name=video is-live=true format=time caps={caps} ! {payloader} name=pay0"
        if self.options["audio"]:
            launch += (
                f" appsrc name=audio is-live=true format=time caps={AUDIO_CAPS}"
                " ! rtpmp4gpay name=pay1 pt=97"
            )
        if self.options["telephone"]:
            launch += (
                " appsrc name=audio is-live=true format=time caps=audio/x-alaw,rate=8000,channels=1"
                " ! rtppcmapay name=pay1 pt=8"
            )
        if self.options["sound"]:
            caps, payloader = SOUNDS[self.options["sound"]]
            launch += f" appsrc name=audio is-live=true format=time caps={caps} ! {payloader}"
        self.factory.set_enable_rtcp(self.options["rtcp"])
        self.factory.set_launch(f"( {launch} )")
        if self.options["transport"]:
            lower = getattr(GstRtsp.RTSPLowerTrans, self.options["transport"].upper())
            self.factory.set_protocols(lower)

    def tell(self, word: str) -> None:
        """Freeze, thaw, reformat or shift the stream. Raises LookupError without a stream."""
        with self._house.lock:
            feed = self._feed
        if feed is None:
            raise LookupError(f"nobody watches {self.path}")
        feed.tell(word)

    def close(self) -> None:
        """End the stream."""
        with self._house.lock:
            feed, self._feed = self._feed, None
        if feed is not None:
            feed.close()

    def abandon(self) -> bool:
        """End the stream and return True; return False while a client waits for its first frame.

        That client would block the thread that serves all clients for 20 s. So it gets the frame, and
        the stream ends when it disconnects.
        """
        if self._feed is None or self._prepared:
            self.close()
            return True
        return False

    def _configure(self, _factory: Any, media: Any) -> None:
        self.close()
        self._prepared = False
        # The feed sends by the clock, whatever its stamps are: sinks must not wait for these.
        media.get_element().get_parent().connect("deep-element-added", _send_at_once)
        options = {name: self.options[name] for name in FEED_OPTIONS}
        options |= {"epoch": self._house.epoch, "first": self._next}
        feed = Feed(self._house.process(), options, self._count, media.get_element())
        with self._house.lock:
            self._feed = feed
        media.connect("prepared", lambda _media: self._has_begun(feed))
        media.connect("unprepared", lambda _media: self._ended(feed))

    def _has_begun(self, feed: Feed) -> None:
        with self._house.lock:
            if self._feed is feed:
                self._prepared = True

    def _ended(self, feed: Feed) -> None:
        with self._house.lock:
            if self._feed is not feed:
                return
        self.close()

    def _count(self, number: int) -> None:
        self._next = max(self._next, number + 1)


def _send_at_once(_pipeline: Any, _bin: Any, element: Any) -> None:
    """Let a sink send what it gets, also if the server sets it to wait."""

    def unset(sink: Any, _property: Any) -> None:
        if sink.get_property("sync"):
            sink.set_property("sync", False)

    if element.find_property("sync") is not None:
        element.connect("notify::sync", unset)
        element.set_property("sync", False)


def tell(**message: Any) -> None:
    """Write a line; any thread."""
    os.write(1, json.dumps(message).encode() + b"\n")
