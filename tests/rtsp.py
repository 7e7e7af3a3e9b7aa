"""RTSP for tests: start a real server, watch it, break it in all the ways that cameras break.

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

SERVER = "tests.rtsp_server"
_SERVER = pytest.StashKey["RtspServer"]()
SYSTEM_PYTHON = "/usr/bin/python3"
"""The one that the system's packages belong to, whatever environment runs the tests."""

type Codec = Literal["h264", "h265"]


class RtspUnavailableError(RuntimeError):
    """This machine cannot run the server: it lacks packages, or the port is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MountOptions:
    """What a camera sends, and to whom."""

    width: int = 320
    height: int = 180
    fps: int = 15
    gop: float = 1.0
    """Seconds from keyframe to keyframe."""
    codec: Codec = "h264"
    audio: bool = False
    """The pattern's beep, in time with its pictures, in AAC, 48 kHz, one channel."""
    telephone: bool = False
    """Silence in G.711, which Home Assistant drops, as many cameras send it."""
    b_frames: int = 0
    username: str = ""
    """Empty: anybody may watch."""
    password: str = ""


@dataclass(slots=True)
class Mount:
    """One camera of the server."""

    server: RtspServer
    path: str
    """Begins with a slash."""
    options: MountOptions
    refusal: int = 0
    """The RTSP status that whoever asks is answered with, or 0."""
    _watchers: int = 0
    _watchers_ever: int = 0
    _watchers_before: int = 0

    @property
    def watchers(self) -> int:
        """How many play it now."""
        self.server.process.poll()
        return self._watchers

    @property
    def watchers_ever(self) -> int:
        """How many played it, ever, over all lives of the server."""
        self.server.process.poll()
        return self._watchers_before + self._watchers_ever

    @property
    def url(self) -> str:
        """Where to watch, without credentials."""
        return f"rtsp://127.0.0.1:{self.server.port}{self.path}"

    def url_with(self, username: str, password: str) -> str:
        """Where to watch, with credentials."""
        return self.url.replace("://", f"://{quote(username)}:{quote(password, safe='')}@", 1)

    def refuse(self, status: int) -> None:
        """Answer with an error from now on: 401 (whatever the credentials), 403, 404...; 0 ends it.

        Who watches already goes on.
        """
        self.refusal = status
        self.server.process.call("refuse", path=self.path, status=status)

    def change(self, **options: Any) -> None:
        """Send something else from the next stream on, that is when nobody watched in between."""
        self.options = replace(self.options, **options)
        self.server.process.call("change", path=self.path, options=options)

    def freeze(self) -> None:
        """Send nothing more, but keep the connections open. Somebody must be watching."""
        self.server.process.call("flow", path=self.path, word="freeze")

    def thaw(self) -> None:
        """Go on with a keyframe of now: the numbers in between are never sent."""
        self.server.process.call("flow", path=self.path, word="thaw")

    def disconnect(self) -> None:
        """Close the connections of all who watch. They may come again."""
        self.server.process.call("disconnect", path=self.path)

    def wait_for_watchers(self, count: int) -> None:
        """Return once exactly `count` watch. Raises TimeoutError."""
        self.server.process.wait(lambda: self.watchers == count)

    async def async_wait_for_watchers(self, count: int) -> None:
        """Return once exactly `count` watch. Raises TimeoutError."""
        await self.server.process.async_wait(lambda: self.watchers == count)

    async def async_wait_for_watchers_ever(self, count: int) -> None:
        """Return once at least `count` have watched. Raises TimeoutError."""
        await self.server.process.async_wait(lambda: self.watchers_ever >= count)

    def tell(self, now: int, ever: int) -> None:
        """Take what the server says."""
        self._watchers, self._watchers_ever = now, ever

    def forget_server(self) -> None:
        """Note that the server is gone, and its counts with it."""
        self._watchers_before += self._watchers_ever
        self._watchers = self._watchers_ever = 0


class RtspServer:
    """A server at a port of its own, which stays the same through kill and restart.

    A context manager; not for use by more than one thread. `auth` is how mounts with a user name
    ask for it.
    """

    def __init__(self, auth: Literal["basic", "digest"] = "digest") -> None:
        self.auth = auth
        self.epoch = time.time()
        """UNIX time at which all mounts would have taken frame 0."""
        self.port = 0
        """0 until the first start."""
        self.mounts: dict[str, Mount] = {}
        self.process = JsonProcess(self._take, self._gone)
        self._failure = ""
        self._ready = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, with the port and the mounts it had before; returns when it takes connections.

        Raises RtspUnavailableError; ProcessDiedError if it fails without a reason given.
        """
        settings = {
            "python": sys.executable,
            "epoch": self.epoch,
            "port": self.port,
            "auth": self.auth,
        }
        # What belongs to the environment of the tests is not for the system's Python.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV_"))}
        env["PYTHONPATH"] = str(ROOT)
        self._ready, self._failure = False, ""
        try:
            self.process.start([SYSTEM_PYTHON, "-s", "-m", SERVER, json.dumps(settings)], env)
            self.process.wait(lambda: self._ready)
        except FileNotFoundError as error:
            raise RtspUnavailableError(str(error)) from error
        except ProcessDiedError as error:
            if not self._failure:
                raise
            raise RtspUnavailableError(self._failure) from error
        for mount in self.mounts.values():
            self._mount(mount)

    def kill(self) -> None:
        """End it as a power cut would; safe to call more than once."""
        self.process.kill()

    def restart(self) -> None:
        """Start it again at the same port, with the same mounts."""
        self.kill()
        self.start()

    def hang(self) -> None:
        """Stop the process: it takes connections, never answers, and sends nobody anything."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a hanging process go on."""
        self.process.signal(signal.SIGCONT)

    def accept(self, *, accept: bool) -> None:
        """With False, refuse new connections while those there are go on."""
        self.process.call("accept", accept=accept)

    def mount(self, path: str = "/cam", **options: Any) -> Mount:
        """Add a camera; `options` are those of MountOptions."""
        mount = Mount(self, path, MountOptions(**options))
        self._mount(mount)
        self.mounts[path] = mount
        return mount

    def unmount(self, mount: Mount) -> None:
        """Take a camera away, and its connections with it."""
        self.process.call("unmount", path=mount.path)
        del self.mounts[mount.path]

    def reset(self) -> None:
        """Bring it back to a running server without mounts."""
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
    """Say that there is no RTSP server, as `missing` does."""
    missing(f"no RTSP server (scripts/setup installs it where it can): {reason}")


@pytest.fixture
def rtsp_server(request: pytest.FixtureRequest) -> Iterator[RtspServer]:
    """Give a running server without mounts, and mend whatever the test did to it.

    It is one server for all tests of a session.
    """
    server = request.session.stash.get(_SERVER, None)
    if server is None:
        server = request.session.stash[_SERVER] = RtspServer()
        request.session.addfinalizer(server.kill)
    try:
        server.reset()
    except RtspUnavailableError as error:
        unavailable(str(error))
    yield server
    server.reset()
