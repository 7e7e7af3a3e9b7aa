"""A real RTSP server for tests, which can fail in the ways that cameras fail.

`rtsp_server` is the fixture. A `Mount` of it is one camera, whose frames carry their numbers:
`read_frame_number` of the integration's test pattern reads them, and frame n was taken at
`RtspServer.epoch + n / fps`. Numbers rise by one inside a stream and never fall, not even when the
server is killed and started again.

The server is a process of its own (`rtsp_server.py`), so nothing here needs sockets of Python or
threads, and a test that runs an event loop may call everything but `start` in it: answers take a
millisecond. Wait in tests that have a loop with the methods called `async_...`.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
import json
import os
import signal
import sys
import time
from typing import Any, Literal, NoReturn, Self
from urllib.parse import quote

import pytest

from tests.house import ROOT
from tests.json_process import JsonProcess, ProcessDiedError
from tests.missing import missing
from tests.ports import Held, kept_port

SERVER = "tests.rtsp_server"
_SERVER = pytest.StashKey["RtspServer"]()
SYSTEM_PYTHON = "/usr/bin/python3"
"""The interpreter of the system's packages, whatever environment runs the tests."""

type Codec = Literal["h264", "h265", "mjpeg"]


class RtspUnavailableError(RuntimeError):
    """The server cannot run: packages are missing, or the port is in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MountOptions:
    """The stream of a camera, and its credentials."""

    width: int = 320
    height: int = 180
    fps: float = 15
    gop: float = 1.0
    """Seconds from keyframe to keyframe."""
    codec: Codec = "h264"
    audio: bool = False
    """The pattern's beep, in sync with its frames: AAC, 48 kHz, mono."""
    telephone: bool = False
    """Silence in G.711, which many cameras send and Home Assistant drops."""
    sound: Literal["", "pcma", "pcmu", "opus", "mp3", "l16", "latm"] = ""
    """The pattern's beep in another codec."""
    sound_drift: float = 0.0
    """By how much the clock of `sound` is fast, as a fraction."""
    rtcp: bool = True
    """Whether reports tell what sound and picture have in common."""
    b_frames: int = 0
    refresh: bool = False
    """Whether a gradual refresh of `gop` seconds takes the place of keyframes; H.264 only."""
    transport: Literal["", "tcp", "udp"] = ""
    """The only transport; another is refused with 461. Empty: all."""
    preset: str = "ultrafast"
    """Of the encoder."""
    stamp_rate: float = 1.0
    """Seconds of presentation time for a second of the clock, by which frames are sent."""
    stamp_step: float = 0.0
    """Seconds to whose multiples presentation times are rounded down; 0 for none."""
    username: str = ""
    """Empty: no authentication."""
    password: str = ""


@dataclass(slots=True)
class Mount:
    """One camera of the server."""

    server: RtspServer
    path: str
    """Begins with a slash."""
    options: MountOptions
    refusal: int = 0
    """The RTSP status that refuses new clients, or 0."""
    _watchers: int = 0
    _watchers_ever: int = 0
    _watchers_before: int = 0

    @property
    def watchers(self) -> int:
        """The number of clients playing now."""
        self.server.process.poll()
        return self._watchers

    @property
    def watchers_ever(self) -> int:
        """The number of clients that have ever played it, across restarts of the server."""
        self.server.process.poll()
        return self._watchers_before + self._watchers_ever

    @property
    def url(self) -> str:
        """The URL without credentials."""
        return f"rtsp://127.0.0.1:{self.server.port}{self.path}"

    def url_with(self, username: str, password: str) -> str:
        """Return the URL with credentials."""
        return self.url.replace("://", f"://{quote(username)}:{quote(password, safe='')}@", 1)

    def refuse(self, status: int) -> None:
        """Answer new clients with an error: 401 (whatever the credentials), 403, 404...; 0 ends this.

        Connected clients are not affected.
        """
        self.refusal = status
        self.server.process.call("refuse", path=self.path, status=status)

    def change(self, **options: Any) -> None:
        """Change the options for the next stream, which starts after the last client has left."""
        self.options = replace(self.options, **options)
        self.server.process.call("change", path=self.path, options=options)

    def freeze(self) -> None:
        """Stop sending, but keep the connections open. Requires a client."""
        self.server.process.call("flow", path=self.path, word="freeze")

    def thaw(self) -> None:
        """Continue with a keyframe of the present: the frame numbers in between are skipped."""
        self.server.process.call("flow", path=self.path, word="thaw")

    def reformat(self, **options: Any) -> None:
        """Change the size or the encoder of the running stream, at a keyframe with the next frame.

        `options` are width, height, gop, preset and b_frames. Requires a client; later ones get the new
        format, too.
        """
        self.server.process.call("flow", path=self.path, word=f"reformat {json.dumps(options)}")
        self.change(**options)

    def shift_stamps(self, seconds: float) -> None:
        """Let presentation times leap ahead, or fall back if negative. Requires a client."""
        self.server.process.call("flow", path=self.path, word=f"shift {seconds}")

    def disconnect(self) -> None:
        """Close all connections. Clients may reconnect."""
        self.server.process.call("disconnect", path=self.path)

    def wait_for_watchers(self, count: int) -> None:
        """Wait for exactly `count` clients. Raises TimeoutError."""
        self.server.process.wait(lambda: self.watchers == count)

    async def async_wait_for_watchers(self, count: int) -> None:
        """Wait for exactly `count` clients. Raises TimeoutError."""
        await self.server.process.async_wait(lambda: self.watchers == count)

    async def async_wait_for_watchers_ever(self, count: int) -> None:
        """Wait until at least `count` clients have ever played it. Raises TimeoutError."""
        await self.server.process.async_wait(lambda: self.watchers_ever >= count)

    def tell(self, now: int, ever: int) -> None:
        """Set the counts from the server."""
        self._watchers, self._watchers_ever = now, ever

    def forget_server(self) -> None:
        """Reset the counts after the end of the server."""
        self._watchers_before += self._watchers_ever
        self._watchers = self._watchers_ever = 0


class RtspServer:
    """A server at a port of its own, which is kept across kill and restart.

    A context manager, not thread-safe. `auth` is the authentication scheme of mounts with a user
    name.
    """

    def __init__(self, auth: Literal["basic", "digest"] = "digest") -> None:
        self.auth = auth
        self.epoch = time.time()
        """UNIX time of frame 0 of all mounts."""
        self.port = 0
        """0 until the first start."""
        self._port_socket: Held | None = None
        self.mounts: dict[str, Mount] = {}
        self.process = JsonProcess(self._take, self._gone)
        self._failure = ""
        self._ready = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill it, and give its port back; safe to call more than once."""
        self.kill()
        if self._port_socket is not None:
            self._port_socket.close()
            self._port_socket = None

    def start(self) -> None:
        """Start, with the previous port and mounts; return once it accepts connections.

        Raises RtspUnavailableError; ProcessDiedError if it fails without a reason.
        """
        if self.port == 0:
            self._port_socket = kept_port()
            self.port = self._port_socket.getsockname()[1]
        settings = {
            "python": sys.executable,
            "epoch": self.epoch,
            "port": self.port,
            "auth": self.auth,
        }
        # The system's Python must not use the environment of the tests.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV_"))}
        env["PYTHONPATH"] = str(ROOT)
        self._ready, self._failure = False, ""
        try:
            self.process.start([SYSTEM_PYTHON, "-s", "-m", SERVER, json.dumps(settings)], env)
            self.process.wait(lambda: self._ready)
        except FileNotFoundError as error:
            self.close()
            raise RtspUnavailableError(str(error)) from error
        except ProcessDiedError as error:
            self.close()
            if not self._failure:
                raise
            raise RtspUnavailableError(self._failure) from error
        for mount in self.mounts.values():
            self._mount(mount)

    def kill(self) -> None:
        """Kill it, as a power cut would; safe to call more than once."""
        self.process.kill()

    def restart(self) -> None:
        """Restart at the same port, with the same mounts."""
        self.kill()
        self.start()

    def hang(self) -> None:
        """Suspend the process: the kernel accepts connections, nothing is answered or sent."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a suspended process."""
        self.process.signal(signal.SIGCONT)

    def accept(self, *, accept: bool) -> None:
        """Accept or refuse new connections; existing ones continue."""
        self.process.call("accept", accept=accept)

    def mount(self, path: str = "/cam", **options: Any) -> Mount:
        """Add a camera; `options` are those of MountOptions."""
        mount = Mount(self, path, MountOptions(**options))
        self._mount(mount)
        self.mounts[path] = mount
        return mount

    def unmount(self, mount: Mount) -> None:
        """Remove a camera and close its connections."""
        self.process.call("unmount", path=mount.path)
        del self.mounts[mount.path]

    def reset(self) -> None:
        """Restore a running server without mounts."""
        self.process.poll()
        if not self.process.running:
            self.mounts.clear()
            self.start()
            return
        self.resume()
        self.accept(accept=True)
        for mount in list(self.mounts.values()):
            self.unmount(mount)

    def _mount(self, mount: Mount) -> None:
        self.process.call("mount", path=mount.path, options=asdict(mount.options))
        if mount.refusal:
            mount.refuse(mount.refusal)

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"event": "ready", "port": port}:
                self.port, self._ready = port, True
            case {"event": "unavailable", "reason": reason}:
                self._failure = reason
            case {"event": "watchers", "path": path, "now": now, "ever": ever}:
                if path in self.mounts:
                    self.mounts[path].tell(now, ever)

    def _gone(self) -> None:
        for mount in self.mounts.values():
            mount.forget_server()


def unavailable(reason: str) -> NoReturn:
    """Skip or fail the test for want of an RTSP server, as `missing` does."""
    missing(f"no RTSP server (scripts/setup installs it where it can): {reason}")


@pytest.fixture
def rtsp_server(request: pytest.FixtureRequest) -> Iterator[RtspServer]:
    """Yield a running server without mounts; restore it after the test.

    All tests of a session share one server.
    """
    server = request.session.stash.get(_SERVER, None)
    if server is None:
        server = request.session.stash[_SERVER] = RtspServer()
        request.session.addfinalizer(server.close)
    try:
        server.reset()
    except RtspUnavailableError as error:
        unavailable(str(error))
    yield server
    server.reset()
