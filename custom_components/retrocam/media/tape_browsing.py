"""The tape in the media source: by local day and hour. Each hour plays as one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from itertools import islice
import math
import time
from typing import Final

from homeassistant.components.media_player import MediaClass
from homeassistant.components.media_source import BrowseMediaSource, PlayMedia
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..core.fair_turns import FairTurns
from ..core.footage.joined import TapeFootage
from ..urls import FOOTAGE_MASTER_PATH, signed
from .footage_browsing import HLS_TYPE, folder
from .search import MediaQuery
from .spans import Span, SpanId, Unit, day_at, span_of_day, unit_at, unit_title, units
from .tape_ids import TapeId

_MOST_DAYS: Final = 3660
"""Days listed: ten years."""


@dataclass(frozen=True, slots=True)
class BrowsedTape:
    """The tape of one camera, by days and hours of a time zone.

    No method takes longer for a tape of many files, and those that may list many days take turns.
    """

    name: str
    """The camera's."""
    held: TapeFootage
    zone: tzinfo
    turns: FairTurns

    def resolve(self, hass: HomeAssistant, tape: TapeId) -> PlayMedia | None:
        """Return the signed path of the playlist of an hour; None where nothing of it is held."""
        if tape.hour is None:
            return None
        hour = unit_at(tape.hour.start, Unit.HOUR, self.zone)
        # What lies ahead would keep the playlist open.
        end = min(float(hour.end), time.time())
        if self.held.last_before(end) <= hour.start:
            return None
        path = FOOTAGE_MASTER_PATH.format(entry_id=tape.entry_id)
        return PlayMedia(signed(hass, f"{path}?start={hour.start}&end={end:.3f}"), HLS_TYPE)

    async def async_browse(self, tape: TapeId, kind: str) -> BrowseMediaSource:
        """Return the folder of the tape, of a day of it, or an hour; `kind` names it for users."""
        name = f"{self.name}: {kind}"
        if tape.hour is not None:
            hour = unit_at(tape.hour.start, Unit.HOUR, self.zone)
            return self._item(tape, hour, f"{name} {day_at(hour.start, self.zone)} ")
        if tape.day is not None:
            hours = [self._item(_at(tape, tape.day, hour), hour) for hour in self._hours(tape.day)]
            return folder(tape, f"{name} {tape.day}", hours)
        days = await self.turns.map(
            lambda day: folder(replace(tape, day=day), str(day)), islice(self._days(), _MOST_DAYS)
        )
        return folder(tape, name, days)

    async def async_search(self, tape: TapeId, text: str, most: int) -> list[BrowseMediaSource]:
        """Return the hours with searched dates and times, newest first, up to `most`."""
        wanted = MediaQuery.parse(text, self.zone)
        if not wanted.names_match(f"{self.name} tape"):
            return []
        found = await self.turns.map(lambda hour: hour, self._find(tape, wanted, most))
        return [hour for hour in found if hour is not None]

    def _find(
        self, tape: TapeId, wanted: MediaQuery, most: int
    ) -> Iterator[BrowseMediaSource | None]:
        """Yield up to `most` hours, and None for each day looked at."""
        found = 0
        for day in [tape.day] if tape.day else self._days(wanted.span):
            yield None
            selected = list(wanted.spans_in(day, self.zone))
            for hour in self._hours(day) if selected else ():
                if any(span.start < hour.end and span.end > hour.start for span in selected):
                    yield self._item(_at(tape, day, hour), hour, f"{self.name}: {day} ")
                    if (found := found + 1) == most:
                        return

    def _days(self, within: Span | None = None) -> Iterator[date]:
        """Yield the local days with something on tape, newest first, lazily."""
        after, before = (-math.inf, math.inf) if within is None else within
        while (last := self.held.last_before(before)) > after:
            yield (day := day_at(last - 0.001, self.zone))
            before = span_of_day(day, self.zone).start

    def _hours(self, day: date) -> Iterator[Span]:
        """Yield the hours of a day with something on tape, newest first."""
        hours = list(units(span_of_day(day, self.zone), Unit.HOUR, self.zone))
        return (hour for hour in hours[::-1] if self.held.last_before(hour.end) > hour.start)

    def _item(self, tape: TapeId, hour: Span, prefix: str = "") -> BrowseMediaSource:
        """Return an hour as an item that plays."""
        return BrowseMediaSource(
            domain=DOMAIN,
            identifier=str(tape),
            media_class=MediaClass.VIDEO,
            media_content_type=HLS_TYPE,
            title=prefix + unit_title(hour, Unit.HOUR, self.zone),
            can_play=True,
            can_expand=False,
        )


def _at(tape: TapeId, day: date, hour: Span) -> TapeId:
    return replace(tape, day=day, hour=SpanId(Unit.HOUR, hour.start))
