"""Search words for media files: dates, times of day, and words of names."""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
import re
from typing import Final, Self

from ..core.library.index import MediaItem
from ..core.library.store import MediaLibrary
from .spans import Span, days_of, local_time, span_of_day

MAX_QUERY: Final = 200
"""Characters; the rest is ignored."""

_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_TIME: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class MediaQuery:
    """Parsed search words, all of which must hold."""

    names: tuple[str, ...] = ()
    """Parts of the name of a camera or kind, casefolded."""
    span: Span | None = None
    """Of the dates; it may be empty."""
    times: tuple[tuple[time, int], ...] = ()
    """Times of day, each with the seconds that it lasts."""

    @classmethod
    def parse(cls, text: str, zone: tzinfo) -> Self:
        """Parse `2026`, `2026-01`, `2026-01-03`, `7:05`, `07:05:30` and words, in any order."""
        names, times, span = list[str](), list[tuple[time, int]](), None
        for word in text[:MAX_QUERY].split():
            if (found := _parse_date(word, zone)) is not None:
                span = found if span is None else _overlap(span, found)
            elif (moment := _parse_time(word)) is not None:
                times.append(moment)
            else:
                names.append(word.casefold())
        return cls(tuple(names), span, tuple(times))

    def names_match(self, text: str) -> bool:
        """Return whether a text contains all the names."""
        folded = text.casefold()
        return all(name in folded for name in self.names)

    def spans_in(self, day: date, zone: tzinfo) -> Iterator[Span]:
        """Yield the spans of a day that the dates and times select, the latest first.

        A time of day is two spans when clocks show it twice, and none when they skip it.
        """
        whole = span_of_day(day, zone)
        if self.span is not None:
            whole = _overlap(whole, self.span)
        if not self.times:
            yield whole
            return
        for fold in (1, 0):
            span: Span | None = whole
            for moment, length in self.times:
                found = _span_at(day, moment.replace(fold=fold), length, zone)
                span = _overlap(span, found) if span and found else None
            if span is not None:
                yield span


def _span_at(day: date, moment: time, length: int, zone: tzinfo) -> Span | None:
    """Return `length` seconds from a local time on; None if clocks do not show it that day."""
    local = datetime.combine(day, moment, zone)
    start = int(local.timestamp())
    shown = local_time(start, zone)
    return Span(start, start + length) if (shown, shown.fold) == (local, local.fold) else None


def find_files[T](
    libraries: Iterable[tuple[T, MediaLibrary]],
    wanted: MediaQuery,
    day: date | None,
    zone: tzinfo,
    most: int,
) -> Iterator[tuple[T, MediaItem] | None]:
    """Yield up to `most` files of each library, newest first, and None for each day looked at.

    A `day` limits the search to it. Files come with what their library came with.
    """
    for owner, library in libraries:
        found = 0
        for day_searched in [day] if day else days_of(library, zone, wanted.span):
            yield None
            for span in wanted.spans_in(day_searched, zone):
                for item in library.page(most, after=span.start, before=span.end):
                    found += 1
                    yield owner, item
            if found >= most:
                break


def _parse_date(word: str, zone: tzinfo) -> Span | None:
    if (match := _DATE.fullmatch(word)) is None:
        return None
    year, month, day = int(match[1]), match[2], match[3]
    try:
        first = date(year, int(month or 1), int(day or 1))
        last = date(year, int(month or 12), int(day or monthrange(year, int(month or 12))[1]))
    except ValueError:
        return None
    return Span(span_of_day(first, zone).start, span_of_day(last, zone).end)


def _parse_time(word: str) -> tuple[time, int] | None:
    if (match := _TIME.fullmatch(word)) is None:
        return None
    hour, minute, second = match.groups()
    try:
        return time(int(hour), int(minute), int(second or 0)), 1 if second else 60
    except ValueError:
        return None


def _overlap(one: Span, other: Span) -> Span:
    start = max(one.start, other.start)
    return Span(start, max(start, min(one.end, other.end)))
