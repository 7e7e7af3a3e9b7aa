"""Cameras of other integrations, whose code runs in our tasks and may raise anything.

What they raise is made one of our errors here, so that a fault of theirs ends nothing that has to go
on for days. Their texts may hold addresses and passwords: only the kind of an error is told.
"""

from homeassistant.components.camera import async_get_image
from homeassistant.core import HomeAssistant

from ..core.errors import CannotConnectError, PictureTooLargeError
from ..core.sources.allocation import MAX_PACKET


async def async_foreign_still(hass: HomeAssistant, entity_id: str) -> bytes:
    """Return the picture of a camera, whatever its format is.

    Raises CannotConnectError, or PictureTooLargeError for one that is not worth to be kept in memory.
    """
    try:
        picture = (await async_get_image(hass, entity_id)).content
    except Exception as err:
        raise CannotConnectError(f"the camera gave no picture: {type(err).__name__}") from err
    if len(picture) > MAX_PACKET:
        raise PictureTooLargeError(f"a picture of {len(picture)} bytes")
    return picture
