"""Thumbnails of playing media, fetched over the checked network."""

import asyncio
from collections.abc import Callable
from functools import partial
from http.client import HTTPException
import logging

from homeassistant.core import HomeAssistant, callback

from ..core.errors import PlayError
from ..core.player.artwork import Artwork, fetch_artwork
from ..core.player.net.addresses import Network
from ..core.threads import run_in_thread

_LOGGER = logging.getLogger(__name__)


class Thumbnail:
    """Fetches the current thumbnail, in a thread of its own. For the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        network: Callable[[], Network],
        changed: Callable[[], None],
    ) -> None:
        """`network` returns a new network for each fetch; `changed` is called after a fetch."""
        self._hass, self._name, self._network, self._changed = hass, name, network, changed
        self.limit = 10.0
        """Timeout of a fetch, in seconds."""
        self.artwork: Artwork | None = None
        """The thumbnail, once fetched."""
        self._url: str | None = None
        self._current: Network | None = None
        self._fetches: set[asyncio.Task[None]] = set()

    @callback
    def async_show(self, url: str | None) -> None:
        """Replace the thumbnail by the one at `url`; None for no thumbnail."""
        if url == self._url:
            return
        self._url, self.artwork = url, None
        if self._current is not None:
            self._current.close()
        if url is None:
            self._current = None
            return
        self._current = network = self._network()
        task = self._hass.async_create_background_task(
            self._async_fetch(url, network), f"retrocam thumbnail of {self._name}"
        )
        self._fetches.add(task)
        task.add_done_callback(self._fetches.discard)

    async def async_close(self, limit: float = 3.0) -> None:
        """Cancel the fetch, and wait up to `limit` s for its thread."""
        self.async_show(None)
        if self._fetches:
            await asyncio.wait(tuple(self._fetches), timeout=limit)

    async def _async_fetch(self, url: str, network: Network) -> None:
        # Closing the network ends the thread.
        timer = self._hass.loop.call_later(self.limit, network.close)
        try:
            artwork = await run_in_thread(
                f"retrocam thumbnail {self._name}",
                partial(fetch_artwork, network, url),
                daemon=True,
            )
        except (PlayError, OSError, HTTPException, ValueError) as err:
            # The error's text may hold the URL.
            _LOGGER.debug("Fetching the thumbnail failed: %s", type(err).__name__)
            return
        finally:
            timer.cancel()
            network.close()
        if network is self._current:
            self.artwork = artwork
            self._changed()
