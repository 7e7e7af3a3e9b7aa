"""The mounts of the tests' RTSP server, and the processes that feed them; part of `rtsp_server.py`.

Pictures come encoded from `rtsp_feed.py`, one process for each stream that somebody watches. All
who watch a mount share its stream. Streams run in threads of GStreamer; `House.lock` guards what
they and the commands touch.
"""

from collections.abc import Callable
import json
import os
from pathlib import Path
import struct
import subprocess
import threading
from typing import Any

from .rtsp_gst import Gst, GstRtspServer

HEADER = struct.Struct(">cIqI")
"""As in `rtsp_feed.py`."""
FEED = Path(__file__).with_name("rtsp_feed.py")
VIDEO_CAPS = "video/x-{codec},stream-format=byte-stream,alignment=au"
# AAC-LC, 48 kHz, one channel: the AudioSpecificConfig of ISO 14496-3.
AUDIO_CAPS = (
    "audio/mpeg,mpegversion=4,stream-format=raw,rate=48000,channels=1,codec_data=(buffer)1188"
)
FEED_OPTIONS = ("width", "height", "fps", "gop", "codec", "audio", "telephone", "b_frames")


class Feed:
    """One run of `rtsp_feed.py`, and the thread that carries its packets into a pipeline."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
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
        """Say one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()

    def close(self) -> None:
        """End process and thread."""
        self._process.kill()
        self._thread.join()
        end(self._process)

    def _carry(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
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
    """What all mounts share."""

    def __init__(self, python: str, epoch: float) -> None:
        self.epoch = epoch
        self.lock = threading.RLock()
        self._python = python
        self._spare = self._start()

    def process(self) -> subprocess.Popen[bytes]:
        """Return a process for a feed, one that has been started before.

        On a busy machine a start takes longer than FFmpeg waits for an answer.
        """
        with self.lock:
            ready, self._spare = self._spare, self._start()
        return ready

    def close(self) -> None:
        """End the process that is ready."""
        self._spare.kill()
        end(self._spare)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self._python, str(FEED)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )


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
        """Whether the stream has brought what a client waits for before it may play."""
        self._next = 0
        self.factory.set_shared(True)
        self.factory.connect("media-configure", self._configure)
        self.set(options)

    def set(self, options: dict[str, Any]) -> None:
        """Change what the next stream is made of; one that runs goes on as it is."""
        self.options = self.options | options
        codec = self.options["codec"]
        launch = (
            f"appsrc name=video is-live=true format=time caps={VIDEO_CAPS.format(codec=codec)}"
            f" ! rtp{codec}pay name=pay0 pt=96 config-interval=-1"
        )
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
        self.factory.set_launch(f"( {launch} )")

    def tell(self, word: str) -> None:
        """Freeze or thaw the stream, if there is one."""
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
        """End the stream, unless a client still waits for its first picture: tell whether.

        It would wait for 20 s in vain, in the thread that answers all clients. It gets the picture, and
        the stream ends when it leaves.
        """
        if self._feed is None or self._prepared:
            self.close()
            return True
        return False

    def _configure(self, _factory: Any, media: Any) -> None:
        self.close()
        self._prepared = False
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


def end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes of a process that was killed, and wait for it."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()
    process.wait()


def tell(**message: Any) -> None:
    """Write a line; any thread."""
    os.write(1, json.dumps(message).encode() + b"\n")
