"""The server of look-ups when its processes, its parent and the system do what they seldom do."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
import json
import os
from pathlib import Path
import resource
import signal
import socket
import subprocess
import sys

import pytest

from custom_components.retrocam.core.errors import PlayError, PlayNetworkError
from custom_components.retrocam.core.player.lookup.pool import LookupPool
from custom_components.retrocam.core.player.lookup.resolver import Resolver
from custom_components.retrocam.core.player.net.streams import Resolved

from ....house import ROOT
from ....loop_lag import STRETCH, loop_lag
from ....waiting import until
from ..clips import clip
from ..lookups import a_resolver
from ..server import MediaServer, Page
from .children import children, children_of, is_running, open_files
from .misbehaving import (
    doing,
    leave_an_orphan,
    leave_an_orphan_elsewhere,
    list_files,
    start_another,
    stop_the_server,
)

URL = "http://site.example/"


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[LookupPool]:
    """A pool with a server of its own that runs and has nothing to do."""
    pool = LookupPool(home=str(tmp_path / "cache"))
    with pytest.raises(PlayError):
        await Resolver(pool).resolve("http://127.0.0.1:9/")
    await until(lambda: not children(pool.server))
    yield pool
    assert await pool.close()


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


async def begin(pool: LookupPool, log: Path) -> tuple[asyncio.Task[Resolved], list[int]]:
    """Begin a look-up that never ends; returns it and its processes, the child first."""
    resolver = Resolver(pool, lookup=doing(start_another, log))
    lookup = asyncio.create_task(resolver.resolve(URL))
    return lookup, [int(each) for each in (await asyncio.to_thread(log.read_text)).split()]


STEPPED = """
import os, pathlib, signal, socket, sys
sys.path[:0] = ["", "custom_components/retrocam/core/player/lookup"]
import child
child._stand_in("custom_components.retrocam", pathlib.Path("custom_components/retrocam"))
from custom_components.retrocam.core.player.lookup.fork_server import ForkServer

class Stepped:
    def __init__(self, poll):
        self.register, self.unregister, self.inner = poll.register, poll.unregister, poll.poll
    def poll(self):
        self.inner()
        os.read(int(sys.argv[1]), 1)
        return self.inner()

def work(connection):
    connection.sendall(f"{os.getpid()} ".encode())
    if connection.recv(1) == b"x":
        while True: signal.pause()

server = ForkServer(socket.socket(fileno=os.dup(0)), work)
server._poll = Stepped(server._poll)
server.run()
"""
"""A server that looks after what has happened when it is told to, by a byte in a pipe."""


class SteppedServer:
    """Such a server; its children tell their number, and end when their connection ends, or never."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair()
        steps, self._step = os.pipe()
        command = [sys.executable, "-c", STEPPED, str(steps)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=theirs.fileno(), pass_fds=(steps,))
        theirs.close()
        os.close(steps)

    def step(self, times: int = 1) -> None:
        os.write(self._step, b"." * times)

    def begin(self, *, busy: bool) -> tuple[socket.socket, int]:
        """Begin a job; return its connection and its process."""
        ours, given = socket.socketpair()
        ours.settimeout(20)
        with given:
            socket.send_fds(self.control, [b"\0"], [given.fileno()])
        self.step()
        pid = int(ours.recv(16))
        if busy:
            ours.sendall(b"x")
        return ours, pid

    def close(self) -> None:
        self.control.close()
        self.step(10)
        self.process.wait(20)
        os.close(self._step)


@pytest.fixture
def stepped() -> Iterator[SteppedServer]:
    server = SteppedServer()
    yield server
    if server.process.returncode is None:
        server.close()


def wait_for_end(pid: int) -> None:
    while is_running(pid):
        os.sched_yield()


def has_ended(connection: socket.socket) -> bool:
    """Wait for the other end of a connection to close; what it had not read is no matter."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_hang_up_and_an_end_at_once_leave_the_server_awake(stepped: SteppedServer) -> None:
    busy, busy_pid = stepped.begin(busy=True)
    ending, ending_pid = stepped.begin(busy=False)
    ending.shutdown(socket.SHUT_WR)
    wait_for_end(ending_pid)
    stepped.step()
    assert has_ended(ending)
    busy.shutdown(socket.SHUT_WR)
    stepped.step(5)
    assert has_ended(busy)
    assert not is_running(busy_pid)


def test_closing_kills_all_while_one_is_being_killed(stepped: SteppedServer) -> None:
    first, first_pid = stepped.begin(busy=True)
    _, second_pid = stepped.begin(busy=True)
    first.shutdown(socket.SHUT_WR)
    stepped.step()
    wait_for_end(first_pid)
    stepped.close()
    assert stepped.process.returncode == 0
    assert not is_running(second_pid)


async def test_look_ups_end_with_a_server_that_is_killed(pool: LookupPool, tmp_path: Path) -> None:
    lookup, pids = await begin(pool, fifo(tmp_path / "log"))
    assert pool.server.pid is not None
    os.kill(pool.server.pid, signal.SIGKILL)
    try:
        await until(lambda: not is_running(pids[0]), within=10)
        with pytest.raises(PlayNetworkError):
            await lookup
    finally:
        os.kill(pids[1], signal.SIGKILL)


async def test_a_server_that_can_open_nothing_goes_on(
    pool: LookupPool, server: MediaServer
) -> None:
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    resolver = Resolver(pool, allow_private=True)
    pid = pool.server.pid
    assert pid is not None
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 256))
    with pytest.raises(PlayNetworkError):
        await resolver.resolve(url)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    assert (await resolver.resolve(url)).title == "film"
    assert pool.server.pid == pid


async def test_nothing_that_a_look_up_starts_inherits_its_connection(tmp_path: Path) -> None:
    log = tmp_path / "log"
    resolver = a_resolver(lookup=doing(list_files, log))
    with pytest.raises(PlayError):
        await resolver.resolve(URL)
    inherited = json.loads(log.read_text())
    assert not [each for each in inherited if each.startswith("socket:")]
    assert await resolver.pool.close()


async def test_a_server_that_does_not_answer_holds_up_nothing(tmp_path: Path) -> None:
    pool = LookupPool(home=str(tmp_path), warm=0.0)
    log = fifo(tmp_path / "log")
    resolver = Resolver(pool, lookup=doing(stop_the_server, log))
    lookup = asyncio.ensure_future(resolver.resolve(URL))
    await asyncio.to_thread(log.read_text)
    with loop_lag() as lag:
        lookup.cancel()
        await until(lambda: pool.server.pid is None)
        await pool.close()
    assert lag.longest < STRETCH


async def test_a_look_up_that_the_server_does_not_end_ends_by_itself(
    pool: LookupPool, tmp_path: Path
) -> None:
    log = fifo(tmp_path / "log")
    resolver = Resolver(pool, lookup=doing(start_another, log))
    lookup = asyncio.ensure_future(pool.run(resolver.job(URL, trusted=True, cpu_seconds=0), 60))
    pids = [int(each) for each in (await asyncio.to_thread(log.read_text)).split()]
    await until(lambda: not any(map(is_running, pids)))
    with pytest.raises(PlayNetworkError):
        await lookup


@pytest.mark.parametrize("deed", [leave_an_orphan, leave_an_orphan_elsewhere])
async def test_orphans_are_killed_and_reaped(
    pool: LookupPool, tmp_path: Path, deed: Callable[[Path], None]
) -> None:
    log = fifo(tmp_path / "log")
    lookup = asyncio.ensure_future(Resolver(pool, lookup=doing(deed, log)).resolve(URL))
    orphan = int(await asyncio.to_thread(log.read_text))
    assert pool.server.pid is not None
    assert orphan in children_of(pool.server.pid)
    lookup.cancel()
    await until(lambda: not Path(f"/proc/{orphan}").exists())


async def test_no_slot_process_or_file_is_lost_by_cancelling(pool: LookupPool) -> None:
    resolver = Resolver(pool, allow_private=True)
    server = pool.server.pid
    assert server is not None
    files = open_files(server), open_files(os.getpid())
    turns = asyncio.Semaphore(10)

    async def give_up(number: int) -> None:
        async with turns:
            lookup = asyncio.ensure_future(resolver.resolve("http://127.0.0.1:9/"))
            for _ in range(number % 23):
                await asyncio.to_thread(os.getpid)
            lookup.cancel()
            await asyncio.wait((lookup,))

    await asyncio.gather(*map(give_up, range(300)))
    await until(lambda: pool.running == 0)
    assert children(pool.server) == []
    assert pool.server.pid == server
    assert open_files(server) == files[0]
    # Files that earlier tests left to the garbage collector may have been closed meanwhile.
    assert open_files(os.getpid()) <= files[1]
    assert len({each for each in asyncio.all_tasks() if "look-up" in each.get_name()}) == 0
