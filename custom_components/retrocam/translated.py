"""Texts that are shown as they come: on pictures, in the logbook, by a cell stream.

In the language of Home Assistant itself: one text is for all who look.
"""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from .const import DOMAIN

_PREFIX: Final = f"component.{DOMAIN}.common."


def text(hass: HomeAssistant, key: str, **placeholders: str) -> str:
    """Return a text of the section `common`; its key until Home Assistant has read it. Any thread."""
    known = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    return known.get(f"{_PREFIX}{key}", key).format(**placeholders)


def error_text(hass: HomeAssistant, code: str, **placeholders: str) -> str:
    """Return what an error says to users; its code until Home Assistant has read it. Any thread."""
    known = async_get_cached_translations(hass, hass.config.language, "exceptions", DOMAIN)
    message = known.get(f"component.{DOMAIN}.exceptions.{code}.message", code)
    return message.format(**placeholders)
