"""Whether the host of a source can be reached: whether it accepts a TCP connection."""

import asyncio
from collections.abc import Sequence
import contextlib
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from homeassistant.core import callback

from ..core.player.net.addresses import look_up
from ..core.threads import run_in_thread

CONNECT_TIMEOUT: Final = 2.0
"""Seconds in which a source must accept a TCP connection to count as reachable."""

DEFAULT_PORTS: Final = {
    "rtsp": 554,
    "rtsps": 322,
    "http": 80,
    "https": 443,
    "rtmp": 1935,
    "rtmps": 443,
}


class TcpProbe:
    """Connects to the hosts of one camera. Runs in the event loop.

    Names are resolved in a thread of its own, one at a time: nothing can interrupt a look-up, and
    while DNS hangs, those of a few cameras would take every thread that Home Assistant shares.
    """

    def __init__(self, name: str) -> None:
        """Name the camera, for the thread."""
        self._name = name
        self._host = ""
        self._lookup: asyncio.Task[Sequence[str]] | None = None

    async def async_reachable(self, source: str) -> bool:
        """Return whether the host of `source`, a URL, accepts a TCP connection.

        Takes `CONNECT_TIMEOUT` at most. A source of which host or port are not known counts as
        reachable.
        """
        try:
            parts = urlsplit(source)
            port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        except ValueError:
            return True
        if parts.hostname is None or port is None:
            return True
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                return await _async_connects(await self._async_look_up(parts.hostname, port), port)
        except OSError, UnicodeError:
            # The latter for what can be no name of a host.
            return False

    @callback
    def async_close(self) -> None:
        """Wait for no look-up any more; the thread of one that hangs ends when DNS answers."""
        if self._lookup is not None:
            self._lookup.cancel()
            self._lookup = None

    async def _async_look_up(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host. Raises OSError and UnicodeError."""
        if self._lookup is not None and self._host != host:
            await asyncio.wait((self._lookup,))
        if self._lookup is None or self._lookup.done():
            self._host = host
            name = f"retrocam resolve {self._name}"
            job = run_in_thread(name, partial(look_up, host, port), daemon=True)
            self._lookup = asyncio.create_task(job, name=name)
            self._lookup.add_done_callback(_take_error)
        await asyncio.wait((self._lookup,))
        return self._lookup.result()


async def _async_connects(addresses: Sequence[str], port: int) -> bool:
    """Return whether one of the addresses accepts a connection; the first answers for most hosts."""
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


def _take_error(lookup: asyncio.Task[Sequence[str]]) -> None:
    """Keep asyncio from logging the error of a look-up that nobody waits for any more."""
    if not lookup.cancelled():
        lookup.exception()
