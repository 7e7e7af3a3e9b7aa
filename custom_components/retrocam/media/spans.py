"""Spans of local time that group media files: days, and the hours, minutes and seconds below them.

A day lasts from its first midnight to that of the next day: 23 to 25 hours, where the clocks are
changed. An hour in which they are changed is two spans, so each span has one offset from UTC.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
import re
from typing import Final, NamedTuple, Self

from ..core.library.reader import MediaReader

_EARLIEST: Final = timedelta(hours=14)
"""Largest offset from UTC of any time zone."""
_LATEST: Final = timedelta(hours=12)
"""The same, west of Greenwich."""
_ID: Final = re.compile(r"(hour|minute|second)-([0-9]{8}T[0-9]{6})Z")
_ID_TIME: Final = "%Y%m%dT%H%M%S"


class Unit(Enum):
    """Units below a day; the values are seconds."""

    HOUR = 3600
    MINUTE = 60
    SECOND = 1


class Span(NamedTuple):
    """From `start` on and before `end`, whole UNIX seconds."""

    start: int
    end: int


class SpanId(NamedTuple):
    """The id of a span below a day."""

    unit: Unit
    start: int
    """UNIX seconds."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse what `__str__` returned; None for anything else."""
        if (match := _ID.fullmatch(text)) is None:
            return None
        try:
            start = datetime.strptime(match[2], _ID_TIME).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(Unit[match[1].upper()], int(start.timestamp()))

    def __str__(self) -> str:
        """Return the id, with the start in UTC."""
        start = datetime.fromtimestamp(self.start, UTC)
        return f"{self.unit.name.lower()}-{start.strftime(_ID_TIME)}Z"


def local_time(time: float, zone: tzinfo) -> datetime:
    """Return UNIX seconds as local time, or the last of the year 9999 if they are after it."""
    try:
        return datetime.fromtimestamp(time, zone)
    except OverflowError, ValueError:
        return datetime(9999, 12, 31, 23, 59, 59, tzinfo=zone)


def span_of_day(day: date, zone: tzinfo) -> Span:
    """Return the span of a local day, which is empty for a day that was left out."""
    start = _midnight(day, zone)
    try:
        return Span(start, _midnight(day + timedelta(days=1), zone))
    except OverflowError:
        return Span(start, start + 2 * 86_400)


def day_at(time: float, zone: tzinfo) -> date:
    """Return the day whose span contains UNIX seconds."""
    day = local_time(time, zone).date()
    # Clocks set back over midnight show the former day again.
    return day + timedelta(days=1) if time >= span_of_day(day, zone).end else day


def days_of(library: MediaReader, zone: tzinfo, within: Span | None = None) -> Iterator[date]:
    """Yield the local days with files, newest first, lazily."""
    after, before = (None, None) if within is None else within
    while newest := next(library.page(1, after=after, before=before), None):
        yield (day := day_at(newest.time, zone))
        before = span_of_day(day, zone).start


def may_be_day_of(day: date, time: float) -> bool:
    """Return whether UNIX seconds lie within a day in any time zone."""
    since_midnight = timedelta(seconds=time) - (day - date(1970, 1, 1))
    return -_EARLIEST <= since_midnight < timedelta(days=1) + _LATEST


def units(span: Span, unit: Unit, zone: tzinfo) -> Iterator[Span]:
    """Split a span into local hours, minutes or seconds, oldest first."""
    start = span.start
    while start < span.end:
        end = min(_unit_end(start, unit, zone), span.end)
        yield Span(start, end)
        start = end


def unit_at(start: int, unit: Unit, zone: tzinfo) -> Span:
    """Return the span from `start` to the end of its local hour, minute or second."""
    return Span(start, _unit_end(start, unit, zone))


def unit_title(span: Span, unit: Unit, zone: tzinfo) -> str:
    """Return the title of a local hour, minute or second."""
    local = local_time(span.start, zone)
    title = f"{local:%H:%M:%S}" if unit is Unit.SECOND else f"{local:%H:%M}"
    if unit is Unit.HOUR:
        title += f"\N{EN DASH}{local_time(span.end, zone):%H:%M}"
    return title + zone_suffix(local)


def zone_suffix(local: datetime) -> str:
    """Return a blank and the zone's abbreviation for a time that clocks show twice, else nothing."""
    other = local.replace(fold=1 - local.fold)
    return "" if local.utcoffset() == other.utcoffset() else f" {local:%Z}"


def _midnight(day: date, zone: tzinfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def _unit_end(start: int, unit: Unit, zone: tzinfo) -> int:
    offset = _offset(start, zone)
    end = start + unit.value - (start + offset) % unit.value
    if _offset(end - 1, zone) == offset:
        return end
    # The clocks are changed meanwhile: find the first second after it.
    low, high = start, end - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return high


def _offset(time: int, zone: tzinfo) -> int:
    """Return the seconds by which local clocks are ahead of UTC."""
    offset = local_time(time, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
