"""From what a user asks for - a URL, a YouTube id, words - to URLs that can be read.

yt-dlp does it, in a thread that is given up when time runs out or nobody waits any more.
"""

import asyncio
from collections.abc import Callable
import logging
import re
import threading
from typing import Final
from urllib.parse import quote

from ...errors import PlayError, PlayTimeoutError, UnsupportedMediaError
from ..addresses import Address, Lookup, Network, is_any, is_foreign, look_up
from ..fetch import split_url
from .streams import Resolved

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
    """Looks media up, at most a few at once. All methods are for the event loop."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        max_height: int = 360,
        timeout: float = 30.0,
        cache_dir: str | None = None,
        threads: int = 4,
        lookup: Lookup = look_up,
    ) -> None:
        """Prefer pictures of up to `max_height` lines; give up after `timeout` s.

        Without `allow_private`, nothing but the public internet is reached. `cache_dir` is where yt-dlp
        may keep what it learned about sites.
        """
        self.max_height = max_height
        self._allow_private = allow_private
        self.public: Callable[[Address], bool] = is_foreign
        """Which addresses may be connected to for what is not trusted."""
        self._timeout = timeout
        self._cache_dir = cache_dir
        self.lookup = lookup
        """What resolves names."""
        self._slots = asyncio.Semaphore(threads)
        self._threads: set[threading.Thread] = set()
        self._networks: set[Network] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def threads(self) -> int:
        """How many look-ups run, also such as were given up and have not noticed yet."""
        return len(self._threads)

    def network(self, *, trusted: bool = False) -> Network:
        """Return a network for reading what was resolved, under the same rule."""
        allowed = self.public
        if self._allow_private or trusted:
            allowed = is_any
        return Network(allowed, lookup=self.lookup)

    async def resolve(self, media: str, *, trusted: bool = False, pages: bool = True) -> Resolved:
        """Look `media` up; `trusted` media may be on the private network.

        Without `pages`, no page of a site that is not known is searched for a video.
        Cancelling gives the look-up up at once, and closes its connections. Raises a PlayError.
        """
        query = query_of(media)
        network = self.network(trusted=trusted)
        try:
            async with asyncio.timeout(self._timeout):
                # What was given up keeps its slot until its thread has ended: there is no pile of them.
                await self._slots.acquire()
                return await self._start(query, network, pages=pages)
        except TimeoutError as err:
            if isinstance(err, PlayError):
                raise
            raise PlayTimeoutError("the look-up took too long") from err
        finally:
            network.close()

    async def close(self, limit: float = 3.0) -> bool:
        """Give up all look-ups; tell whether their threads have ended within `limit` s."""
        for network in tuple(self._networks):
            network.close()
        try:
            async with asyncio.timeout(limit):
                await self._idle.wait()
        except TimeoutError:
            _LOGGER.warning("%d look-ups have not ended yet", len(self._threads))
            return False
        return True

    def _start(self, query: str, network: Network, *, pages: bool) -> asyncio.Future[Resolved]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Resolved] = loop.create_future()

        def finish(result: Resolved | PlayError) -> None:
            self._networks.discard(network)
            self._threads.discard(thread)
            thread.join()
            self._slots.release()
            if not self._threads:
                self._idle.set()
            if future.done():
                return
            if isinstance(result, PlayError):
                future.set_exception(result)
            else:
                future.set_result(result)

        def run() -> None:
            result = self._extract(query, network, pages=pages)
            try:
                loop.call_soon_threadsafe(finish, result)
            except RuntimeError:
                _LOGGER.debug("The event loop was closed before the look-up ended")

        # A daemon: name resolution and yt-dlp's own processes must not hold up a shutdown.
        thread = threading.Thread(target=run, name="retrocam resolve", daemon=True)
        self._threads.add(thread)
        self._networks.add(network)
        self._idle.clear()
        thread.start()
        return future

    def _extract(self, query: str, network: Network, *, pages: bool) -> Resolved | PlayError:
        """Run yt-dlp, in the look-up's thread."""
        from .extractor import extract  # noqa: PLC0415  # a second and 40 MB, only when needed

        try:
            return extract(
                query,
                network,
                max_height=self.max_height,
                cache_dir=self._cache_dir,
                pages=pages,
            )
        except PlayError as err:
            return err
        except Exception as err:
            _LOGGER.exception("A look-up ended with an error")
            return UnsupportedMediaError(str(err))
