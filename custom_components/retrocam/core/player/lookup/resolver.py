"""Resolves a URL, a YouTube id or search words to media URLs, with yt-dlp in a separate process."""

from collections.abc import Callable
from dataclasses import replace
import logging
import re
from typing import Final
from urllib.parse import quote

from ...errors import UnsupportedMediaError
from ..net.addresses import Address, Lookup, Network, is_any, is_off_site, look_up
from ..net.fetch import origin_of, split_url
from ..net.streams import ResolvedMedia
from .answers import load_answer
from .messages import LookupJob
from .pool import LookupPool

_LOGGER = logging.getLogger(__name__)

_MAX_LENGTH: Final = 2048
MAX_HITS: Final = 5
"""Of a search, in case the first ones cannot be played."""
_URL: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://"
    # Schemes without slashes: what users mean as a URL, and the protocols of FFmpeg that open others.
    r"|(?:[a-z0-9]+\+)*(?:https?|ftps?|file|data|blob|about|javascript|mailto|magnet|rt[ms]ps?|rtp|srt"
    r"|mms[ht]?|udp|tcp|tls|wss?|hls|dash|concatf?|crypto|subfile|pipe|fd|cache|async|unix|ipfs|ipns"
    r"|yt(?:search(?:date)?(?:\d+|all)?|user)|spotify)(?:\+[a-z0-9]+)*:(?=\S)",
    re.IGNORECASE,
)
"""The beginning of a URL. Any other colon belongs to search words, such as `Re:Zero`."""
_VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")
_SEARCH: Final = re.compile(r"ytsearch1?:\s*(.*)", re.IGNORECASE | re.DOTALL)


def query_of(media: str) -> str:
    """Return yt-dlp's query for `media`: an http(s) URL, or a search.

    Raises UnsupportedMediaError for empty or overlong text, and other schemes.
    """
    media = media.strip()
    if not media or len(media) > _MAX_LENGTH:
        raise UnsupportedMediaError("empty or too long")
    search = _SEARCH.fullmatch(media)
    if search is None:
        if _URL.match(media):
            split_url(media)
            return media
        if _VIDEO_ID.fullmatch(media) and not _is_word(media):
            return f"https://www.youtube.com/watch?v={quote(media)}"
    words = " ".join((media if search is None else search[1]).split())
    if not words:
        raise UnsupportedMediaError("no search words")
    return f"ytsearch{MAX_HITS}:{words}"


def _is_word(text: str) -> bool:
    """Recognize words of 11 letters; one id in 20,000 looks like one."""
    return text.isalpha() and text in (text.lower(), text.upper(), text.capitalize())


class Resolver:
    """Looks up media in processes that may be shared. All methods are for the event loop."""

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
        """Prefer video up to `max_height` pixels; time out after `timeout` s.

        Without a `pool` it creates its own. Without `allow_private`, only the public internet is
        reachable. `cache_dir` is for yt-dlp's data about sites.
        """
        self.max_height = max_height
        self._owns_pool = pool is None
        self.pool = pool or LookupPool(home=cache_dir)
        self._allow_private = allow_private
        self.public: Callable[[Address], bool] = is_off_site
        """Addresses allowed for untrusted media; importable by name."""
        self._timeout = timeout
        self._cache_dir = cache_dir
        self.lookup = lookup
        """Resolves host names; importable by name."""

    def network(self, *, trusted: str | None = None) -> Network:
        """Return a network for one opening; the origin of `trusted` may be private."""
        origin = origin_of(trusted) if trusted is not None else None
        return Network(self._allowed, trusted=origin, lookup=self.lookup)

    async def resolve(
        self, media: str, *, trusted: bool = False, after: tuple[int, ...] = ()
    ) -> ResolvedMedia:
        """Look up `media`; if `trusted`, its origin may be on the private network.

        Of a list or search, return the first media that can be played behind the entry `after`.
        Cancellation kills the look-up at once. Raises a PlayError.
        """
        job = replace(self.job(media, trusted=trusted, cpu_seconds=self._timeout), after=after)
        return load_answer(await self.pool.run(job, self._timeout))

    def job(self, media: str, *, trusted: bool, cpu_seconds: float) -> LookupJob:
        """Return the job for `media`. Raises UnsupportedMediaError."""
        query = query_of(media)
        return LookupJob(
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
        """End its own processes, if any; return whether they ended within `limit` s."""
        return not self._owns_pool or await self.pool.close(limit)

    @property
    def _allowed(self) -> Callable[[Address], bool]:
        return is_any if self._allow_private else self.public
