"""The last snapshot of a camera as an image."""

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
    """The newest picture of the history; it is there while the camera is away, too."""

    _attr_translation_key = "last_snapshot"

    def __init__(self, hass: HomeAssistant, instance: CameraInstance) -> None:
        """Make the entity; the library has the pictures."""
        ImageEntity.__init__(self, hass)
        # Which that does not call.
        RetrocamEntity.__init__(self, instance, "last_snapshot")

    @property
    def _newest(self) -> MediaItem | None:
        return self.instance.media.snapshots.newest

    @property
    @override
    def image_last_updated(self) -> datetime | None:
        """When the newest picture was taken."""
        newest = self._newest
        return None if newest is None else dt_util.utc_from_timestamp(newest.time)

    @property
    @override
    def content_type(self) -> str:
        """What the newest picture is."""
        newest = self._newest
        return super().content_type if newest is None else content_type(newest.name)

    @property
    @override
    def entity_picture(self) -> str | None:
        """Where the picture is; without one, lists of entities show an icon and ask for nothing."""
        return None if self._newest is None else super().entity_picture

    @override
    async def async_image(self) -> bytes | None:
        """Read the newest picture; None if there is none."""
        if (newest := self._newest) is None:
            return None
        media = self.instance.media
        try:
            return await media.async_run(
                partial(media.snapshots.read, newest.name), MediaKind.SNAPSHOTS
            )
        except RetrocamError:
            # Deleted at this moment, or its disk is gone: the repair issue tells of that.
            return None
