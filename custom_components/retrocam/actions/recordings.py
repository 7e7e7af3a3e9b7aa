"""Recording of clips, for the actions and the button."""

import asyncio
import os
from pathlib import Path
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError

from ..cameras import CameraInstance
from ..cameras.directories import own_directories
from ..cameras.recorder import ActiveRecording
from ..core.clips.result import ClipReason, ClipResult
from ..core.errors import BusyError, NotHeldError
from ..core.footage.clip_span import ClipSpan
from ..core.library.places import is_path, lies_within
from ..core.threads import run_in_thread
from ..datetimes import iso
from ..media.items import MediaKind, describe
from ..workload import async_slices
from .exceptions import action_error, validation_error
from .filename_template import render_filename
from .footage import not_held_error

_LOOKBACK: Final = 10.0
_DURATION: Final = 30.0
_PLAYS_IN: Final = {"h264": "browsers", "hevc": "some_browsers", "av1": "some_browsers"}
"""What plays a clip; players such as VLC and mpv play all of them."""


async def async_record(
    instance: CameraInstance,
    *,
    lookback: float | None = None,
    duration: float | None = None,
    start: float | None = None,
    end: float | None = None,
    filename: str | None = None,
) -> dict[str, Any]:
    """Record a clip, wait for its end and return the answer.

    It lasts from `lookback` to `duration` seconds around the present, or from `start` to `end`, UNIX s.
    `filename` may be a template; without it the clip is saved in the library. Errors quote the
    template, never the rendered name.
    Raises ServiceValidationError for an invalid file name, an empty span, a span without footage or a
    camera without a stream, HomeAssistantError if nothing could be recorded or too many clips are being
    recorded.
    """
    span = _parse_span(lookback, duration, start, end)
    rendered = None
    if filename is not None and filename.strip():
        entity_id, name = instance.camera_entity_id, instance.name
        rendered = render_filename(instance.hass, filename, entity_id=entity_id, name=name)
    is_away = not instance.available and not instance.ring.available
    if is_away and not instance.tape.seconds:
        raise validation_error("camera_unavailable", name=instance.name)
    if span is None:
        lookback = _LOOKBACK if lookback is None else lookback
        duration = _DURATION if duration is None else duration
        if lookback <= 0 and duration <= 0:
            raise validation_error("nothing_to_record", name=instance.name)
        earlier = await instance.clip_source.async_lookback(lookback + instance.lookback.end_offset)
        if is_away and not earlier:
            raise validation_error("camera_unavailable", name=instance.name)
        part = ClipSpan(lookback, duration, earlier=earlier)
    else:
        part = await _async_find_span(instance, *span)
    await async_require_stream(instance, has_footage=bool(part.earlier))
    path = None
    if filename is not None and rendered is not None:
        path = await _async_check_path(instance, rendered, filename)
    try:
        # One a turn: each starts a thread, which competes for the GIL at once.
        async with async_slices(instance.hass).turn():
            recording = instance.recorder.async_begin(
                lookback=part.lookback,
                duration=part.duration,
                trigger=part.trigger,
                earlier=part.earlier,
                path=path,
            )
    except BusyError as err:
        raise action_error(instance, err.code) from err
    return await async_answer(instance, recording)


def _parse_span(
    lookback: float | None, duration: float | None, start: float | None, end: float | None
) -> tuple[float, float] | None:
    """Return `start` and `end`; None without them. Raises ServiceValidationError."""
    if start is None and end is None:
        return None
    if start is None or end is None or lookback is not None or duration is not None:
        raise validation_error("span_or_lookback")
    if end <= start:
        raise validation_error("invalid_span", start=iso(start), end=iso(end))
    return start, end


async def _async_find_span(instance: CameraInstance, start: float, end: float) -> ClipSpan:
    """Return the span of a clip between two times (UNIX s). Raises ServiceValidationError."""
    try:
        return await instance.clip_source.async_span(start, end)
    except NotHeldError as err:
        raise not_held_error(instance) from err


async def async_require_stream(instance: CameraInstance, *, has_footage: bool = False) -> None:
    """Raise ServiceValidationError if the camera is known to have no stream, only stills."""
    if instance.ring.available or has_footage:
        return
    try:
        stream = await instance.async_stream()
    except HomeAssistantError, TimeoutError:
        # Whether it has one is unknown; the recording waits for it.
        return
    if stream is None:
        raise validation_error("no_stream", name=instance.name)


async def async_answer(instance: CameraInstance, recording: ActiveRecording) -> dict[str, Any]:
    """Wait for the end of a clip and return the answer. Raises HomeAssistantError without a file."""
    result = await asyncio.shield(recording.done)
    if result.path is None:
        raise action_error(instance, result.reason or "clip_empty") from result.error
    answer = _describe_clip(instance, result)
    if recording.ended_by_unload:
        answer |= {"complete": False, "reason": answer["reason"] or ClipReason.CLOSED}
    return answer


def _describe_clip(instance: CameraInstance, result: ClipResult) -> dict[str, Any]:
    first = result.parts[0]
    answer: dict[str, Any] = {
        "path": str(first.path),
        "start": iso(first.start),
        "duration": round(result.duration, 3),
        "lookback": round(result.lookback, 3),
        "requested_lookback": result.requested_lookback,
        "size": result.size,
        "codec": first.codec,
        "plays_in": _plays_in(first.codec, refreshes=result.refreshes),
        "complete": result.complete,
        "reason": result.reason,
        "media_content_id": None,
        "url": None,
        "parts": [str(part.path) for part in result.parts],
    }
    if first.item is not None:
        item = describe(instance.hass, instance.entry.entry_id, MediaKind.RECORDINGS, first.item)
        answer |= {key: item[key] for key in ("media_content_id", "url", "thumbnail_url")}
    return answer


def _plays_in(codec: str, *, refreshes: bool) -> str:
    """Return what plays a clip. Decoders in hardware may refuse one that starts in a gradual refresh."""
    plays_in = _PLAYS_IN.get(codec, "players")
    return "some_browsers" if refreshes and plays_in == "browsers" else plays_in


async def _async_check_path(instance: CameraInstance, filename: str, template: str) -> Path:
    """Return `filename` as a path that may be created.

    Raises ServiceValidationError, which quotes the user's `template`.
    """
    path = Path(filename)
    if not is_path(filename) or path.suffix.lower() != ".mp4":
        raise validation_error("invalid_filename", filename=template)
    hass, media_directories = instance.hass, own_directories(instance.hass)

    def check() -> None:
        if not hass.config.is_allowed_path(filename):
            raise validation_error("path_not_allowed", filename=template)
        # A library would list, serve and delete the file as one of its own.
        if lies_within(path, media_directories):
            raise validation_error("path_taken", filename=template)
        if os.path.lexists(path):
            raise validation_error("file_exists", filename=template)

    # Not in Home Assistant's executor: the path may be on a drive that hangs.
    await run_in_thread(f"retrocam path {instance.name}", check)
    return path
