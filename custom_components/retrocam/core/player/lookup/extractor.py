"""Look-ups with yt-dlp, all connections of which are made and checked by a `Network`.

Imported in the look-up process only: yt-dlp takes a second and 40 MB to load.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
import logging
import time
import traceback
from typing import Any, Final, override
from urllib.parse import urlsplit

from yt_dlp import YoutubeDL
from yt_dlp.globals import plugin_dirs
from yt_dlp.version import __version__

from ... import errors
from ...sources.urls import redact_urls
from ..net.addresses import Network
from ..net.fetch import Login, without_login
from ..net.streams import MediaInput, ResolvedMedia, start_of
from .entries import EntrySearch
from .errors import lookup_error
from .formats import Format, choose, expiry
from .generic import GenericIE
from .runtimes import JAVASCRIPT_RUNTIMES
from .transport import GuardedRH

_LOGGER = logging.getLogger(__name__)

plugin_dirs.value = []  # installed plugins are not trusted

_MAX_RELEASE_AGE: Final = 90 * 86_400.0
"""Seconds after which yt-dlp itself warns of an old release."""
_OUTDATED_ERRORS: Final = (
    errors.BotCheckError,
    errors.NoFormatsError,
    errors.UnsupportedMediaError,
)
"""Typical errors of an old release on a changed site."""
_EXTRACTORS: Final = ("default", r"-(iqiyi|iq\.com|pornhub|douyu).*")
"""All except those that run PhantomJS, whose connections cannot be checked."""


class Downloader(YoutubeDL):
    """yt-dlp for one `extract`. Its construction is slow, so that it is done ahead."""

    def __init__(self) -> None:
        self._network, self._login = Network(), Login()
        self._network.close()
        super().__init__(
            {
                "quiet": True,
                "noprogress": True,
                "color": "never",
                "noplaylist": True,
                "playlist_items": "1",
                "skip_download": True,
                "cachedir": False,
                "usenetrc": False,
                "cookiefile": None,
                "cookiesfrombrowser": None,
                "proxy": "",
                "allowed_extractors": _EXTRACTORS,
                "socket_timeout": 10,
                "extractor_retries": 1,
                "js_runtimes": {name: {} for name in JAVASCRIPT_RUNTIMES},
            }
        )
        self.add_info_extractor(GenericIE())  # replaces yt-dlp's own

    def configure(self, network: Network, login: Login, settings: Mapping[str, Any]) -> None:
        """Set the network, login and settings of the look-up."""
        self._network, self._login = network, login
        self.params.update(settings)
        self.format_selector = self.params.get("format")

    @override
    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
        """Replace all of yt-dlp's handlers."""
        guarded = partial(GuardedRH, network=self._network, login=self._login)
        return super().build_request_director([guarded], [])


class _Log:
    """Logs yt-dlp's messages and detects a missing JavaScript runtime."""

    def __init__(self) -> None:
        self.needs_javascript = False

    def debug(self, message: str) -> None:
        _LOGGER.debug("%s", redact_urls(message))

    def warning(self, message: str) -> None:
        if "javascript runtime" in message.lower():
            self.needs_javascript = True
        self.debug(message)

    error = debug


def extract(
    query: str,
    network: Network,
    *,
    max_height: int,
    cache_dir: str | None,
    after: tuple[int, ...] = (),
    prepared: Downloader | None = None,
) -> ResolvedMedia:
    """Look up `query`, a URL or `ytsearch5:` with words. Blocks; closing `network` ends it.

    Of a list or search, return the first media that can be played behind the entry `after`. A `prepared`
    downloader is used once. Raises a PlayError.
    """
    log = _Log()
    # Kept from yt-dlp, which might send it anywhere.
    query, login = without_login(query)
    settings = {
        "logger": log,
        "cachedir": cache_dir or False,
        "format": lambda context: _selected(context["formats"], max_height),
    }
    try:
        with prepared or Downloader() as downloader:
            downloader.configure(network, login, settings)
            resolve = partial(_resolved, jar=downloader.cookiejar, login=login, log=log)
            return EntrySearch(downloader, resolve).find(query, after)
    except Exception as err:  # noqa: BLE001  # any error of yt-dlp fails the look-up
        _LOGGER.debug("The look-up failed: %s", redact_urls(traceback.format_exc()))
        error = lookup_error(err)
        error.needs_javascript = log.needs_javascript
        error.outdated = isinstance(error, _OUTDATED_ERRORS) and is_outdated(
            __version__, time.time()
        )
        # Not chained: its cause holds URLs, which would be logged.
        raise error from None


def is_outdated(version: str, now: float) -> bool:
    """Return whether a release of yt-dlp, named by its date, is months old at UNIX time `now`."""
    try:
        year, month, day = map(int, version.split(".")[:3])
        released = datetime(year, month, day, tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return now - released > _MAX_RELEASE_AGE


def _selected(formats: list[Format], max_height: int) -> list[dict[str, Any]]:
    """Select formats, in the structure that yt-dlp expects."""
    chosen = choose(formats, max_height)
    if not chosen:
        return []
    format_id = "+".join(str(fmt.get("format_id")) for fmt in chosen)
    return [{**chosen[0], "format_id": format_id, "requested_formats": chosen}]


def _first(info: Any) -> Mapping[str, Any]:
    """Return the video, or the first one of a playlist that a page stands for."""
    while info is not None and info.get("_type") in ("playlist", "multi_video"):
        info = next((entry for entry in info.get("entries") or () if entry), None)
    if info is None:
        raise errors.PlayNotFoundError("nothing was found")
    first: Mapping[str, Any] = info
    return first


def _resolved(
    info: Any, entry: tuple[int, ...], title: str | None, *, jar: Any, login: Login, log: _Log
) -> ResolvedMedia:
    info = _first(info)
    if info.get("live_status") == "is_upcoming":
        raise errors.UpcomingError("it has not started")
    formats = info.get("requested_formats")
    if not formats:
        raise errors.NoFormatsError("no playable format")
    is_generic = info.get("extractor_key") == "Generic"
    own_title = info.get("title") or info.get("id") or ""
    return ResolvedMedia(
        inputs=tuple(_input(fmt, jar, login) for fmt in formats),
        title=str((is_generic and title) or own_title),
        page=_page(info),
        thumbnail=info.get("thumbnail"),
        duration=info.get("duration"),
        start=_start(info),
        is_live=bool(info.get("is_live")),
        expires=expiry([fmt["url"] for fmt in formats]),
        needs_javascript=log.needs_javascript,
        entry=entry,
    )


def _start(info: Mapping[str, Any]) -> float:
    """Return the position at which a link begins, s."""
    start = info.get("start_time")
    if isinstance(start, (int, float)):
        return float(start)
    return start_of(str(info.get("original_url") or ""))


def _page(info: Mapping[str, Any]) -> str | None:
    """Return the web page; of unknown sites without the query, which may hold a key."""
    page: str | None = info.get("webpage_url")
    if page is not None and info.get("extractor_key") == "Generic":
        page = urlsplit(page)._replace(query="", fragment="").geturl()
    return page


def _input(fmt: Format, jar: Any, login: Login) -> MediaInput:
    headers = {str(name): str(value) for name, value in (fmt.get("http_headers") or {}).items()}
    headers |= login.headers(fmt["url"])
    cookie = jar.get_cookie_header(fmt["url"])
    if cookie:
        headers["Cookie"] = cookie
    return MediaInput(
        url=fmt["url"],
        headers=headers,
        is_playlist=str(fmt.get("protocol")).startswith("m3u8"),
        chunk_size=(fmt.get("downloader_options") or {}).get("http_chunk_size"),
        not_before=fmt.get("available_at"),
    )
