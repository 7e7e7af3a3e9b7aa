"""Ids of the tape in the media source: `<entry_id>/tape/<day>/<hour>`, or a leading portion of it.

A folder's day is local; an hour is an id of `SpanId`, with its start in UTC.
"""

from dataclasses import dataclass
from datetime import date
import re
from typing import Final, Self

from ..const import DOMAIN
from .spans import SpanId, Unit, may_be_day_of

_PATTERN: Final = re.compile(
    rf"(?:media-source://{DOMAIN}/)?([^/]+)/tape(?:/([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:/([^/]+))?)?/?"
)


@dataclass(frozen=True, slots=True)
class TapeId:
    """The folder of an entry's tape, of a day of it, or an hour that can be played."""

    entry_id: str
    day: date | None = None
    hour: SpanId | None = None

    @classmethod
    def parse(cls, identifier: str) -> Self | None:
        """Parse an id; None for any other one."""
        if (match := _PATTERN.fullmatch(identifier)) is None:
            return None
        try:
            day = date.fromisoformat(match[2]) if match[2] else None
        except ValueError:
            return None
        hour = SpanId.parse(match[3]) if match[3] else None
        if match[3] and (hour is None or hour.unit is not Unit.HOUR):
            return None
        if hour is not None and (day is None or not may_be_day_of(day, hour.start)):
            return None
        return cls(match[1], day, hour)

    def __str__(self) -> str:
        """Return the id without the prefix of media sources."""
        day = self.day.isoformat() if self.day else ""
        return "/".join(filter(None, (self.entry_id, "tape", day, str(self.hour or ""))))
