"""Media directories of instances."""

from collections.abc import Collection
from itertools import chain, count
import os.path
from pathlib import Path

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import slugify

from ..const import CONF_KIND, CONF_SLUG, DOMAIN
from ..settings import Settings


def unused_slug(hass: HomeAssistant, title: str, others: Collection[ConfigEntry]) -> str:
    """Return a directory name for a new entry that no other entry uses."""
    base = slugify(title) or DOMAIN
    used = {entry.data.get(CONF_SLUG) for entry in others}
    root = default_directory(hass, base).parent
    for entry in others:
        # The user may have chosen a directory among the default ones.
        directory = Path(os.path.normpath(media_directory(hass, entry)))
        if directory.parent == root:
            used.add(directory.name)
    slugs = chain((base,), (f"{base}_{number}" for number in count(2)))
    return next(slug for slug in slugs if slug not in used)


def media_directory(hass: HomeAssistant, entry: ConfigEntry) -> Path:
    """Return the directory of an entry: the configured or else the default one."""
    settings = Settings.from_options(entry.options, entry.data[CONF_KIND])
    return chosen_directory(hass, entry, settings.directory)


def chosen_directory(hass: HomeAssistant, entry: ConfigEntry, choice: str) -> Path:
    """Return the directory of an entry if `choice` is configured, empty for the default."""
    if choice:
        return Path(choice)
    return default_directory(hass, entry.data.get(CONF_SLUG) or slugify(entry.title))


def own_directories(hass: HomeAssistant) -> list[Path]:
    """Return the directories of all entries, loaded or not, and the parent of the default ones."""
    entries: list[ConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    root = default_directory(hass, DOMAIN).parent
    return [root, *(media_directory(hass, entry) for entry in entries)]


def default_directory(hass: HomeAssistant, slug: str) -> Path:
    """Return the directory of `slug` in the local media directory."""
    directories = hass.config.media_dirs
    root = directories.get("local") or next(iter(directories.values()), hass.config.path("media"))
    return Path(root) / DOMAIN / slug
