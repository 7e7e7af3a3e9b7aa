"""TCP probe of a source's host, also while DNS hangs."""

import asyncio
from collections.abc import Iterator
import socket
import threading
from typing import Any

import pytest

from custom_components.retrocam.stream import tcp_probe
from custom_components.retrocam.stream.tcp_probe import TcpProbe

from ..leaks import own_threads
from ..waiting import until

CAMERAS = 16
ROUNDS = 5
"""With CAMERAS, more look-ups than the threads of the shared executor."""


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the probe connect to this machine."""


@pytest.fixture
def hanging_dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Make the system's resolver wait for an event, as it waits for a DNS server that is down."""
    answers = threading.Event()
    resolve = socket.getaddrinfo

    def wait(host: str, *args: Any, **options: Any) -> Any:
        answers.wait()
        return resolve("127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    yield answers
    answers.set()


async def test_hanging_dns_does_not_occupy_shared_executor(
    hanging_dns: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_probe, "CONNECT_TIMEOUT", 0.05)
    loop = asyncio.get_running_loop()
    probes = [TcpProbe(f"camera {number}") for number in range(CAMERAS)]
    for _ in range(ROUNDS):
        answers = await asyncio.gather(
            *(
                probe.async_reachable(f"rtsp://camera-{number}.example/stream")
                for number, probe in enumerate(probes)
            )
        )
        assert answers == [False] * CAMERAS
    async with asyncio.timeout(30):
        assert await loop.run_in_executor(None, lambda: "free") == "free"
    # One look-up per camera, which later probes wait for.
    assert len(own_threads()) == CAMERAS
    for probe in probes:
        probe.async_close()
    hanging_dns.set()
    await until(lambda: not own_threads())


async def test_address_is_not_looked_up(hanging_dns: threading.Event) -> None:
    """A thread for it may be late on a busy machine, and be there after an unload."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await TcpProbe("camera").async_reachable(f"rtsp://127.0.0.1:{port}/stream")
    assert not await TcpProbe("camera").async_reachable(f"rtsp://127.0.0.1:{port}/stream")
    assert own_threads() == []


async def test_late_resolved_host_is_reachable(
    hanging_dns: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        url = f"rtsp://camera.example:{port}/stream"
        probe = TcpProbe("camera")
        with monkeypatch.context() as patch:
            patch.setattr(tcp_probe, "CONNECT_TIMEOUT", 0.05)
            assert not await probe.async_reachable(url)
        hanging_dns.set()
        assert await probe.async_reachable(url)
        assert not await probe.async_reachable("rtsp://nowhere.example:1/stream")
    assert own_threads() == []


@pytest.mark.parametrize(
    ("source", "reachable"),
    [
        ("rtsp://127.0.0.1:1/", False),
        ("rtsp:///stream", True),
        ("rtsp://camera:nonsense/", True),
        ("what/is/this", True),
    ],
)
async def test_source_without_host_counts_as_reachable(source: str, *, reachable: bool) -> None:
    assert await TcpProbe("camera").async_reachable(source) is reachable
