"""Retrocam's actions, registered once at set-up."""

import asyncio
from functools import partial
from typing import Any, Final

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.media_player import DOMAIN as MEDIA_PLAYER_DOMAIN
from homeassistant.core import HomeAssistant, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .actions.ascii import async_ascii_frame
from .actions.exceptions import action_error, validation_error
from .actions.footage import async_list_footage
from .actions.play_media import async_play
from .actions.recordings import async_answer, async_record
from .actions.registration import (
    always,
    async_register,
    while_recording,
    with_footage,
    with_picture,
)
from .actions.snapshots import FOOTAGE, HISTORY, async_export_timelapse, async_take_snapshot
from .cameras import CameraInstance
from .cameras.grid import GridCamera
from .core.ascii.presets import CHARSETS, PRESETS
from .core.errors import ClipEndedError, NotAMemberError, StorageError
from .core.grid.layout import Layout
from .core.library.timelapse import MAX_WIDTH
from .datetimes import unix_time
from .media.ids import MediaId
from .media.items import MOST_LISTED, MediaKind, async_list_page
from .workload import async_slices

_SECONDS: Final = vol.All(vol.Coerce(float), vol.Range(min=0, max=86_400))

_RECORD_SCHEMA: Final = {
    vol.Optional("lookback"): _SECONDS,
    vol.Optional("duration"): _SECONDS,
    vol.Optional("start"): unix_time,
    vol.Optional("end"): unix_time,
    # Not cv.template, which compiles the template of any user: Jinja evaluates constants then.
    vol.Optional("filename"): cv.string,
}
_EXTEND_SCHEMA: Final = {
    vol.Required("duration"): vol.All(_SECONDS, vol.Range(min=0, min_included=False))
}
_LIST_SCHEMA: Final = {
    vol.Optional("limit", default=50): vol.All(vol.Coerce(int), vol.Range(min=1, max=MOST_LISTED)),
    vol.Optional("before"): unix_time,
    vol.Optional("after"): unix_time,
}
_SNAPSHOT_SCHEMA: Final = {
    vol.Exclusive("at", "time"): unix_time,
    vol.Exclusive("ago", "time"): _SECONDS,
}
_FOOTAGE_SCHEMA: Final = {
    vol.Optional("after"): unix_time,
    vol.Optional("before"): unix_time,
}
_EXPORT_SCHEMA: Final = {
    vol.Optional("start"): unix_time,
    vol.Optional("end"): unix_time,
    vol.Optional("fps", default=25): vol.All(vol.Coerce(int), vol.Range(min=1, max=60)),
    vol.Optional("width", default=0): vol.All(
        vol.Coerce(int), vol.Any(0, vol.Range(min=64, max=MAX_WIDTH))
    ),
    vol.Optional("source", default=HISTORY): vol.In((HISTORY, FOOTAGE)),
    vol.Optional("interval", default=10.0): vol.All(
        vol.Coerce(float), vol.Range(min=0.1, max=86_400)
    ),
}
_ASCII_SCHEMA: Final = {
    vol.Optional("columns", default=80): vol.All(vol.Coerce(int), vol.Range(min=20, max=400)),
    vol.Optional("charset", default="ramp"): vol.In(CHARSETS),
    vol.Optional("invert", default=False): cv.boolean,
}
_PLAY_SCHEMA: Final = {
    vol.Required("media"): vol.All(cv.string, vol.Strip, vol.Length(min=1)),
    vol.Optional("preset"): vol.In(PRESETS),
}
_SET_LAYOUT_SCHEMA: Final = {
    vol.Optional("layout"): vol.Coerce(Layout),
    vol.Optional("main"): cv.entity_id,
}
_DELETE_SCHEMA: Final = {
    # The action checks the ids, in slices: there may be tens of thousands.
    vol.Required("media_content_id"): cv.ensure_list,
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions."""
    register = partial(async_register, hass, entity_domain=CAMERA_DOMAIN)
    query = partial(register, supports_response=SupportsResponse.ONLY)
    register("record", _RECORD_SCHEMA, async_record, works_offline=with_footage)
    register("extend_recording", _EXTEND_SCHEMA, _extend_recording, works_offline=while_recording)
    register("stop_recording", {}, _stop_recording, works_offline=while_recording)
    for kind in (MediaKind.RECORDINGS, MediaKind.SNAPSHOTS):
        query(f"list_{kind}", _LIST_SCHEMA, partial(_list_media, kind), works_offline=always)
    register("take_snapshot", _SNAPSHOT_SCHEMA, async_take_snapshot, works_offline=with_picture)
    query("list_footage", _FOOTAGE_SCHEMA, async_list_footage, works_offline=always)
    register("set_layout", _SET_LAYOUT_SCHEMA, _set_layout, supports_response=SupportsResponse.NONE)
    register("export_timelapse", _EXPORT_SCHEMA, async_export_timelapse, works_offline=always)
    register("delete_media", _DELETE_SCHEMA, _delete_media, admin_only=True, works_offline=always)
    query("ascii_frame", _ASCII_SCHEMA, async_ascii_frame)
    register("play", _PLAY_SCHEMA, async_play, entity_domain=MEDIA_PLAYER_DOMAIN)


async def _extend_recording(instance: CameraInstance, duration: float) -> dict[str, Any]:
    try:
        recordings = instance.recorder.async_extend(duration)
    except ClipEndedError as err:
        raise validation_error("not_recording", name=instance.name) from err
    return {
        "recordings": [
            {"ends_in": round(recording.writer.until - instance.ring.now, 3)}
            for recording in recordings
        ]
    }


async def _stop_recording(instance: CameraInstance) -> dict[str, Any]:
    recordings = instance.recorder.async_stop_all()
    if not recordings:
        raise validation_error("not_recording", name=instance.name)
    results = await asyncio.gather(
        *(async_answer(instance, recording) for recording in recordings), return_exceptions=True
    )
    answers = [result for result in results if not isinstance(result, BaseException)]
    for result in results:
        if isinstance(result, BaseException) and not answers:
            raise result
    return {"recordings": answers}


async def _list_media(kind: MediaKind, instance: CameraInstance, **query: Any) -> dict[str, Any]:
    library = instance.media.libraries[kind]
    return await async_list_page(instance.hass, instance.entry.entry_id, kind, library, query)


async def _set_layout(
    instance: CameraInstance, layout: Layout | None = None, main: str | None = None
) -> None:
    if not isinstance(instance, GridCamera):
        raise validation_error("not_a_grid", name=instance.name)
    if layout is None and main is None:
        raise validation_error("no_layout", name=instance.name)
    try:
        instance.async_set_view(layout, main)
    except NotAMemberError as err:
        raise validation_error(err.code, name=instance.name, camera=str(main)) from err


async def _delete_media(instance: CameraInstance, media_content_id: list[object]) -> dict[str, Any]:
    names: dict[MediaKind, list[str]] = {}

    def collect(content_id: object) -> None:
        kind, name = _own_file(instance, content_id)
        names.setdefault(kind, []).append(name)

    await async_slices(instance.hass).map(collect, media_content_id)
    deleted = 0
    for kind, kind_names in names.items():
        delete = partial(instance.media.libraries[kind].delete, kind_names)
        try:
            deleted += len(await instance.media.async_run(delete, kind))
        except StorageError as err:
            raise action_error(instance, err.code) from err
    return {"deleted": deleted}


def _own_file(instance: CameraInstance, content_id: object) -> tuple[MediaKind, str]:
    """Return kind and name of a file. Raises ServiceValidationError unless it is the instance's."""
    try:
        media = MediaId.parse(cv.string(content_id))
    except (ValueError, vol.Invalid) as err:
        raise validation_error("unknown_media", media=str(content_id)) from err
    if media.entry_id != instance.entry.entry_id or not media.name or media.kind is None:
        raise validation_error("unknown_media", media=str(content_id))
    return media.kind, media.name
