"""Hands Retrocam's cards to the dashboards.

The cards are one built file, `dist/retrocam.js`, served to everybody under a stable path (it holds
no secret) and listed as a dashboard resource whose query is the file's hash, so that browsers fetch
a new build at once and keep an old one for a month. A resource rather than an extra module of the
page: only resources reach cast devices, and only they load after the page has its element registry.

Where resources are kept in YAML the list is the user's: it is read, never changed, and the file
becomes an extra module unless the user's list names it already. A page must never load both.

A checkout without a build has no cards: that is said once, in the log, and everything else works.

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
"""Not below `/static`, where the service worker of the page caches regardless of the query."""
BUNDLE: Final = "retrocam.js"
BUNDLE_URL: Final = f"{URL_BASE}/{BUNDLE}"
DIST: Final = Path(__file__).parent / "dist"


@dataclass(slots=True)
class _Cards:
    """What is known of the built cards while Home Assistant runs."""

    url: str
    """Path and hash of the file."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Entries are set up side by side, and only one of them may find the resource missing."""
    extra: bool = False
    """Whether we added the file to the page as an extra module."""


_CARDS: HassKey[_Cards] = HassKey("retrocam_cards")


async def async_register_static(hass: HomeAssistant, dist: Path = DIST) -> None:
    """Serve the built cards, once, from `async_setup`.

    Without a build this logs one warning, and no dashboard is told of cards.
    """
    digest = await hass.async_add_executor_job(_digest, dist / BUNDLE)
    if digest is None:
        _LOGGER.warning(
            "The dashboard cards are not built (no %s/%s): the integration works without them. "
            "Releases contain them; in a checkout, run scripts/setup",
            dist.name,
            BUNDLE,
        )
        return
    await hass.http.async_register_static_paths(
        [StaticPathConfig(URL_BASE, str(dist), cache_headers=True)]
    )
    hass.data[_CARDS] = _Cards(url=f"{BUNDLE_URL}?v={digest}")


async def async_register_resource(hass: HomeAssistant) -> None:
    """See to it that every dashboard loads the cards, in the version that is installed.

    Called at the set-up of each entry, since `async_setup` does not run again when the last entry
    was removed and a new one is made; does nothing the second time.
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
        if DATA_EXTRA_MODULE_URL in hass.data and not cards.extra:
            add_extra_js_url(hass, cards.url)
            cards.extra = True


async def async_remove_resource(hass: HomeAssistant) -> None:
    """Take the cards off the dashboards, at the removal of the last entry.

    Not at unload: each reload of an entry would write the dashboards' storage twice.
    """
    # A stored resource is to go also if nothing of ours was set up since Home Assistant started.
    cards = hass.data.get(_CARDS) or _Cards(url="")
    async with cards.lock:
        if cards.extra:
            remove_extra_js_url(hass, cards.url)
            cards.extra = False
        lovelace = hass.data.get(LOVELACE_DATA)
        if lovelace is not None and isinstance(lovelace.resources, ResourceStorageCollection):
            for item_id in await _async_own_ids(lovelace.resources):
                await lovelace.resources.async_delete_item(item_id)


async def _async_store(resources: ResourceStorageCollection, url: str) -> None:
    """Leave exactly one stored resource of ours, with this URL."""
    ids = await _async_own_ids(resources)
    if not ids:
        await resources.async_create_item({CONF_RESOURCE_TYPE_WS: "module", CONF_URL: url})
        return
    if resources.data[ids[0]][CONF_URL] != url:
        await resources.async_update_item(ids[0], {CONF_RESOURCE_TYPE_WS: "module", CONF_URL: url})
    # Two URLs of one file would be evaluated twice by the page.
    for item_id in ids[1:]:
        await resources.async_delete_item(item_id)


async def _async_own_ids(resources: ResourceStorageCollection) -> list[str]:
    """Return the ids of the stored resources that name our file, in any version."""
    # The list is empty until something has loaded it; this is what loads it.
    await resources.async_get_info()
    return [item[CONF_ID] for item in resources.async_items() if _is_ours(item[CONF_URL])]


def _is_ours(url: str) -> bool:
    return url.partition("?")[0] == BUNDLE_URL


def _digest(bundle: Path) -> str | None:
    """Return 12 hexadecimal digits of the file's SHA-256, None without a file; reads the disk."""
    try:
        return sha256(bundle.read_bytes()).hexdigest()[:12]
    except FileNotFoundError:
        return None
