"""The look-up server in rare conditions of its children, parent and system."""

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
from custom_components.retrocam.core.player.net.streams import ResolvedMedia

from ....house import HOUSE, ROOT
from ....loop_lag import STRETCH, loop_lag
from ....waiting import until
from ..clips import clip
from ..lookups import a_resolver
from ..server import MediaServer, Page
from .children import children, children_of, is_running, open_files
from .misbehaving import (
    leave_an_orphan,
    leave_an_orphan_in_a_new_session,
    list_files,
    running,
    start_another,
    stop_the_server,
)

URL = "http://site.example/"


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[LookupPool]:
    """A pool with an own, idle server."""
    pool = LookupPool(home=str(tmp_path / "cache"))
    with pytest.raises(PlayError):
        await Resolver(pool).resolve("http://127.0.0.1:9/")
    await until(lambda: not children(pool.server))
    yield pool
    assert await pool.close(60)


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


async def begin(pool: LookupPool, log: Path) -> tuple[asyncio.Task[ResolvedMedia], list[int]]:
    """Start a look-up that never ends; return it and its processes, the child first."""
    resolver = Resolver(pool, lookup=running(start_another, log))
    lookup = asyncio.create_task(resolver.resolve(URL))
    return lookup, [int(pid) for pid in (await asyncio.to_thread(log.read_text)).split()]


STEPPED = """
import os, pathlib, signal, socket, sys
sys.path[:0] = ["", "custom_components/retrocam/core/player/lookup"]
import child
child._add_namespaces("custom_components.retrocam", pathlib.Path("custom_components/retrocam"))
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
"""A server that handles events when it reads a byte from a pipe."""


class SteppedServer:
    """Runs `STEPPED`; children send their process id, and end with their connection, or never."""

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
        """Start a job; return its connection and its process id."""
        ours, given = socket.socketpair()
        ours.settimeout(60)
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
        self.process.wait(60)
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
    """Wait for the peer to close the connection."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_simultaneous_hang_up_and_exit_do_not_block_the_server(stepped: SteppedServer) -> None:
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


def test_closing_kills_all_children_during_a_kill(stepped: SteppedServer) -> None:
    first, first_pid = stepped.begin(busy=True)
    _, second_pid = stepped.begin(busy=True)
    first.shutdown(socket.SHUT_WR)
    stepped.step()
    wait_for_end(first_pid)
    stepped.close()
    assert stepped.process.returncode == 0
    assert not is_running(second_pid)


async def test_look_ups_end_with_a_killed_server(pool: LookupPool, tmp_path: Path) -> None:
    lookup, pids = await begin(pool, fifo(tmp_path / "log"))
    assert pool.server.pid is not None
    os.kill(pool.server.pid, signal.SIGKILL)
    try:
        await until(lambda: not is_running(pids[0]))
        with pytest.raises(PlayNetworkError):
            await lookup
    finally:
        os.kill(pids[1], signal.SIGKILL)


def test_a_child_forked_by_a_server_that_has_ended_is_killed() -> None:
    program = "import runpy, sys; runpy.run_path(sys.argv[1])['end_with_parent'](int(sys.argv[2]))"
    path = HOUSE / "core/player/lookup/process_tree.py"
    for parent, code in ((os.getpid(), 0), (1, -signal.SIGKILL)):
        child = subprocess.run([sys.executable, "-c", program, path, str(parent)], check=False)
        assert child.returncode == code


async def test_a_server_survives_running_out_of_descriptors(
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


async def test_descendants_do_not_inherit_the_connection(tmp_path: Path) -> None:
    log = tmp_path / "log"
    resolver = a_resolver(lookup=running(list_files, log))
    with pytest.raises(PlayError):
        await resolver.resolve(URL)
    inherited = json.loads(log.read_text())
    assert not [name for name in inherited if name.startswith("socket:")]
    assert await resolver.pool.close(60)


async def test_a_hanging_server_does_not_block_the_event_loop(tmp_path: Path) -> None:
    pool = LookupPool(home=str(tmp_path), idle_seconds=0.0)
    log = fifo(tmp_path / "log")
    resolver = Resolver(pool, lookup=running(stop_the_server, log))
    lookup = asyncio.ensure_future(resolver.resolve(URL))
    await asyncio.to_thread(log.read_text)
    with loop_lag() as lag:
        lookup.cancel()
        await until(lambda: pool.server.pid is None)
        await pool.close()
    assert lag.longest < STRETCH


async def test_a_look_up_ends_by_its_own_time_limit(pool: LookupPool, tmp_path: Path) -> None:
    log = fifo(tmp_path / "log")
    resolver = Resolver(pool, lookup=running(start_another, log))
    lookup = asyncio.ensure_future(pool.run(resolver.job(URL, trusted=True, cpu_seconds=0), 60))
    pids = [int(pid) for pid in (await asyncio.to_thread(log.read_text)).split()]
    await until(lambda: not any(map(is_running, pids)))
    with pytest.raises(PlayNetworkError):
        await lookup


@pytest.mark.parametrize("action", [leave_an_orphan, leave_an_orphan_in_a_new_session])
async def test_orphans_are_killed_and_reaped(
    pool: LookupPool, tmp_path: Path, action: Callable[[Path], None]
) -> None:
    log = fifo(tmp_path / "log")
    lookup = asyncio.ensure_future(Resolver(pool, lookup=running(action, log)).resolve(URL))
    orphan = int(await asyncio.to_thread(log.read_text))
    assert pool.server.pid is not None
    assert orphan in children_of(pool.server.pid)
    lookup.cancel()
    await until(lambda: not Path(f"/proc/{orphan}").exists())


async def test_cancellation_leaks_no_slot_process_or_file(pool: LookupPool) -> None:
    resolver = Resolver(pool, allow_private=True)
    server = pool.server.pid
    assert server is not None
    files = open_files(server), open_files(os.getpid())
    slots = asyncio.Semaphore(10)

    async def give_up(number: int) -> None:
        async with slots:
            lookup = asyncio.ensure_future(resolver.resolve("http://127.0.0.1:9/"))
            for _ in range(number % 23):
                await asyncio.to_thread(os.getpid)
            lookup.cancel()
            await asyncio.wait((lookup,))

    await asyncio.gather(*map(give_up, range(300)))
    await until(lambda: not pool._tasks)
    assert children(pool.server) == []
    assert pool.server.pid == server
    # The server tells the end of a process before it looks for those that it left, in a file.
    await until(lambda: open_files(server) <= files[0])
    # Earlier tests' files may have been garbage-collected meanwhile.
    await until(lambda: open_files(os.getpid()) <= files[1])
    assert len([task for task in asyncio.all_tasks() if "look-up" in task.get_name()]) == 0
