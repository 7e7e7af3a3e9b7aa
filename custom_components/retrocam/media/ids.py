"""Ids of the media source: `<entry_id>/<kind>/<day>/<filename>`, or a leading portion of it.

A folder's day is local. A file has one id, in any time zone: with the UTC day of its name; one with
its local day is accepted. In place of a file, an id of `SpanId` names a folder below the day.
"""

from dataclasses import dataclass
from datetime import date
import re
from typing import Final, Self

from ..const import DOMAIN
from ..core.library.files import parse_name
from .items import MediaKind
from .spans import SpanId, may_be_day_of

_PREFIX: Final = f"media-source://{DOMAIN}/"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class MediaId:
    """A parsed id of the media source."""

    entry_id: str = ""
    kind: MediaKind | None = None
    day: date | None = None
    span: SpanId | None = None
    name: str = ""

    @classmethod
    def parse(cls, identifier: str) -> Self:
        """Parse an id, with or without `media-source://retrocam/`.

        Raises ValueError for malformed ids, such as file names that lead out of the directory.
        """
        segments = identifier.removeprefix(_PREFIX).strip("/").split("/")
        if len(segments) > 4:
            raise ValueError("too many segments")
        entry_id, kind, day_text, last = (*segments, "", "", "")[:4]
        if day_text and _DAY.fullmatch(day_text) is None:
            raise ValueError("not a day")
        day = date.fromisoformat(day_text) if day_text else None
        if day and not kind:
            raise ValueError("a day of no kind")
        span = SpanId.parse(last)
        name = "" if span else last
        if name:
            parsed = parse_name(name)
            if parsed is None or day is None or not may_be_day_of(day, parsed[0] / 1000):
                raise ValueError("not the name of a media file of that day")
        if span and (day is None or not may_be_day_of(day, span.start)):
            raise ValueError("not a span of that day")
        return cls(entry_id, MediaKind(kind) if kind else None, day, span, name)

    def __str__(self) -> str:
        """Return the id without the prefix of media sources."""
        last = self.span or self.name
        day = self.day.isoformat() if self.day else ""
        return "/".join(filter(None, (self.entry_id, self.kind, day, str(last))))
