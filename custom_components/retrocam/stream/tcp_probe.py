"""Whether the host of a source can be reached: whether it accepts a TCP connection."""

import asyncio
import contextlib
from typing import Final
from urllib.parse import urlsplit

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


async def async_reachable(source: str) -> bool:
    """Tell whether the host of `source`, a URL, accepts a TCP connection.

    Takes `CONNECT_TIMEOUT` at most. A source of which host or port are not known counts as reachable.
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
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except OSError, UnicodeError:
        # The latter for what can be no name of a host.
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
