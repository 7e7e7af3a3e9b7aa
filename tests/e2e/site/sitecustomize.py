"""A piece of internet for a Home Assistant under test; Python loads it from PYTHONPATH when it starts.

Home Assistant sees a site at a public address; whoever connects to it reaches the test's own server.
All checks of addresses are so the real ones, and nothing of ours is replaced.
"""

import os
import socket
from typing import Any, Final

HOST: Final = "site.example"
ADDRESS: Final = "93.184.215.14"
PORT: Final = int(os.environ["RETROCAM_TEST_SITE"])

_getaddrinfo = socket.getaddrinfo
_connect = socket.socket.connect


def _look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
    return _getaddrinfo(ADDRESS if host == HOST else host, *args, **kwargs)


def _lead(self: socket.socket, address: Any) -> None:
    if address[0] == ADDRESS:
        address = ("127.0.0.1", PORT)
    _connect(self, address)


socket.getaddrinfo = _look_up
socket.socket.connect = _lead  # type: ignore[method-assign, assignment]  # what the child is to see
