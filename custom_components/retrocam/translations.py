"""Translated texts drawn on frames, sent in ASCII streams and written to the logbook.

In Home Assistant's own language, since all viewers share them.
"""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from .const import DOMAIN


def translate(hass: HomeAssistant, key: str, **placeholders: str) -> str:
    """Return a text of the section `common`, or its key before translations are loaded. Any thread."""
    texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    return texts.get(f"component.{DOMAIN}.common.{key}", key).format(**placeholders)


def translate_error(hass: HomeAssistant, code: str, **placeholders: str) -> str:
    """Return the message of an error, or its code before translations are loaded. Any thread."""
    texts = async_get_cached_translations(hass, hass.config.language, "exceptions", DOMAIN)
    message = texts.get(f"component.{DOMAIN}.exceptions.{code}.message", code)
    return message.format(**placeholders)
