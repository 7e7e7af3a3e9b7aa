"""Texts that Home Assistant shows as they come: on pictures and in the logbook. In its own language."""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from .const import DOMAIN

_PREFIX: Final = f"component.{DOMAIN}.common."


def text(hass: HomeAssistant, key: str, **placeholders: str) -> str:
    """Return a text of the section `common`; its key until Home Assistant has read it. Any thread."""
    known = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    return known.get(f"{_PREFIX}{key}", key).format(**placeholders)
