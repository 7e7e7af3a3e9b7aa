"""From what a user asks for - a URL, a YouTube id, words - to URLs that can be read.

yt-dlp does it, in a process that is killed when time runs out.
"""

from collections.abc import Callable
import logging
import re
from typing import Final
from urllib.parse import quote

from ...errors import UnsupportedMediaError
from ..net.addresses import Address, Lookup, Network, is_any, is_foreign, look_up
from ..net.fetch import origin_of, split_url
from ..net.streams import Resolved
from .answers import load_answer
from .messages import Job
from .pool import LookupPool

_LOGGER = logging.getLogger(__name__)

_MOST_LETTERS: Final = 2048
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):(?=\S)", re.IGNORECASE)
_VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")
_SEARCH: Final = re.compile(r"ytsearch1?:\s*(.*)", re.IGNORECASE | re.DOTALL)


def query_of(media: str) -> str:
    """Return what yt-dlp is to be asked for `media`: an http(s) URL, or a search for one video.

    Raises UnsupportedMediaError for nothing, too much, and other schemes.
    """
    media = media.strip()
    if not media or len(media) > _MOST_LETTERS:
        raise UnsupportedMediaError("nothing to look for, or too much")
    search = _SEARCH.fullmatch(media)
    if search is not None:
        return _search(search[1])
    scheme = _SCHEME.match(media)
    if scheme is not None:
        split_url(media)
        return media
    if _VIDEO_ID.fullmatch(media) and not _is_word(media):
        return f"https://www.youtube.com/watch?v={quote(media)}"
    return _search(media)


def _search(words: str) -> str:
    words = " ".join(words.split())
    if not words:
        raise UnsupportedMediaError("nothing to look for")
    return f"ytsearch1:{words}"


def _is_word(text: str) -> bool:
    """Tell words of 11 letters from ids, of which one in 20,000 looks like one."""
    return text.isalpha() and text in (text.lower(), text.upper(), text.capitalize())


class Resolver:
    """Looks media up, in processes that may be shared. All methods are for the event loop."""

    def __init__(
        self,
        pool: LookupPool | None = None,
        *,
        allow_private: bool = False,
        max_height: int = 360,
        timeout: float = 30.0,
        cache_dir: str | None = None,
        lookup: Lookup = look_up,
    ) -> None:
        """Prefer pictures of up to `max_height` lines; give up after `timeout` s.

        Without a `pool` it has one of its own. Without `allow_private`, nothing but the public internet
        is reached. `cache_dir` is where yt-dlp may keep what it learned about sites.
        """
        self.max_height = max_height
        self._owns_pool = pool is None
        self.pool = pool or LookupPool(home=cache_dir)
        self._allow_private = allow_private
        self.public: Callable[[Address], bool] = is_foreign
        """Which addresses may be connected to for what is not trusted; importable by name."""
        self._timeout = timeout
        self._cache_dir = cache_dir
        self.lookup = lookup
        """What resolves names; importable by name."""

    def network(self, *, trusted: str | None = None) -> Network:
        """Return a network for one opening, which may reach the origin of `trusted` wherever it is."""
        origin = origin_of(trusted) if trusted is not None else None
        return Network(self._allowed, trusted=origin, lookup=self.lookup)

    async def resolve(self, media: str, *, trusted: bool = False) -> Resolved:
        """Look `media` up; if it is `trusted`, its origin may be on the private network.

        Cancelling gives the look-up up at once, and closes its connections. Raises a PlayError.
        """
        job = self.job(media, trusted=trusted, cpu_seconds=self._timeout)
        return load_answer(await self.pool.run(job, self._timeout))

    def job(self, media: str, *, trusted: bool, cpu_seconds: float) -> Job:
        """Return the job that looks `media` up. Raises UnsupportedMediaError."""
        query = query_of(media)
        return Job(
            query=query,
            allowed=self._allowed,
            trusted=origin_of(query) if trusted else None,
            lookup=self.lookup,
            max_height=self.max_height,
            cache_dir=self._cache_dir,
            cpu_seconds=cpu_seconds,
            verbose=_LOGGER.isEnabledFor(logging.DEBUG),
        )

    async def close(self, limit: float = 3.0) -> bool:
        """End its own processes, if it has any; tell whether they are gone within `limit` s."""
        return not self._owns_pool or await self.pool.close(limit)

    @property
    def _allowed(self) -> Callable[[Address], bool]:
        return is_any if self._allow_private else self.public
