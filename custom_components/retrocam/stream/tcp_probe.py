"""Reachability of a source: whether its host accepts a TCP connection."""

import asyncio
from collections.abc import Sequence
import contextlib
from functools import partial
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from homeassistant.core import callback

from ..core.player.net.addresses import look_up
from ..core.sources.urls import DEFAULT_PORTS
from ..core.threads import run_in_thread

CONNECT_TIMEOUT: Final = 2.0
"""Seconds in which a reachable source accepts a TCP connection."""


class TcpProbe:
    """Connects to the host of one camera. Runs in the event loop.

    Names are resolved in a thread of its own, one at a time: look-ups cannot be interrupted, and while
    DNS hangs those of a few cameras would occupy all threads of Home Assistant's shared executor. An
    address, which most cameras have, needs no look-up, nor a thread that an unload leaves behind.
    """

    def __init__(self, name: str, source: str | None = None) -> None:
        """`name` is the camera's, for the thread; `source` replaces what is asked for."""
        self._source = source
        self._name = name
        self._host = ""
        self._lookup: asyncio.Task[Sequence[str]] | None = None

    async def async_reachable(self, source: str) -> bool:
        """Return whether the host of `source`, a URL, accepts a TCP connection.

        Takes `CONNECT_TIMEOUT` at most. A source without a known host or port counts as reachable.
        """
        try:
            parts = urlsplit(self._source or source)
            port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        except ValueError:
            return True
        if parts.hostname is None or port is None:
            return True
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                return await _async_connects(await self._async_look_up(parts.hostname, port), port)
        except OSError, UnicodeError:
            # UnicodeError: not a valid host name.
            return False

    @callback
    def async_close(self) -> None:
        """Abandon the look-up; its thread ends when DNS answers."""
        if self._lookup is not None:
            self._lookup.cancel()
            self._lookup = None

    async def _async_look_up(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host. Raises OSError and UnicodeError."""
        if _is_address(host):
            return (host,)
        if self._lookup is not None and self._host != host:
            await asyncio.wait((self._lookup,))
        if self._lookup is None or self._lookup.done():
            self._host = host
            name = f"retrocam resolve {self._name}"
            job = run_in_thread(name, partial(look_up, host, port), daemon=True)
            self._lookup = asyncio.create_task(job, name=name)
            # Keep asyncio from logging the error of an abandoned look-up.
            self._lookup.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.wait((self._lookup,))
        return self._lookup.result()


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ip_address(host)
        return "%" not in host  # its zone is looked up
    return False


async def _async_connects(addresses: Sequence[str], port: int) -> bool:
    """Return whether any of the addresses accepts a connection."""
    for address in addresses:
        try:
            _, writer = await asyncio.open_connection(address, port)
        except OSError:
            continue
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True
    return False
