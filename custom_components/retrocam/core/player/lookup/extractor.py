"""yt-dlp, kept on our network: all its connections are made, and so checked, by a `Network`.

For the process of look-ups: yt-dlp takes a second and 40 MB to load.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
import logging
import time
import traceback
from typing import Any, Final, override
from urllib.parse import urlsplit

from yt_dlp import YoutubeDL
from yt_dlp.globals import plugin_dirs
from yt_dlp.version import __version__

from ...errors import (
    BotCheckError,
    NoFormatsError,
    PlayNotFoundError,
    UnsupportedMediaError,
    UpcomingError,
)
from ...sources.urls import redact_urls
from ..net.addresses import Network
from ..net.fetch import Login, without_login
from ..net.streams import MediaInput, Resolved
from .errors import lookup_error
from .formats import Format, choose, expiry
from .generic import GenericIE
from .runtimes import JAVASCRIPT_RUNTIMES
from .transport import GuardedRH

_LOGGER = logging.getLogger(__name__)

plugin_dirs.value = []  # extractors that somebody installed are not ours to trust

_FRESH: Final = 90 * 86_400.0
"""Seconds after which yt-dlp itself calls a release old."""
_OF_AGE: Final = (BotCheckError, NoFormatsError, UnsupportedMediaError)
"""What an old release makes of a site that has changed."""
_EXTRACTORS: Final = ("default", r"-(iqiyi|iq\.com|pornhub|douyu).*")
"""All but those that have pages run by PhantomJS, a program that connects to where it likes."""


class Downloader(YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp for one look-up. Making it takes longer than most of what follows: see `prepare`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Take yt-dlp's settings, without a network so far."""
        self._network, self._login = Network(), Login()
        self._network.close()
        super().__init__(dict(settings))
        self.add_info_extractor(GenericIE())  # takes the place of yt-dlp's own

    def begin(self, network: Network, login: Login, settings: Mapping[str, Any]) -> None:
        """Set what belongs to the one look-up."""
        self._network, self._login = network, login
        self.params.update(settings)
        self.format_selector = self.params.get("format")

    @override
    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
        """Replace all of yt-dlp's handlers by ours."""

        def guarded(**settings: Any) -> GuardedRH:
            return GuardedRH(network=self._network, login=self._login, **settings)

        return super().build_request_director([guarded], [])


def prepare() -> Downloader:
    """Return a downloader for one `extract`."""
    return Downloader(
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


class _Log:
    """Takes yt-dlp's messages, and notices when it misses a JavaScript runtime."""

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
    prepared: Downloader | None = None,
) -> Resolved:
    """Look `query`, a URL or `ytsearch1:` and words, up. Blocks; ends when `network` is closed.

    A `prepared` downloader is used once. Raises a PlayError.
    """
    log = _Log()
    # What yt-dlp does not know, it tells nobody.
    query, login = without_login(query)
    settings = {
        "logger": log,
        "cachedir": cache_dir or False,
        "format": lambda context: _selected(context["formats"], max_height),
    }
    try:
        with prepared or prepare() as downloader:
            downloader.begin(network, login, settings)
            info = downloader.extract_info(query, download=False)
            return _resolved(_first(info), downloader.cookiejar, login, log)
    except Exception as err:  # noqa: BLE001  # whatever yt-dlp raises is an error of the look-up
        _LOGGER.debug("The look-up failed: %s", redact_urls(traceback.format_exc()))
        error = lookup_error(err)
        error.needs_javascript = log.needs_javascript
        error.outdated = isinstance(error, _OF_AGE) and is_outdated(__version__, time.time())
        # Not from it: whoever logs the error with what led to it would log URLs.
        raise error from None


def is_outdated(version: str, now: float) -> bool:
    """Tell whether a release of yt-dlp, called by its date, is months old at the UNIX time `now`."""
    try:
        year, month, day = map(int, version.split(".")[:3])
        released = datetime(year, month, day, tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return now - released > _FRESH


def _selected(formats: list[Format], max_height: int) -> list[dict[str, Any]]:
    """Answer yt-dlp's question for formats, in its own terms."""
    chosen = choose(formats, max_height)
    if not chosen:
        return []
    joined = "+".join(str(each.get("format_id")) for each in chosen)
    return [{**chosen[0], "format_id": joined, "requested_formats": chosen}]


def _first(info: Any) -> Mapping[str, Any]:
    """Return the video that was meant: itself, or the first of a list or search."""
    while info is not None and info.get("_type") in ("playlist", "multi_video"):
        info = next((entry for entry in info.get("entries") or () if entry), None)
    if info is None:
        raise PlayNotFoundError("nothing was found")
    found: Mapping[str, Any] = info
    return found


def _resolved(info: Mapping[str, Any], jar: Any, login: Login, log: _Log) -> Resolved:
    if info.get("live_status") == "is_upcoming":
        raise UpcomingError("it has not begun")
    formats = info.get("requested_formats")
    if not formats:
        raise NoFormatsError("there is no format that can be played")
    return Resolved(
        inputs=tuple(_input(each, jar, login) for each in formats),
        title=str(info.get("title") or info.get("id") or ""),
        page=_page(info),
        thumbnail=info.get("thumbnail"),
        duration=info.get("duration"),
        is_live=bool(info.get("is_live")),
        expires=expiry([each["url"] for each in formats]),
        needs_javascript=log.needs_javascript,
    )


def _page(info: Mapping[str, Any]) -> str | None:
    """Return where people find it; of an unknown site without what may be a key to it."""
    page: str | None = info.get("webpage_url")
    if page is not None and info.get("extractor_key") == "Generic":
        page = urlsplit(page)._replace(query="", fragment="").geturl()
    return page


def _input(each: Format, jar: Any, login: Login) -> MediaInput:
    headers = {str(name): str(value) for name, value in (each.get("http_headers") or {}).items()}
    headers |= login.headers(each["url"])
    cookie = jar.get_cookie_header(each["url"])
    if cookie:
        headers["Cookie"] = cookie
    return MediaInput(
        url=each["url"],
        headers=headers,
        is_playlist=str(each.get("protocol")).startswith("m3u8"),
        chunk=(each.get("downloader_options") or {}).get("http_chunk_size"),
        not_before=each.get("available_at"),
    )
