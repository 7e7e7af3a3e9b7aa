#!/usr/bin/python3
"""A real RTSP server for the tests: GStreamer's, run by the system's Python with its `gi` bindings.

It speaks the lines of JSON of `json_process.py`; the end of standard input ends it. `rtsp.py` is
its other half and says what each command does.

Pictures come encoded from `rtsp_feed.py`, one process for each stream that somebody watches. All
who watch a mount share its stream.

Written for the Python that Debian 12 has, 3.11, and for its GStreamer, 1.22. Clients and streams
run in threads of GStreamer, commands in the main thread; `House.lock` guards what both touch.
"""

from collections.abc import Callable
import contextlib
import json
import os
from pathlib import Path
import struct
import subprocess
import sys
import threading
from typing import IO, Any

HEADER = struct.Struct(">cIqI")
"""As in `rtsp_feed.py`."""
FEED = Path(__file__).with_name("rtsp_feed.py")
ANYBODY = "anybody"
"""The role of whoever gave no user name."""
VIDEO_CAPS = "video/x-{codec},stream-format=byte-stream,alignment=au"
# AAC-LC, 48 kHz, one channel: the AudioSpecificConfig of ISO 14496-3.
AUDIO_CAPS = (
    "audio/mpeg,mpegversion=4,stream-format=raw,rate=48000,channels=1,codec_data=(buffer)1188"
)
FEED_OPTIONS = ("width", "height", "fps", "gop", "codec", "audio", "telephone", "b_frames")

try:
    import gi  # type: ignore[import-not-found]  # the system has it, or the server says so

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import (  # type: ignore[import-not-found]  # the system has it, or the server says so
        GLib,
        Gst,
        GstRtsp,
        GstRtspServer,
    )
except (ImportError, ValueError) as error:
    sys.stdout.write(json.dumps({"event": "unavailable", "reason": str(error)}) + "\n")
    sys.exit(1)


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


class Server:
    """The RTSP server and its commands."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.house = House(settings["python"], settings["epoch"])
        self.loop = GLib.MainLoop()
        self._mounts: dict[str, Mount] = {}
        self._abandoned: list[Mount] = []
        self._auth = GstRtspServer.RTSPAuth()
        self._auth.set_supported_methods(getattr(GstRtsp.RTSPAuthMethod, settings["auth"].upper()))
        self._auth.set_default_token(token(ANYBODY))
        self._server = GstRtspServer.RTSPServer()
        self._server.set_address("127.0.0.1")
        self._server.set_service(str(settings["port"]))
        self._server.set_auth(self._auth)
        self._server.connect("client-connected", self._connected)
        self._source = self._server.attach(None)
        if self._source == 0:
            tell(event="unavailable", reason=f"port {settings['port']} is taken")
            sys.exit(1)
        port = self._server.get_bound_port()
        self._server.set_service(str(port))
        tell(event="ready", port=port)

    def handle(self, line: str) -> None:
        """Carry out a command; main thread."""
        request: dict[str, Any] = json.loads(line)
        number = request.pop("id")
        try:
            getattr(self, f"do_{request.pop('do')}")(**request)
        except Exception as error:  # noqa: BLE001  # whatever it was is told to who asked
            tell(id=number, error=repr(error))
        else:
            tell(id=number)

    def do_mount(self, path: str, options: dict[str, Any]) -> None:
        """Serve a path."""
        mount = Mount(self.house, path, options)
        permissions = GstRtspServer.RTSPPermissions()
        user = options["username"]
        # "May look but not make" is what GstRTSPAuth answers with a challenge; "may not look" is
        # answered with 404.
        role_of_user = f"user-{user.encode().hex()}"
        for role, may in ((ANYBODY, not user), (role_of_user, True)):
            permissions.add_role(role)
            permissions.add_permission_for_role(role, "media.factory.access", True)
            permissions.add_permission_for_role(role, "media.factory.construct", may)
        if user:
            self._auth.add_basic(
                GstRtspServer.RTSPAuth.make_basic(user, options["password"]), token(role_of_user)
            )
            self._auth.add_digest(user, options["password"], token(role_of_user))
        mount.factory.set_permissions(permissions)
        with self.house.lock:
            self._mounts[path] = mount
        self._server.get_mount_points().add_factory(path, mount.factory)

    def do_unmount(self, path: str) -> None:
        """Serve a path no more, and send its watchers away."""
        self._server.get_mount_points().remove_factory(path)
        self.do_disconnect(path)
        with self.house.lock:
            mount = self._mounts.pop(path)
        if not mount.abandon():
            self._abandoned.append(mount)

    def do_change(self, path: str, options: dict[str, Any]) -> None:
        """Change a mount from its next stream on."""
        self._mounts[path].set(options)

    def do_refuse(self, path: str, status: int) -> None:
        """Answer whoever asks for a path with an error; 0 ends it."""
        self._mounts[path].refusal = status

    def do_flow(self, path: str, word: str) -> None:
        """Freeze or thaw a mount's stream."""
        self._mounts[path].tell(word)

    def do_disconnect(self, path: str) -> None:
        """Close the connections of all who watch a path."""
        with self.house.lock:
            watchers = set(self._mounts[path].watchers)
        for client in watchers:
            # Its own thread then closes it. `close` in this one may leave that one reading for ever.
            with contextlib.suppress(GLib.Error):  # it has left meanwhile
                client.get_connection().get_read_socket().shutdown(True, True)

    def do_accept(self, *, accept: bool) -> None:
        """Take new connections, or refuse them; what runs goes on."""
        if not accept and self._source:
            GLib.source_remove(self._source)
            self._source = 0
        elif accept and not self._source:
            self._source = self._server.attach(None)

    def close(self) -> None:
        """End all streams."""
        for path in list(self._mounts):
            self.do_unmount(path)
        for mount in self._abandoned:
            mount.close()
        self.house.close()

    def _connected(self, _server: Any, client: Any) -> None:
        client.connect("pre-describe-request", self._describe)
        client.connect("play-request", self._watch)
        client.connect("teardown-request", lambda client, _context: self._leave(client))
        client.connect("closed", self._leave)

    def _mount_of(self, context: Any) -> Mount | None:
        # A client may ask for the path with a slash at its end, or for a track below it.
        path = context.uri.abspath
        with self.house.lock:
            return next(
                (m for m in self._mounts.values() if f"{path}/".startswith(f"{m.path}/")), None
            )

    def _describe(self, _client: Any, context: Any) -> Any:
        mount = self._mount_of(context)
        return GstRtsp.RTSPStatusCode((mount and mount.refusal) or 200)

    def _watch(self, client: Any, context: Any) -> None:
        mount = self._mount_of(context)
        if mount is None:
            return
        with self.house.lock:
            if client not in mount.watchers:
                mount.watchers.add(client)
                mount.ever += 1
        self._tell_watchers(mount)

    def _leave(self, client: Any) -> None:
        with self.house.lock:
            left = [mount for mount in self._mounts.values() if client in mount.watchers]
            for mount in left:
                mount.watchers.discard(client)
        for mount in left:
            self._tell_watchers(mount)

    def _tell_watchers(self, mount: Mount) -> None:
        with self.house.lock:
            tell(event="watchers", path=mount.path, now=len(mount.watchers), ever=mount.ever)


def end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes of a process that was killed, and wait for it."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()
    process.wait()


def token(role: str) -> Any:
    """Make the proof of a role."""
    made = GstRtspServer.RTSPToken()
    made.set_string("media.factory.role", role)
    return made


def tell(**message: Any) -> None:
    """Write a line; any thread."""
    os.write(1, json.dumps(message).encode() + b"\n")


def listen(server: Server, stdin: IO[str]) -> None:
    """Hand lines to the main thread until there are no more, then end it."""
    for line in stdin:
        GLib.idle_add(server.handle, line)
    GLib.idle_add(server.loop.quit)


def main() -> None:
    """Serve until the end of standard input."""
    Gst.init(None)
    server = Server(json.loads(sys.argv[1]))
    threading.Thread(target=listen, args=(server, sys.stdin), name="commands", daemon=True).start()
    server.loop.run()
    server.close()


if __name__ == "__main__":
    main()
