"""Look-ups for tests: one server per test process, since starting one takes a second."""

import asyncio
import atexit
from typing import Any

from custom_components.retrocam.core.player.lookup.extractor import extract
from custom_components.retrocam.core.player.lookup.pool import LookupPool
from custom_components.retrocam.core.player.lookup.resolver import Resolver
from custom_components.retrocam.core.player.lookup.server import LookupServer
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.streams import ResolvedMedia

SERVER = LookupServer()
atexit.register(SERVER.stop)


def a_resolver(*, allow_private: bool = True, timeout: float = 60, **settings: Any) -> Resolver:
    """Return a resolver on the shared server that may connect to this machine."""
    return Resolver(LookupPool(SERVER), allow_private=allow_private, timeout=timeout, **settings)


async def extracted(query: str) -> ResolvedMedia:
    """Run a look-up in this process, where it can be patched."""
    network = Network(is_any)
    try:
        return await asyncio.to_thread(extract, query, network, max_height=360, cache_dir=None)
    finally:
        network.close()
