"""Registration of Retrocam's cards with the dashboards.

The cards are one built file, `dist/retrocam.js`, served without authentication (it contains no
secret) under a stable path, and listed as a dashboard resource with the file's hash as query, so that
browsers fetch a new build at once and cache it for a month. A resource rather than an extra module of
the page: only resources reach cast devices, and only they load after the page has its element registry.

A list of resources in YAML belongs to the user: it is read, never changed, and the file becomes an
extra module unless the list names it already. A page must never load both.

A checkout without a build has no cards: it logs one warning, and everything else works.

May import nothing of Retrocam.
"""

import asyncio
from dataclasses import dataclass, field
from hashlib import sha256
import logging
from pathlib import Path
from typing import Final

from homeassistant.components.frontend import (
    DATA_EXTRA_MODULE_URL,
    add_extra_js_url,
    remove_extra_js_url,
)
from homeassistant.components.http import StaticPathConfig
from homeassistant.components.lovelace.const import CONF_RESOURCE_TYPE_WS, LOVELACE_DATA
from homeassistant.components.lovelace.resources import ResourceStorageCollection
from homeassistant.const import CONF_ID, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

_LOGGER = logging.getLogger(__name__)

URL_BASE: Final = "/retrocam_files"
"""Not below `/static`, where the page's service worker caches regardless of the query."""
_BUNDLE: Final = "retrocam.js"
BUNDLE_URL: Final = f"{URL_BASE}/{_BUNDLE}"
DIST: Final = Path(__file__).parent / "dist"


@dataclass(slots=True)
class _Cards:
    """The built cards."""

    url: str
    """Path and hash of the file."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Entries are set up concurrently, and only one of them may create the resource."""
    extra_module: bool = False
    """Whether the file was added to the page as an extra module."""


_CARDS: HassKey[_Cards] = HassKey("retrocam_cards")


async def async_register_static(hass: HomeAssistant, dist: Path = DIST) -> None:
    """Serve the built cards; called once, from `async_setup`. Without a build, log a warning."""
    digest = await hass.async_add_executor_job(_digest, dist / _BUNDLE)
    if digest is None:
        _LOGGER.warning(
            "The dashboard cards are not built (no %s/%s): the integration works without them. "
            "Releases contain them; in a checkout, run scripts/setup",
            dist.name,
            _BUNDLE,
        )
        return
    await hass.http.async_register_static_paths(
        [StaticPathConfig(URL_BASE, str(dist), cache_headers=True)]
    )
    hass.data[_CARDS] = _Cards(url=f"{BUNDLE_URL}?v={digest}")


async def async_register_resource(hass: HomeAssistant) -> None:
    """Make all dashboards load the installed version of the cards. Idempotent.

    Called at the set-up of each entry: `async_setup` does not run again when a new entry is added
    after the last one was removed.
    """
    if (cards := hass.data.get(_CARDS)) is None:
        return
    async with cards.lock:
        resources = hass.data[LOVELACE_DATA].resources
        if isinstance(resources, ResourceStorageCollection):
            await _async_store(resources, cards.url)
            return
        if any(_is_ours(item[CONF_URL]) for item in resources.async_items()):
            return
        if DATA_EXTRA_MODULE_URL in hass.data and not cards.extra_module:
            add_extra_js_url(hass, cards.url)
            cards.extra_module = True


async def async_remove_resource(hass: HomeAssistant) -> None:
    """Remove the cards from the dashboards, at the removal of the last entry.

    Not at unload: each reload of an entry would write the dashboards' storage twice.
    """
    # A stored resource is removed even if no entry was set up since Home Assistant started.
    cards = hass.data.get(_CARDS) or _Cards(url="")
    async with cards.lock:
        if cards.extra_module:
            remove_extra_js_url(hass, cards.url)
            cards.extra_module = False
        lovelace = hass.data.get(LOVELACE_DATA)
        if lovelace is not None and isinstance(lovelace.resources, ResourceStorageCollection):
            for item_id in await _async_own_ids(lovelace.resources):
                await lovelace.resources.async_delete_item(item_id)


async def _async_store(resources: ResourceStorageCollection, url: str) -> None:
    """Create or update the stored resource, and delete duplicates."""
    ids = await _async_own_ids(resources)
    item = {CONF_RESOURCE_TYPE_WS: "module", CONF_URL: url}
    if not ids:
        await resources.async_create_item(item)
        return
    if resources.data[ids[0]][CONF_URL] != url:
        await resources.async_update_item(ids[0], item)
    # The page would evaluate two URLs of one file twice.
    for item_id in ids[1:]:
        await resources.async_delete_item(item_id)


async def _async_own_ids(resources: ResourceStorageCollection) -> list[str]:
    """Return the ids of the stored resources of our file, in any version."""
    # Loads the list, which is empty until then.
    await resources.async_get_info()
    return [item[CONF_ID] for item in resources.async_items() if _is_ours(item[CONF_URL])]


def _is_ours(url: str) -> bool:
    return url.partition("?")[0] == BUNDLE_URL


def _digest(bundle: Path) -> str | None:
    """Return 12 hexadecimal digits of the file's SHA-256, None without a file. Blocks."""
    try:
        return sha256(bundle.read_bytes()).hexdigest()[:12]
    except FileNotFoundError:
        return None
