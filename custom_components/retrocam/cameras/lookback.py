"""Lookback: keeping the stream awake, and its last minutes in memory, while it is armed."""

from collections.abc import Callable
from itertools import pairwise
import math
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.segments.ring import SegmentRing
from ..settings import MEGABYTE, LookbackSettings
from ..stream.provider import StreamSupply
from .options import SaveOption

ABSENCE: Final = 600.0
"""Seconds after which a camera that went is not still part of the present: what was before is then
neither looked back on by an action nor in one clip with what came after."""


class Lookback:
    """The lookback of one instance; changes take effect at once, and keep what is held."""

    def __init__(
        self,
        ring: SegmentRing,
        supply: StreamSupply,
        settings: LookbackSettings,
        *,
        save: SaveOption,
        on_change: Callable[[], None],
    ) -> None:
        """Take the settings; nothing is held before `async_start`."""
        self._ring = ring
        self._supply = supply
        self._save = save
        self._on_change = on_change
        self.enabled = settings.enabled
        self.seconds = settings.seconds
        self.megabytes = settings.megabytes
        self._release: CALLBACK_TYPE | None = None

    @property
    def away(self) -> float:
        """Seconds before now from which on to look back: a camera that just went has no later past."""
        if self._supply.available or not self.is_recent:
            return 0.0
        return max(0.0, self._silence)

    @property
    def is_recent(self) -> bool:
        """Whether what came last is part of the present."""
        return self._silence < ABSENCE

    @property
    def reach(self) -> float:
        """Seconds to look back on all that is held, without what was before a long absence."""
        ring = self._ring
        segments = ring.segments[::-1]
        # Of a camera that sleeps, what came last is nothing that anybody wanted to be held.
        if not segments or (self._supply.available and not self.is_recent):
            return 0.0
        start = segments[0].start
        for later, earlier in pairwise(segments):
            if later.start - earlier.end > ABSENCE:
                break
            start = earlier.start
        return max(0.0, ring.now - self.away - start)

    @property
    def _silence(self) -> float:
        """Seconds since the last picture that is held."""
        ring = self._ring
        return ring.now - ring.segments[-1].end if ring.available > 0 else math.inf

    @callback
    def async_start(self) -> None:
        """Arm it, if the user wants it."""
        self._apply()

    @callback
    def async_stop(self) -> None:
        """Let the stream fall asleep."""
        if self._release is not None:
            self._release()
            self._release = None

    @callback
    def async_set_enabled(self, *, enabled: bool) -> None:
        """Arm or disarm it, now and after a restart."""
        self.enabled = enabled
        self._save("lookback_enabled", enabled)
        self._apply()

    @callback
    def async_set_seconds(self, seconds: int) -> None:
        """Look back so many seconds, now and after a restart."""
        self.seconds = seconds
        self._save("lookback_seconds", seconds)
        self._apply()

    @callback
    def async_set_megabytes(self, megabytes: int) -> None:
        """Take up so much memory at most, now and after a restart."""
        self.megabytes = megabytes
        self._save("lookback_megabytes", megabytes)
        self._apply()

    @callback
    def _apply(self) -> None:
        if self.enabled:
            self._ring.limit(self.seconds, self.megabytes * MEGABYTE)
            if self._release is None:
                self._release = self._supply.hold()
        else:
            self._ring.limit(0, 0)
            self.async_stop()
        self._on_change()
