"""Checks for problems that only a user can solve, raised as issues while they last.

A check returns the placeholders of its issue's texts, besides the instance's name, or None without a
problem. Checks run after each change of the instance, and each minute for problems without an event.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.start import async_at_started

from ..cameras import CameraInstance
from ..cameras.entity import EntityCamera
from ..cameras.grid import GridCamera
from ..cameras.outages import OUTAGES
from ..cameras.share_auth import SHARE_AUTH
from ..cameras.url import UrlCamera
from ..const import CONF_AUDIO_CODEC, DOMAIN
from ..core.errors import StorageError, StorageSlowError
from ..core.share.rate_limit import BY_ADDRESS
from ..core.sources.audio import audio_name
from ..core.sources.urls import split_credentials
from ..settings import LOOKBACK_MEGABYTES, MEGABYTE, SOUND_OFF
from ..stream.url_provider import CARRIED_AUDIO

ENTRY_ID: Final = "entry_id"
ISSUE: Final = "issue"
"""Key in the data of an issue: its translation key, which selects the repair."""

GONE_AFTER: Final = 24 * 3600.0
"""Seconds of outage after which a source counts as gone."""
CHECK_INTERVAL: Final = timedelta(minutes=1)
SHORT: Final = 0.8
"""A lookback is short below this fraction of its seconds, once its memory is full."""

type Placeholders = dict[str, str]
type Check = Callable[[CameraInstance], Placeholders | None]


def _storage_problem(code: str, instance: CameraInstance) -> Placeholders | None:
    problems = (instance.media.problem, instance.tape.problem)
    has_problem = any(problem is not None and problem.code == code for problem in problems)
    if not has_problem:
        return None
    slow = slow_figures(instance) if code == StorageSlowError.code else {}
    return {"directory": str(instance.media.directory), **slow}


def slow_figures(instance: CameraInstance) -> Placeholders:
    """Return what comes in and what is written, in MB/s."""
    rates = {"incoming": instance.tape.incoming, "written": instance.tape.written}
    return {key: "–" if rate is None else f"{rate / 1e6:.2g}" for key, rate in rates.items()}


def _storage_low(instance: CameraInstance) -> Placeholders | None:
    media = instance.media
    return (
        {"directory": str(media.directory)}
        if media.disk_nearly_full and media.problem is None
        else None
    )


def _is_gone(instance: CameraInstance) -> bool:
    """Return whether the outage has been long enough, including the time before a restart."""
    outages = instance.hass.data[OUTAGES]
    return outages.async_outage_seconds(instance.entry.entry_id, instance.provider) >= GONE_AFTER


def _source_gone(instance: CameraInstance) -> Placeholders | None:
    return {} if isinstance(instance, UrlCamera) and _is_gone(instance) else None


def _camera_gone(instance: CameraInstance) -> Placeholders | None:
    wraps_existing = isinstance(instance, EntityCamera) and not instance.removed
    return {} if wraps_existing and _is_gone(instance) else None


def _camera_removed(instance: CameraInstance) -> Placeholders | None:
    return {} if isinstance(instance, EntityCamera) and instance.removed else None


def _grid_member_removed(instance: CameraInstance) -> Placeholders | None:
    removed = instance.removed_members if isinstance(instance, GridCamera) else 0
    return {"count": str(removed)} if removed else None


def _dropped(instance: CameraInstance) -> Placeholders | None:
    codec = instance.entry.data.get(CONF_AUDIO_CODEC)
    stream = instance.provider.stream
    if codec is None or codec in CARRIED_AUDIO or stream is None:
        return None
    # The codec of the camera may have been changed since it was probed.
    return None if "audio_codec" in stream.get_diagnostics() else {"codec": audio_name(codec)}


def _audio_dropped(instance: CameraInstance) -> Placeholders | None:
    if not isinstance(instance, UrlCamera) or instance.relay is not None:
        return None
    return None if instance.settings.sound == SOUND_OFF else _dropped(instance)


def _audio_dropped_wrapped(instance: CameraInstance) -> Placeholders | None:
    if not isinstance(instance, EntityCamera) or instance.provider.stream is None:
        return None
    url, _, _ = split_credentials(str(instance.provider.stream.source))
    entries = instance.hass.config_entries.async_entries(DOMAIN)
    is_added = any(entry.data.get(CONF_URL) == url for entry in entries)
    return None if is_added else _dropped(instance)


def _lookback_short(instance: CameraInstance) -> Placeholders | None:
    seconds, max_bytes = instance.ring.limits
    is_full = instance.lookback.enabled and instance.ring.size > SHORT * max_bytes
    if is_full and 0 < instance.ring.available < SHORT * seconds:
        return {"seconds": str(seconds), "megabytes": str(max_bytes // MEGABYTE)}
    return None


def megabytes_needed(instance: CameraInstance, seconds: float) -> int:
    """Return the memory for a lookback of `seconds` at the current bit rate, plus 20 %."""
    ring = instance.ring
    needed = 1.2 * seconds * ring.size / max(ring.available, 1.0) / MEGABYTE
    return min(max(round(needed) + 1, LOOKBACK_MEGABYTES.start), LOOKBACK_MEGABYTES.stop - 1)


def _share_guessing(instance: CameraInstance) -> Placeholders | None:
    guesses = instance.hass.data[SHARE_AUTH].guesses(instance.entry)
    return {"count": str(guesses)} if guesses >= BY_ADDRESS.free_attempts else None


_STORAGE_ERRORS: Final[list[type[StorageError]]] = StorageError.__subclasses__()
STORAGE_FAULTS: Final = (StorageError.code, *(kind.code for kind in _STORAGE_ERRORS))
_CHECKS: Final[Mapping[str, Check]] = {
    **{code: partial(_storage_problem, code) for code in STORAGE_FAULTS},
    "storage_low": _storage_low,
    "source_gone": _source_gone,
    "camera_gone": _camera_gone,
    "camera_removed": _camera_removed,
    "grid_member_removed": _grid_member_removed,
    "audio_dropped": _audio_dropped,
    "audio_dropped_wrapped": _audio_dropped_wrapped,
    "lookback_short": _lookback_short,
    "share_guessing": _share_guessing,
}


class _Issues:
    """The raised issues of one instance."""

    def __init__(self, hass: HomeAssistant, instance: CameraInstance) -> None:
        self._hass = hass
        self._instance = instance
        self._raised: dict[str, Placeholders] = {}

    @callback
    def async_check(self, _now: datetime | HomeAssistant | None = None) -> None:
        """Raise and delete issues according to the checks."""
        for key, check in _CHECKS.items():
            if (placeholders := check(self._instance)) is None:
                self._delete(key)
            else:
                self._raise(key, {"name": self._instance.name, **placeholders})

    @callback
    def async_clear(self) -> None:
        """Delete all issues of the instance."""
        for key in list(self._raised):
            self._delete(key)

    def _delete(self, key: str) -> None:
        if self._raised.pop(key, None) is not None:
            ir.async_delete_issue(self._hass, DOMAIN, f"{key}_{self._instance.entry.entry_id}")

    def _raise(self, key: str, placeholders: Placeholders) -> None:
        entry_id = self._instance.entry.entry_id
        issue_id = f"{key}_{entry_id}"
        # A repair that did not help has deleted the issue nevertheless: it is raised again.
        exists = ir.async_get(self._hass).async_get_issue(DOMAIN, issue_id) is not None
        if exists and self._raised.get(key) == placeholders:
            return
        self._raised[key] = placeholders
        is_error = key in STORAGE_FAULTS
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            data={ENTRY_ID: entry_id, ISSUE: key},
            is_fixable=True,
            severity=ir.IssueSeverity.ERROR if is_error else ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders=placeholders,
        )


@callback
def async_watch_issues(hass: HomeAssistant, instance: CameraInstance) -> None:
    """Raise the issues of an instance until its entry is unloaded."""
    issues = _Issues(hass, instance)
    check, name = issues.async_check, f"issues of {instance.name}"
    for unsubscribe in (
        issues.async_clear,  # runs last
        instance.async_add_listener(check),
        instance.media.problem_listeners.add(check),
        async_track_time_interval(hass, check, CHECK_INTERVAL, name=name),
        # Cameras may be missing until Home Assistant has started.
        async_at_started(hass, check),
    ):
        instance.entry.async_on_unload(unsubscribe)
    check()
