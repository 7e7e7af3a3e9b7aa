"""Ids of footage in the media source: `<entry_id>/footage`, and what can be played of it."""

from dataclasses import dataclass
import re
from typing import Final, Self

from ..const import DOMAIN

_PATTERN: Final = re.compile(
    rf"(?:media-source://{DOMAIN}/)?([^/]+)/footage(?:/(live|[1-9][0-9]{{0,5}}))?/?"
)


@dataclass(frozen=True, slots=True)
class FootageId:
    """The folder of an entry's footage, or an item in it."""

    entry_id: str
    item: str = ""
    """`live`, or the last seconds as a number; empty for the folder."""

    @classmethod
    def parse(cls, identifier: str) -> Self | None:
        """Parse an id; None for any other one."""
        match = _PATTERN.fullmatch(identifier)
        return match and cls(match[1], match[2] or "")

    @property
    def seconds(self) -> int | None:
        """Seconds before now at which it begins, up to now; None for what runs on."""
        return int(self.item) if self.item.isdecimal() else None

    def __str__(self) -> str:
        """Return the id without the prefix of media sources."""
        return "/".join(filter(None, (self.entry_id, "footage", self.item)))
