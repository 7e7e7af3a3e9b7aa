"""Recording and what is answered about it: for the actions, the button and the cards."""

import asyncio
import os
from pathlib import Path
from typing import Any

from homeassistant.exceptions import HomeAssistantError

from ..cameras import CameraInstance
from ..cameras.directories import own_directories
from ..cameras.recorder import Recording
from ..const import DOMAIN
from ..core.clips.writer import ClipReason, ClipResult
from ..core.errors import BusyError
from ..core.library.places import is_path, lies_within
from ..core.threads import run_in_thread
from ..datetimes import iso
from ..media.items import MediaKind, describe
from ..workload import async_slices
from .exceptions import failed, invalid


async def async_record(
    instance: CameraInstance,
    *,
    lookback: float,
    duration: float,
    filename: str | None = None,
    written: str | None = None,
) -> dict[str, Any]:
    """Record a clip, wait for its end and return what became of it.

    Errors name the file as `written` by the user, never the `filename` that a template rendered to.
    Raises ServiceValidationError for a file name that cannot be used or a clip of nothing, and
    HomeAssistantError when nothing could be recorded, or too many clips are being recorded.
    """
    if not instance.available and not instance.ring.available:
        raise invalid("camera_unavailable", name=instance.name)
    if lookback <= 0 and duration <= 0:
        raise invalid("nothing_to_record", name=instance.name)
    path = None
    if filename is not None:
        path = await _async_checked(instance, filename, filename if written is None else written)
    try:
        # One a turn: the thread that each of them starts takes Python's lock at once.
        async with async_slices(instance.hass).turn():
            recording = instance.recorder.async_begin(
                lookback=lookback, duration=duration, path=path
            )
    except BusyError as err:
        raise failed(instance, err) from err
    return await async_answer(instance, recording)


async def async_answer(instance: CameraInstance, recording: Recording) -> dict[str, Any]:
    """Wait for the end of a clip and return what became of it. Raises HomeAssistantError."""
    result = await asyncio.shield(recording.done)
    if result.path is None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=result.reason or "clip_empty",
            translation_placeholders={"name": instance.name},
        ) from result.error
    answer = _described(instance, result)
    if recording.cut_short:
        answer |= {"complete": False, "reason": answer["reason"] or ClipReason.CLOSED}
    return answer


def _described(instance: CameraInstance, result: ClipResult) -> dict[str, Any]:
    first = result.parts[0]
    answer: dict[str, Any] = {
        "path": str(first.path),
        "start": iso(first.start),
        "duration": round(result.duration, 3),
        "lookback": round(result.lookback, 3),
        "requested_lookback": result.requested_lookback,
        "size": result.size,
        "complete": result.complete,
        "reason": result.reason,
        "media_content_id": None,
        "url": None,
        "parts": [str(part.path) for part in result.parts],
    }
    if first.item is not None:
        said = describe(instance.hass, instance.entry.entry_id, MediaKind.RECORDINGS, first.item)
        answer |= {key: said[key] for key in ("media_content_id", "url", "thumbnail_url")}
    return answer


async def _async_checked(instance: CameraInstance, filename: str, written: str) -> Path:
    """Return `filename` as a path, without writing anything.

    Raises ServiceValidationError, which repeats the name as `written` by the user.
    """
    path = Path(filename)
    if not is_path(filename) or path.suffix.lower() != ".mp4":
        raise invalid("invalid_filename", filename=written)
    hass, ours = instance.hass, own_directories(instance.hass)

    def check() -> None:
        if not hass.config.is_allowed_path(filename):
            raise invalid("path_not_allowed", filename=written)
        # A library would take it for one of its files: list it, serve it, and delete it by its limits.
        if lies_within(path, ours):
            raise invalid("path_taken", filename=written)
        if os.path.lexists(path):
            raise invalid("file_exists", filename=written)

    # Not in Home Assistant's threads: any of these places may be on a drive that hangs.
    await run_in_thread(f"retrocam path {instance.name}", check)
    return path
