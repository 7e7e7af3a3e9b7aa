"""Retrocam's actions, registered once at set-up."""

import asyncio
from functools import partial
from typing import Any, Final

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.media_player import DOMAIN as MEDIA_PLAYER_DOMAIN
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.entity import Entity
import voluptuous as vol

from .actions.ascii import async_ascii_frame
from .actions.exceptions import failed, invalid
from .actions.filename_template import async_render_filename
from .actions.play_media import async_play
from .actions.recordings import async_answer, async_record
from .actions.registration import always, async_register, instance_of, while_held, while_recording
from .actions.snapshots import async_export_timelapse, async_take_snapshot
from .cameras import CameraInstance
from .cameras.grid import GridInstance
from .cameras.player import PlayerInstance
from .core.ascii.presets import CHARSETS, PRESETS
from .core.errors import ClipEndedError, NotAMemberError, RetrocamError, StorageError
from .core.grid.layout import Layout
from .core.library.timelapse import MAX_WIDTH
from .datetimes import unix_time
from .media.ids import MediaId
from .media.items import MOST_LISTED, MediaKind, async_describe_all
from .workload import async_slices

MOST_SECONDS: Final = 86_400

_SECONDS: Final = vol.All(vol.Coerce(float), vol.Range(min=0, max=MOST_SECONDS))
_MORE_SECONDS: Final = vol.All(
    vol.Coerce(float), vol.Range(min=0, max=MOST_SECONDS, min_included=False)
)

RECORD_SCHEMA: Final = {
    vol.Optional("lookback", default=10.0): _SECONDS,
    vol.Optional("duration", default=30.0): _SECONDS,
    # Not cv.template, which compiles whatever any user sends: Jinja computes constants then.
    vol.Optional("filename"): cv.string,
}
LIST_SCHEMA: Final = {
    vol.Optional("limit", default=50): vol.All(vol.Coerce(int), vol.Range(min=1, max=MOST_LISTED)),
    vol.Optional("before"): unix_time,
    vol.Optional("after"): unix_time,
}


EXPORT_SCHEMA: Final = {
    vol.Optional("start"): unix_time,
    vol.Optional("end"): unix_time,
    vol.Optional("fps", default=25): vol.All(vol.Coerce(int), vol.Range(min=1, max=60)),
    vol.Optional("width", default=0): vol.All(
        vol.Coerce(int), vol.Any(0, vol.Range(min=64, max=MAX_WIDTH))
    ),
}
ASCII_SCHEMA: Final = {
    vol.Optional("columns", default=80): vol.All(vol.Coerce(int), vol.Range(min=20, max=400)),
    vol.Optional("charset", default="ramp"): vol.In(CHARSETS),
    vol.Optional("invert", default=False): cv.boolean,
}
PLAY_SCHEMA: Final = {
    vol.Required("media"): vol.All(cv.string, vol.Strip, vol.Length(min=1)),
    vol.Optional("preset"): vol.In(PRESETS),
}
SET_LAYOUT_SCHEMA: Final = {
    vol.Optional("layout"): vol.Coerce(Layout),
    vol.Optional("main"): cv.entity_id,
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions."""
    register = partial(async_register, hass, entity_domain=CAMERA_DOMAIN)
    only = SupportsResponse.ONLY
    none = SupportsResponse.NONE
    more = {vol.Required("duration"): _MORE_SECONDS}
    # Each id is checked by the action, in slices: there may be tens of thousands.
    media = {vol.Required("media_content_id"): cv.ensure_list}
    register("record", RECORD_SCHEMA, _record, away=while_held)
    register("extend_recording", more, _extend_recording, away=while_recording)
    register("stop_recording", None, _stop_recording, away=while_recording)
    register("list_recordings", LIST_SCHEMA, _list_recordings, supports_response=only, away=always)
    register("list_snapshots", LIST_SCHEMA, _list_snapshots, supports_response=only, away=always)
    register("take_snapshot", None, _take_snapshot)
    register("set_layout", SET_LAYOUT_SCHEMA, _set_layout, supports_response=none)
    register("export_timelapse", EXPORT_SCHEMA, _export_timelapse, away=always)
    register("delete_media", media, _delete_media, admin_only=True, away=always)
    register("ascii_frame", ASCII_SCHEMA, _ascii_frame, supports_response=only)
    register("play", PLAY_SCHEMA, _play, entity_domain=MEDIA_PLAYER_DOMAIN)


async def _record(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    instance = instance_of(entity)
    template, filename = call.data.get("filename"), None
    if template is not None and template.strip():
        filename = await async_render_filename(
            instance.hass, call, template, entity_id=entity.entity_id, name=instance.name
        )
    return await async_record(
        instance,
        lookback=call.data["lookback"],
        duration=call.data["duration"],
        filename=filename,
        written=template,
    )


async def _extend_recording(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    instance = instance_of(entity)
    _check_recording(instance)
    try:
        recordings = instance.recorder.async_extend(call.data["duration"])
    except ClipEndedError as err:
        raise invalid("not_recording", name=instance.name) from err
    return {
        "recordings": [
            {"ends_in": round(recording.writer.until - instance.ring.now, 3)}
            for recording in recordings
        ]
    }


async def _stop_recording(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    instance = instance_of(entity)
    _check_recording(instance)
    answers = await asyncio.gather(
        *(async_answer(instance, recording) for recording in instance.recorder.async_stop_all()),
        return_exceptions=True,
    )
    said = [answer for answer in answers if not isinstance(answer, BaseException)]
    for answer in answers:
        if isinstance(answer, BaseException) and not said:
            raise answer
    return {"recordings": said}


async def _list_recordings(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    return await _async_listed(instance_of(entity), MediaKind.RECORDINGS, call)


async def _list_snapshots(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    return await _async_listed(instance_of(entity), MediaKind.SNAPSHOTS, call)


async def _async_listed(
    instance: CameraInstance, kind: MediaKind, call: ServiceCall
) -> dict[str, Any]:
    library = instance.media.libraries[kind]
    after, before = call.data.get("after"), call.data.get("before")
    items = library.page(call.data["limit"], after=after, before=before)
    total = library.count(after=after, before=before)
    entry_id = instance.entry.entry_id
    said = await async_describe_all(instance.hass, entry_id, kind, items)
    return {"items": said, "total": total}


async def _take_snapshot(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    return await async_take_snapshot(instance_of(entity))


async def _export_timelapse(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    return await async_export_timelapse(
        instance_of(entity),
        start=call.data.get("start"),
        end=call.data.get("end"),
        fps=call.data["fps"],
        width=call.data["width"],
    )


async def _set_layout(entity: Entity, call: ServiceCall) -> None:
    instance = instance_of(entity)
    if not isinstance(instance, GridInstance):
        raise invalid("not_a_grid", name=instance.name)
    layout, main = call.data.get("layout"), call.data.get("main")
    if layout is None and main is None:
        raise invalid("no_layout", name=instance.name)
    try:
        instance.async_set_view(layout, main)
    except NotAMemberError as err:
        raise invalid(err.code, name=instance.name, camera=str(main)) from err


async def _delete_media(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    instance = instance_of(entity)
    names: dict[MediaKind, list[str]] = {}

    def take(content_id: object) -> None:
        kind, name = _own_file(instance, content_id)
        names.setdefault(kind, []).append(name)

    await async_slices(instance.hass).each(take, call.data["media_content_id"])
    deleted = 0
    for kind, wanted in names.items():
        library = instance.media.libraries[kind]
        try:
            deleted += len(await instance.media.async_run(partial(library.delete, wanted), kind))
        except StorageError as err:
            raise failed(instance, err) from err
    return {"deleted": deleted}


def _own_file(instance: CameraInstance, content_id: object) -> tuple[MediaKind, str]:
    """Return the kind and name of a file by its id.

    Raises ServiceValidationError for one that is not of this instance.
    """
    try:
        media = MediaId.parse(cv.string(content_id))
    except (ValueError, vol.Invalid) as err:
        raise invalid("unknown_media", media=str(content_id)) from err
    if media.entry_id != instance.entry.entry_id or not media.name or media.kind is None:
        raise invalid("unknown_media", media=str(content_id))
    return media.kind, media.name


async def _ascii_frame(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    instance = instance_of(entity)
    try:
        return await async_ascii_frame(
            instance,
            columns=call.data["columns"],
            charset=call.data["charset"],
            invert=call.data["invert"],
        )
    except RetrocamError as err:
        raise failed(instance, err) from err


async def _play(entity: Entity, call: ServiceCall) -> dict[str, Any]:
    instance = instance_of(entity)
    assert isinstance(instance, PlayerInstance)  # noqa: S101  # no other has a media player
    return await async_play(
        instance, call.data["media"], entity_id=entity.entity_id, preset=call.data.get("preset")
    )


def _check_recording(instance: CameraInstance) -> None:
    if not instance.recorder.active:
        raise invalid("not_recording", name=instance.name)
