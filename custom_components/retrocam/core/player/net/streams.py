"""What the resolver finds: titles, and where the streams are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MediaInput:
    """One URL to read; a video often comes as two of them, picture and sound."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request; Cookie and Authorization only to the URL's own host."""
    is_playlist: bool = False
    """An HLS media playlist."""
    chunk: int | None = None
    """Bytes to ask for at once, where the server slows down who asks for all."""
    not_before: float | None = None
    """UNIX time up to which the server refuses."""
    valid: Callable[[], bool] | None = None
    """Tells, in any thread, whether the server accepts the URL, which is asked for only then, and
    nothing else of its origin; None if the server is to be asked."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Media that can be opened."""

    inputs: tuple[MediaInput, ...]
    title: str
    page: str | None = None
    """Where people find it."""
    thumbnail: str | None = None
    duration: float | None = None
    """Seconds; None for live media, and where only opening it will tell."""
    is_live: bool = False
    expires: float | None = None
    """UNIX time after which the URLs are refused, where they say so."""
    needs_javascript: bool = False
    """The site hid formats because no JavaScript runtime was found."""
