"""The paths of Retrocam's HTTP views, and URLs made of them."""

from datetime import timedelta
from typing import Final

from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, callback

from .core.share.credentials import SLUG_PATTERN
from .own_urls import own_url
from .rights import remaining_validity, signs_for_itself

LIVE_PATH: Final = "/api/retrocam/live/{entry_id}.ts"
MJPEG_PATH: Final = "/api/retrocam/mjpeg/{entry_id}"
VIEWER_PATH: Final = "/api/retrocam/mjpeg/{entry_id}/viewer"
FRAME_PATH: Final = "/api/retrocam/mjpeg/{entry_id}/frames/{index:[0-9]{1,15}|latest}"
PREVIEW_PATH: Final = "/api/retrocam/preview/{flow_id}"
CELLS_PATH: Final = "/api/retrocam/cells/{entry_id}"
_SOUND: Final = "{session:[0-9]{1,9}}/{epoch:[0-9]{1,9}}/{start_us:[0-9]{1,15}}.aac"
AUDIO_BASE: Final = "/api/retrocam/audio"
AUDIO_PATH: Final = f"{AUDIO_BASE}/{{entry_id}}/{_SOUND}"
MEDIA_LIST_PATH: Final = "/api/retrocam/{kind}/{entry_id}"
MEDIA_PATH: Final = "/api/retrocam/{kind}/{entry_id}/{filename}"
THUMBNAIL_PATH: Final = "/api/retrocam/thumbnails/{entry_id}/{filename}"

SHARE_PATH: Final = "/retrocam/{slug}"
_SHARE: Final = f"/retrocam/{{slug:{SLUG_PATTERN}}}"
"""A slug of another form is no page at all."""
SHARE_PAGE_PATH: Final = _SHARE
SHARE_ASSET_PATH: Final = f"{_SHARE}/assets/{{name}}"
SHARE_UNLOCK_PATH: Final = f"{_SHARE}/unlock"
SHARE_LOCK_PATH: Final = f"{_SHARE}/lock"
SHARE_INFO_PATH: Final = f"{_SHARE}/info"
SHARE_CELLS_PATH: Final = f"{_SHARE}/cells"
SHARE_MJPEG_PATH: Final = f"{_SHARE}/mjpeg"
SHARE_AUDIO_PATH: Final = f"{_SHARE}/audio/{_SOUND}"
SHARE_SNAPSHOTS_PATH: Final = f"{_SHARE}/snapshots"
SHARE_SNAPSHOT_PATH: Final = f"{_SHARE}/snapshots/{{filename}}"
SHARE_THUMBNAIL_PATH: Final = f"{_SHARE}/thumbnails/{{filename}}"
SHARE_ACTION_PATH: Final = f"{_SHARE}/{{action:play|pause|stop|seek|preset|layout}}"

SIGNED_FOR: Final = timedelta(hours=24)
"""How long a signed path opens its door; Home Assistant's restart ends it sooner."""


@callback
def live_url(hass: HomeAssistant, entry_id: str, token: str) -> str:
    """Return where the stream worker, on this machine, reads what Retrocam draws.

    The token goes into the query as `auth`, which Home Assistant's stream keeps out of its logs.
    """
    return str(own_url(hass).with_path(LIVE_PATH.format(entry_id=entry_id)).with_query(auth=token))


def audio_template(entry_id: str, session: int, epoch: int) -> str:
    """Return the path of a session's sound, with `{start_us}` where the wanted position belongs."""
    return f"{AUDIO_BASE}/{entry_id}/{session}/{epoch}/{{start_us}}.aac"


def share_path(slug: str) -> str:
    """Return the path of a share page, without a slash at its end."""
    return SHARE_PATH.format(slug=slug)


def media_path(kind: str, entry_id: str, filename: str) -> str:
    """Return the path of a media file."""
    return MEDIA_PATH.format(kind=kind, entry_id=entry_id, filename=filename)


def thumbnail_path(entry_id: str, filename: str) -> str:
    """Return the path of the small picture of a media file."""
    return THUMBNAIL_PATH.format(entry_id=entry_id, filename=filename)


@callback
def signed(
    hass: HomeAssistant,
    path: str,
    expiration: timedelta = SIGNED_FOR,
    *,
    refresh_token_id: str | None = None,
) -> str:
    """Return `path` signed for the user of `refresh_token_id`, else for the present one.

    Automations sign for Home Assistant's content user. A path that is signed while a signed path is
    answered expires no later than that one.
    """
    if refresh_token_id is not None:
        return async_sign_path(hass, path, expiration, refresh_token_id=refresh_token_id)
    if (remaining := remaining_validity(hass)) is not None:
        expiration = min(expiration, remaining)
    return async_sign_path(hass, path, expiration, use_content_user=signs_for_itself())
