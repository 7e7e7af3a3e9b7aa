"""The result of a look-up: URLs of streams, and what describes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import re
from typing import Final
from urllib.parse import urlsplit

_TIME: Final = re.compile(
    r"(?:.*&)?t=(?:npt:)?"
    r"(?:(?:(?P<h>\d{1,3})(?::|h(?=\d)))?(?:(?P<m>\d{1,4})(?::|m(?=\d)))?(?P<s>\d{1,7}(?:\.\d{1,6})?)s?)"
    r"(?:[,&].*)?"
)


@dataclass(frozen=True, slots=True)
class MediaInput:
    """One URL to read; a video often has two of them, picture and sound."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request; Cookie and Authorization only to the URL's own origin."""
    is_playlist: bool = False
    """An HLS media playlist."""
    chunk_size: int | None = None
    """Bytes per request, for servers that throttle requests for the whole file."""
    not_before: float | None = None
    """UNIX time until which the server refuses."""
    is_valid: Callable[[], bool] | None = None
    """Returns, in any thread, whether the server still accepts the URL. Called before each request; the
    URL may then not redirect to its own origin. None: the server decides."""


@dataclass(frozen=True, slots=True)
class ResolvedMedia:
    """Media that can be opened."""

    inputs: tuple[MediaInput, ...]
    title: str
    page: str | None = None
    """URL of the page of the media."""
    thumbnail: str | None = None
    duration: float | None = None
    """Seconds; None for live media, or unknown until opened."""
    start: float = 0.0
    """Position at which the link begins, s."""
    is_live: bool = False
    expires: float | None = None
    """UNIX time after which the URLs are refused, if they state it."""
    needs_javascript: bool = False
    """The site hid formats because no JavaScript runtime was found."""
    entry: tuple[int, ...] = ()
    """Index in the list or search that it was found in, and in lists therein; empty if in none."""


def start_of(url: str) -> float:
    """Return the start time of a URL's media fragment, such as `#t=90`, in s; 0 without one."""
    try:
        match = _TIME.fullmatch(urlsplit(url).fragment)
    except ValueError:
        match = None
    if match is None:
        return 0.0
    hours, minutes, seconds = (float(match[name] or 0) for name in "hms")
    return hours * 3600 + minutes * 60 + seconds
