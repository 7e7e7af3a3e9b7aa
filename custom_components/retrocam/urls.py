"""Paths of Retrocam's HTTP views, and URLs built from them."""

from datetime import timedelta
from typing import Final

from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, callback
from yarl import URL

from .core.share.credentials import SLUG_PATTERN
from .rights import remaining_validity, signs_for_itself

LIVE_PATH: Final = "/api/retrocam/live/{entry_id}.ts"
MJPEG_PATH: Final = "/api/retrocam/mjpeg/{entry_id}"
VIEWER_PATH: Final = "/api/retrocam/mjpeg/{entry_id}/viewer"
FRAME_PATH: Final = "/api/retrocam/mjpeg/{entry_id}/frames/{index:[0-9]{1,15}|latest}"
FOOTAGE_PATH: Final = "/api/retrocam/footage/{entry_id}"
FOOTAGE_FRAME_PATH: Final = f"{FOOTAGE_PATH}/frame"
FOOTAGE_PLAYLIST_PATH: Final = f"{FOOTAGE_PATH}/playlist.m3u8"
FOOTAGE_MASTER_PATH: Final = f"{FOOTAGE_PATH}/master.m3u8"
FOOTAGE_MEDIA: Final = "media"
_MEDIA: Final = f"{FOOTAGE_MEDIA}/{{epoch:[0-9a-f]{{1,8}}}}/{{name:[a-z0-9.-]{{1,64}}}}"
FOOTAGE_MEDIA_PATH: Final = f"{FOOTAGE_PATH}/{_MEDIA}"
PREVIEW_PATH: Final = "/api/retrocam/preview/{flow_id}"
CELLS_PATH: Final = "/api/retrocam/cells/{entry_id}"
_AUDIO: Final = "{session:[0-9]{1,9}}/{epoch:[0-9]{1,9}}/{start_us:[0-9]{1,15}}.aac"
AUDIO_BASE: Final = "/api/retrocam/audio"
AUDIO_PATH: Final = f"{AUDIO_BASE}/{{entry_id}}/{_AUDIO}"
MEDIA_LIST_PATH: Final = "/api/retrocam/{kind}/{entry_id}"
MEDIA_PATH: Final = "/api/retrocam/{kind}/{entry_id}/{filename}"
THUMBNAIL_PATH: Final = "/api/retrocam/thumbnails/{entry_id}/{filename}"

SHARE_PAGE_PATH: Final = f"/retrocam/{{slug:{SLUG_PATTERN}}}"
"""Other slugs match no route."""
SHARE_ASSET_PATH: Final = f"{SHARE_PAGE_PATH}/assets/{{name}}"
SHARE_UNLOCK_PATH: Final = f"{SHARE_PAGE_PATH}/unlock"
SHARE_LOCK_PATH: Final = f"{SHARE_PAGE_PATH}/lock"
SHARE_INFO_PATH: Final = f"{SHARE_PAGE_PATH}/info"
SHARE_CELLS_PATH: Final = f"{SHARE_PAGE_PATH}/cells"
SHARE_MJPEG_PATH: Final = f"{SHARE_PAGE_PATH}/mjpeg"
SHARE_AUDIO_PATH: Final = f"{SHARE_PAGE_PATH}/audio/{_AUDIO}"
SHARE_SNAPSHOTS_PATH: Final = f"{SHARE_PAGE_PATH}/snapshots"
SHARE_SNAPSHOT_PATH: Final = f"{SHARE_PAGE_PATH}/snapshots/{{filename}}"
SHARE_THUMBNAIL_PATH: Final = f"{SHARE_PAGE_PATH}/thumbnails/{{filename}}"
SHARE_FOOTAGE_PATH: Final = f"{SHARE_PAGE_PATH}/footage"
SHARE_FRAME_PATH: Final = f"{SHARE_FOOTAGE_PATH}/frame"
SHARE_PLAYLIST_PATH: Final = f"{SHARE_FOOTAGE_PATH}/playlist.m3u8"
SHARE_MEDIA_PATH: Final = f"{SHARE_FOOTAGE_PATH}/{_MEDIA}"
SHARE_ACTION_PATH: Final = f"{SHARE_PAGE_PATH}/{{action:play|pause|stop|seek|preset|layout}}"

SIGNED_FOR: Final = timedelta(hours=24)
"""Validity of a signed path; a restart of Home Assistant ends it earlier."""


@callback
def live_url(base: URL, entry_id: str, token: str) -> str:
    """Return the URL at which a generated camera is read, given Home Assistant's own.

    The token is the query parameter `auth`, which Home Assistant's stream redacts in its logs.
    """
    return str(base.with_path(LIVE_PATH.format(entry_id=entry_id)).with_query(auth=token))


def audio_template(entry_id: str, session: int, epoch: int) -> str:
    """Return the path of a session's audio, with `{start_us}` as placeholder of the position."""
    return f"{AUDIO_BASE}/{entry_id}/{session}/{epoch}/{{start_us}}.aac"


def share_path(slug: str) -> str:
    """Return the path of a share page, without a trailing slash."""
    return f"/retrocam/{slug}"


def media_path(kind: str, entry_id: str, filename: str) -> str:
    """Return the path of a media file."""
    return MEDIA_PATH.format(kind=kind, entry_id=entry_id, filename=filename)


def thumbnail_path(entry_id: str, filename: str) -> str:
    """Return the path of a media file's thumbnail."""
    return THUMBNAIL_PATH.format(entry_id=entry_id, filename=filename)


@callback
def signed(
    hass: HomeAssistant,
    path: str,
    expiration: timedelta = SIGNED_FOR,
    *,
    refresh_token_id: str | None = None,
) -> str:
    """Return `path` signed for the user of `refresh_token_id`, by default for the current user.

    Automations sign for Home Assistant's content user. A path that is signed during a request by
    signed path expires no later than that one.
    """
    if refresh_token_id is not None:
        return async_sign_path(hass, path, expiration, refresh_token_id=refresh_token_id)
    if (remaining := remaining_validity(hass)) is not None:
        expiration = min(expiration, remaining)
    return async_sign_path(hass, path, expiration, use_content_user=signs_for_itself())
