"""Lookback: keeps the stream running and its last minutes in memory while enabled."""

from collections.abc import Callable
from itertools import pairwise
import math
import time
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.footage.held import Where
from ..core.footage.joined import Footage
from ..settings import MEGABYTE
from ..stream.provider import StreamProvider

MAX_ABSENCE: Final = 600.0
"""Seconds of absence after which earlier footage of a camera no longer counts as recent: actions do not
look back on it, and no clip joins it with later footage."""


class Lookback:
    """The lookback of one instance. Changes apply at once and keep the segments in memory."""

    def __init__(
        self,
        provider: StreamProvider,
        footage: Footage,
        *,
        enabled: bool,
        seconds: int,
        megabytes: int,
        save: Callable[[str, Any], None],
        on_change: Callable[[], None],
    ) -> None:
        """`footage` is that of memory and tape.

        `megabytes` is the memory limit; `save` stores an option by its key.
        """
        self._ring = provider.ring
        self._footage = footage
        self._provider = provider
        self._save = save
        self._on_change = on_change
        self.enabled = enabled
        self.seconds = seconds
        self.megabytes = megabytes
        self._release: CALLBACK_TYPE | None = None

    @property
    def end_offset(self) -> float:
        """Seconds before now at which to look back from: the end of footage of a lost camera, else 0."""
        if self._provider.available or not self.footage_is_recent:
            return 0.0
        return max(0.0, self.age)

    @property
    def footage_is_recent(self) -> bool:
        """Whether the newest footage is younger than `MAX_ABSENCE`."""
        return self.age < MAX_ABSENCE

    @property
    def max_seconds(self) -> float:
        """Seconds of footage to look back on, up to the last absence longer than `MAX_ABSENCE`.

        All that is in memory, and what a tape holds of the length set.
        """
        return max(self._seconds_in_memory, self._seconds_on_tape)

    @property
    def _seconds_in_memory(self) -> float:
        ring = self._ring
        segments = ring.segments[::-1]
        # Old segments of an idle stream were not kept for a lookback.
        if not segments or (self._provider.available and not self.footage_is_recent):
            return 0.0
        start = segments[0].start
        for later, earlier in pairwise(segments):
            if later.start - earlier.end > MAX_ABSENCE:
                break
            start = earlier.start
        return max(0.0, ring.now - self.end_offset - start)

    @property
    def _seconds_on_tape(self) -> float:
        end = time.time() - self.end_offset
        spans = self._footage.spans(end - self.seconds, end)
        if not any(span.where is Where.TAPE for span in spans):
            return 0.0
        start = end
        for span in reversed(spans):
            if start - span.end > MAX_ABSENCE:
                break
            start = span.start
        return end - start

    def describe(self) -> dict[str, Any]:
        """Return the settings, what is in memory now, and how far back a tape goes, for the cards."""
        tape = self._footage.tape
        reach = 0.0 if tape is None else max(0.0, time.time() - tape.start)
        return {
            "enabled": self.enabled,
            "seconds": self.seconds,
            "available": round(self._ring.available, 1),
            "size": self._ring.size,
            **({"reach": round(reach)} if reach else {}),
        }

    @property
    def age(self) -> float:
        """Seconds since the end of the newest footage; infinite without any."""
        ring, tape = self._ring, self._footage.tape
        if ring.available > 0:
            return ring.now - ring.segments[-1].end
        return time.time() - tape.end if tape is not None else math.inf

    @callback
    def async_stop(self) -> None:
        """Release the stream."""
        if self._release is not None:
            self._release()
            self._release = None

    @callback
    def async_set_enabled(self, *, enabled: bool) -> None:
        """Enable or disable the lookback, also across restarts."""
        self.enabled = enabled
        self._save("lookback_enabled", enabled)
        self.async_apply()

    @callback
    def async_set_seconds(self, seconds: int) -> None:
        """Set the length, also across restarts."""
        self.seconds = seconds
        self._save("lookback_seconds", seconds)
        self.async_apply()

    @callback
    def async_set_megabytes(self, megabytes: int) -> None:
        """Set the memory limit, also across restarts."""
        self.megabytes = megabytes
        self._save("lookback_megabytes", megabytes)
        self.async_apply()

    @callback
    def async_apply(self) -> None:
        """Apply the settings; to be called once at start."""
        if self.enabled:
            self._ring.limit(self.seconds, self.megabytes * MEGABYTE)
            if self._release is None:
                self._release = self._provider.acquire()
        else:
            self._ring.limit(0, 0)
            self.async_stop()
        self._on_change()
