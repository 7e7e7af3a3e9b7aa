"""Issues: what only a human can mend, told for as long as it lasts. `repairs` offers the ways out.

Each check looks at an instance and returns the placeholders of its issue's texts, or None when all is
well. They run after each change of the instance, and each minute for what nobody tells.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.start import async_at_started

from ..cameras import CameraInstance
from ..cameras.entity import EntityInstance
from ..cameras.grid import GridInstance
from ..cameras.outages import OUTAGES
from ..cameras.share_auth import DOOR
from ..cameras.url import UrlInstance
from ..const import CONF_AUDIO_CODEC, DOMAIN
from ..core.errors import StorageError
from ..core.share.rate_limit import BY_ADDRESS
from ..settings import LOOKBACK_MEGABYTES, MEGABYTE
from ..stream.options import CARRIED_AUDIO

ENTRY_ID: Final = "entry_id"
ISSUE: Final = "issue"
"""In the data of an issue: its translation key, by which its repair is found."""

GONE_AFTER: Final = 24 * 3600.0
"""Seconds without a source after which somebody should look for it."""
LOOK_INTERVAL: Final = timedelta(minutes=1)
SHORT: Final = 0.8
"""Part of its seconds below which a lookback that has used up its bytes is short."""

type Placeholders = Mapping[str, str]
type Check = Callable[[CameraInstance], Placeholders | None]


def _named(instance: CameraInstance) -> dict[str, str]:
    return {"name": instance.name}


def storage_placeholders(instance: CameraInstance) -> dict[str, str]:
    """Return what the texts about an instance's disk name."""
    return {**_named(instance), "directory": str(instance.media.directory)}


def _storage_failing(code: str) -> Check:
    def check(instance: CameraInstance) -> Placeholders | None:
        problem = instance.media.problem
        failing = problem is not None and problem.code == code
        return storage_placeholders(instance) if failing else None

    return check


def _storage_low(instance: CameraInstance) -> Placeholders | None:
    media = instance.media
    return storage_placeholders(instance) if media.low and media.problem is None else None


def _lost_for(instance: CameraInstance) -> float:
    """Return for how many seconds the source has been away, also before the last restart."""
    outages = instance.hass.data[OUTAGES]
    return outages.async_lost_for(instance.entry.entry_id, instance.supply)


def _source_gone(instance: CameraInstance) -> Placeholders | None:
    gone = isinstance(instance, UrlInstance) and _lost_for(instance) >= GONE_AFTER
    return _named(instance) if gone else None


def _camera_gone(instance: CameraInstance) -> Placeholders | None:
    if not isinstance(instance, EntityInstance) or instance.removed:
        return None
    return _named(instance) if _lost_for(instance) >= GONE_AFTER else None


def _camera_removed(instance: CameraInstance) -> Placeholders | None:
    removed = isinstance(instance, EntityInstance) and instance.removed
    return _named(instance) if removed else None


def _grid_member_removed(instance: CameraInstance) -> Placeholders | None:
    removed = instance.removed_members if isinstance(instance, GridInstance) else 0
    return {**_named(instance), "count": str(removed)} if removed else None


def _audio_dropped(instance: CameraInstance) -> Placeholders | None:
    codec = instance.entry.data.get(CONF_AUDIO_CODEC)
    stream = instance.supply.stream
    if codec is None or codec in CARRIED_AUDIO or stream is None:
        return None
    # The camera may have been set to another codec since it was added.
    if "audio_codec" in stream.get_diagnostics():
        return None
    return {**_named(instance), "codec": codec}


def _lookback_short(instance: CameraInstance) -> Placeholders | None:
    seconds, most = instance.ring.limits
    size, available = instance.ring.size, instance.ring.available
    full = instance.lookback.enabled and size > SHORT * most
    if not full or available >= SHORT * seconds or available <= 0:
        return None
    return {**_named(instance), "seconds": str(seconds), "megabytes": str(most // MEGABYTE)}


def megabytes_needed(instance: CameraInstance, seconds: float) -> int:
    """Return the memory that so many seconds take at the present bit rate, with a fifth to spare."""
    ring = instance.ring
    needed = 1.2 * seconds * ring.size / max(ring.available, 1.0) / MEGABYTE
    return min(max(round(needed) + 1, LOOKBACK_MEGABYTES.start), LOOKBACK_MEGABYTES.stop - 1)


def _share_guessing(instance: CameraInstance) -> Placeholders | None:
    guesses = instance.hass.data[DOOR].guesses(instance.entry)
    return {**_named(instance), "count": str(guesses)} if guesses >= BY_ADDRESS.free else None


_STORAGE_ERRORS: Final[list[type[StorageError]]] = StorageError.__subclasses__()
STORAGE_FAULTS: Final = (StorageError.code, *(kind.code for kind in _STORAGE_ERRORS))
_CHECKS: Final[Mapping[str, Check]] = {
    **{code: _storage_failing(code) for code in STORAGE_FAULTS},
    "storage_low": _storage_low,
    "source_gone": _source_gone,
    "camera_gone": _camera_gone,
    "camera_removed": _camera_removed,
    "grid_member_removed": _grid_member_removed,
    "audio_dropped": _audio_dropped,
    "lookback_short": _lookback_short,
    "share_guessing": _share_guessing,
}


class _Issues:
    """The issues of one instance that are raised now."""

    def __init__(self, hass: HomeAssistant, instance: CameraInstance) -> None:
        """Nothing is raised yet."""
        self._hass = hass
        self._instance = instance
        self._raised: dict[str, Placeholders] = {}

    @callback
    def async_check(self) -> None:
        """Raise what is wrong now, and take back what no longer is."""
        for key, check in _CHECKS.items():
            self._set(key, check(self._instance))

    @callback
    def async_clear(self) -> None:
        """Take all back: the instance ends."""
        for key in list(self._raised):
            self._set(key, None)

    def _set(self, key: str, placeholders: Placeholders | None) -> None:
        entry_id = self._instance.entry.entry_id
        issue_id = f"{key}_{entry_id}"
        if placeholders is None:
            if self._raised.pop(key, None) is not None:
                ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            return
        # A repair takes the issue back by itself; if it did not help, it is raised again.
        known = ir.async_get(self._hass).async_get_issue(DOMAIN, issue_id) is not None
        if known and self._raised.get(key) == placeholders:
            return
        self._raised[key] = placeholders
        error = key in STORAGE_FAULTS
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            data={ENTRY_ID: entry_id, ISSUE: key},
            is_fixable=True,
            severity=ir.IssueSeverity.ERROR if error else ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders=dict(placeholders),
        )


@callback
def async_watch_issues(hass: HomeAssistant, instance: CameraInstance) -> CALLBACK_TYPE:
    """Have issues for what is wrong with an instance; returns what ends that, and the issues."""
    issues = _Issues(hass, instance)

    @callback
    def look(_now: datetime | HomeAssistant) -> None:
        issues.async_check()

    ends = [
        instance.async_add_listener(issues.async_check),
        instance.media.async_add_problem_listener(issues.async_check),
        async_track_time_interval(hass, look, LOOK_INTERVAL, name=f"issues of {instance.name}"),
        # What is not there yet while Home Assistant starts is not gone.
        async_at_started(hass, look),
    ]
    issues.async_check()

    @callback
    def end() -> None:
        for unsubscribe in ends:
            unsubscribe()
        issues.async_clear()

    return end
