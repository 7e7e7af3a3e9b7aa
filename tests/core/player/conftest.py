"""Fixtures of the player's tests."""

from collections.abc import Iterator
import threading

import pytest
import pytest_socket

from custom_components.retrocam.core.player.net.addresses import Network, is_any

from .server import MediaServer, serving

HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.9"]
"""Addresses of this machine that play several hosts."""


@pytest.fixture(autouse=True)
def open_sockets(socket_enabled: None) -> None:
    """Let tests talk to this machine, and to no other."""
    pytest_socket.socket_allow_hosts(HOSTS, allow_unix_socket=True)


@pytest.fixture
def server() -> Iterator[MediaServer]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def no_stray_threads() -> Iterator[None]:
    """Whatever a test plays, nothing of it is left."""
    yield
    left = [thread for thread in threading.enumerate() if thread.name.startswith("retrocam")]
    # On a busy machine a server may still be about to see that its client has left.
    answering = [one for one in threading.enumerate() if "process_request_thread" in one.name]
    for thread in [*left, *answering]:
        thread.join(3)
    assert not [thread.name for thread in left if thread.is_alive()]


@pytest.fixture
def network() -> Network:
    """A network in which everything may be reached."""
    return Network(is_any, timeout=5)
