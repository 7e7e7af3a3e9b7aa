"""The image entity of the last snapshot."""

from datetime import datetime
from functools import partial
from typing import override

from homeassistant.components.image import ImageEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .cameras import CameraInstance, RetrocamConfigEntry
from .core.errors import RetrocamError
from .core.library.index import MediaItem
from .entity import RetrocamEntity
from .media.items import MediaKind, content_type

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the image of an instance."""
    async_add_entities([LastSnapshot(hass, entry.runtime_data)])


class LastSnapshot(ImageEntity, RetrocamEntity):
    """The newest snapshot of the history, also while the camera is unavailable."""

    _attr_translation_key = "last_snapshot"

    def __init__(self, hass: HomeAssistant, instance: CameraInstance) -> None:
        ImageEntity.__init__(self, hass)  # does not call super().__init__()
        RetrocamEntity.__init__(self, instance, "last_snapshot")

    @property
    def _newest(self) -> MediaItem | None:
        return self.instance.media.snapshots.newest

    @property
    @override
    def image_last_updated(self) -> datetime | None:
        """Return when the newest snapshot was taken."""
        newest = self._newest
        return None if newest is None else dt_util.utc_from_timestamp(newest.time)

    @property
    @override
    def content_type(self) -> str:
        newest = self._newest
        return super().content_type if newest is None else content_type(newest.name)

    @property
    @override
    def entity_picture(self) -> str | None:
        """Return None without a snapshot, so that the frontend shows an icon and requests no image."""
        return None if self._newest is None else super().entity_picture

    @override
    async def async_image(self) -> bytes | None:
        """Read the newest snapshot."""
        if (newest := self._newest) is None:
            return None
        media = self.instance.media
        try:
            return await media.async_run(
                partial(media.snapshots.read, newest.name), MediaKind.SNAPSHOTS
            )
        except RetrocamError:
            # Just deleted, or the disk is gone, for which there is a repair issue.
            return None
