"""Fixtures of the player's tests."""

from collections.abc import Iterator
import threading

import pytest
import pytest_socket

from custom_components.retrocam.core.player.net.addresses import Network, is_any

from .server import MediaServer, serving

HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.9"]
"""Addresses of this machine, used as several hosts."""


@pytest.fixture(autouse=True)
def open_sockets(socket_enabled: None) -> None:
    """Allow connections to this machine only."""
    pytest_socket.socket_allow_hosts(HOSTS, allow_unix_socket=True)


@pytest.fixture
def server() -> Iterator[MediaServer]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def no_stray_threads() -> Iterator[None]:
    """All threads of a test must end."""
    yield
    threads = threading.enumerate()
    own = [thread for thread in threads if thread.name.startswith("retrocam")]
    # On a busy machine a test server may still have to notice that its client has left.
    requests = [thread for thread in threads if "process_request_thread" in thread.name]
    for thread in own:
        thread.join(60)
    for thread in requests:
        thread.join(3)
    assert not [thread.name for thread in own if thread.is_alive()]


@pytest.fixture
def network() -> Network:
    """A network that allows all addresses."""
    return Network(is_any, timeout=60)
