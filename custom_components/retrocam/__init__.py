"""Retrocam: Home Assistant cameras that look back, and look retro."""

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .cameras import RetrocamConfigEntry, create_instance
from .cameras.outages import OUTAGES, Outages
from .cameras.share_auth import SHARE_AUTH, ShareAuth
from .const import DOMAIN
from .core.sources.allocation import limit_allocations
from .http.live import async_register_views
from .panel import async_register_resource, async_register_static, async_remove_resource
from .repairs.checks import async_watch_issues
from .services import async_setup_services
from .share.page import async_register_share_views
from .websocket_api import async_register_commands

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what all entries share."""
    await hass.async_add_executor_job(limit_allocations)
    share_auth = hass.data[SHARE_AUTH] = ShareAuth(hass)
    await share_auth.async_load()
    outages = hass.data[OUTAGES] = Outages(hass)
    await outages.async_load()
    async_register_views(hass)
    async_register_share_views(hass)
    async_register_commands(hass)
    async_setup_services(hass)
    await async_register_static(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: RetrocamConfigEntry) -> bool:
    """Load an instance, also while its source is unreachable: its media is still there."""
    await async_register_resource(hass)
    instance = entry.runtime_data = create_instance(hass, entry)

    async def stop(_event: Event) -> None:
        await instance.async_stop()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    async_watch_issues(hass, instance)
    await hass.config_entries.async_forward_entry_setups(entry, instance.platforms)
    await instance.async_start()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: RetrocamConfigEntry) -> bool:
    """Unload an instance."""
    instance = entry.runtime_data
    # Disconnect guests first: finishing clips takes a while.
    instance.share.async_end()
    if unloaded := await hass.config_entries.async_unload_platforms(entry, instance.platforms):
        await instance.async_stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
    """Remove the entry's outage; with the last entry also the cards and all guest data."""
    # `async_setup` has not run if all entries are disabled.
    outages = hass.data.get(OUTAGES) or Outages(hass)
    outages.async_forget(entry.entry_id)
    if not hass.config_entries.async_entries(DOMAIN):
        await async_remove_resource(hass)
        await outages.async_clear()
        await (hass.data.get(SHARE_AUTH) or ShareAuth(hass)).async_clear()
