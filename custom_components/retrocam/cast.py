"""Google Cast of footage.

It is HLS of fragmented MP4. Receivers must be told so, or they load it without an end; Home Assistant
itself tells them for its own HLS alone. They must also be told whether it ends.
"""

from collections.abc import Callable
from typing import Final, Protocol

from homeassistant.components.media_player import (
    BrowseMedia,
    MediaType,
    async_process_play_media_url,
)
from homeassistant.core import HomeAssistant
from yarl import URL

from .core.threads import run_in_thread
from .urls import FOOTAGE_MASTER_PATH

_BEGIN, _, _END = FOOTAGE_MASTER_PATH.partition("{entry_id}")
_FORMAT: Final = {"hlsVideoSegmentFormat": "fmp4"}


class _MediaController(Protocol):
    """What is used of PyChromecast's."""

    @property
    def play_media(self) -> Callable[..., None]:
        """Load a URL of a type, by a message; does not wait for the receiver."""


class _Receiver(Protocol):
    """What is used of PyChromecast's Chromecast."""

    @property
    def media_controller(self) -> _MediaController:
        """The controller of the default media receiver."""


async def async_get_media_browser_root_object(
    _hass: HomeAssistant, _cast_type: str
) -> list[BrowseMedia]:
    """Return no folder: what can be cast is in the media source."""
    return []


async def async_browse_media(
    _hass: HomeAssistant,
    _media_content_type: MediaType | str,
    _media_content_id: str,
    _cast_type: str,
) -> BrowseMedia | None:
    """Return None: the media source lists it."""
    return None


async def async_play_media(
    hass: HomeAssistant,
    _cast_entity_id: str,
    chromecast: _Receiver,
    media_type: MediaType | str,
    media_id: str,
) -> bool:
    """Cast footage that the media source has resolved; return whether it is that."""
    path = URL(media_id)
    if path.is_absolute() or not (path.path.startswith(_BEGIN) and path.path.endswith(_END)):
        return False
    url = async_process_play_media_url(hass, media_id)
    stream_type = "BUFFERED" if "end" in path.query else "LIVE"

    def play() -> None:
        chromecast.media_controller.play_media(
            url, media_type, stream_type=stream_type, media_info=_FORMAT
        )

    await run_in_thread("retrocam cast", play, join_on_cancel=True)
    return True
