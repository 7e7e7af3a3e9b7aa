"""The ids of the media source: `<entry_id>/<kind>/<day>/<filename>`, or the first parts of it."""

from dataclasses import dataclass
import re
from typing import Final, Self

from ..const import DOMAIN
from ..core.library.files import parse_name
from ..datetimes import day_of
from .items import MediaKind

_PREFIX: Final = f"media-source://{DOMAIN}/"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class MediaId:
    """What an id of the media source means."""

    entry_id: str = ""
    kind: MediaKind | None = None
    day: str = ""
    name: str = ""

    @classmethod
    def parse(cls, identifier: str) -> Self:
        """Read an id, with or without `media-source://retrocam/`.

        Raises ValueError for anything that is not one, above all for names that lead elsewhere.
        """
        parts = identifier.removeprefix(_PREFIX).strip("/").split("/")
        if parts == [""]:
            return cls()
        if len(parts) > 4:
            raise ValueError("too many parts")
        entry_id, kind, day, name = (*parts, "", "", "")[:4]
        if day and _DAY.fullmatch(day) is None:
            raise ValueError("not a day")
        if name:
            parsed = parse_name(name)
            if parsed is None or day_of(parsed[0] / 1000) != day:
                raise ValueError("not the name of a media file of that day")
        return cls(entry_id, MediaKind(kind) if kind else None, day, name)

    def __str__(self) -> str:
        """Return the id, as short as it is."""
        return "/".join(filter(None, (self.entry_id, self.kind, self.day, self.name)))
