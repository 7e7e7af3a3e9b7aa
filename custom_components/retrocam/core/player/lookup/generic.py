"""yt-dlp's extractor for unknown sites, with limits. Imported in the look-up process only."""

import io
from typing import Any, Final, override
from urllib.parse import urlsplit

from yt_dlp.extractor.generic import GenericIE as YtGenericIE
from yt_dlp.networking import Response

from ...errors import UnsupportedMediaError
from ..net.fetch import header_text
from ..net.response import RawBody
from .lists import HEADER_BYTES, MAX_LIST_BYTES, Station, is_list_type, may_be_list, parse_list

MAX_PAGE_LENGTH: Final = 4 * 1024 * 1024
"""Characters of a page to search."""
_MAX_PAGES: Final = 4
"""Per look-up: pages may link to pages."""


class _ListFoundError(Exception):
    """What was requested is a list of stations."""

    def __init__(self, stations: list[Station]) -> None:
        super().__init__()
        self.stations = stations


class GenericIE(YtGenericIE):
    """Replaces the original by its name."""

    def __init__(self) -> None:
        super().__init__()
        self._pages_left = _MAX_PAGES
        self._is_first_request = False
        self._station_names: list[str] = []

    @override
    def _real_extract(self, url: str) -> Any:
        """Extract as the original; a list of stations as a playlist of their URLs."""
        self._is_first_request = True
        self._station_names.clear()
        try:
            info = super()._real_extract(url)
        except _ListFoundError as found:
            stations = [
                self.url_result(item.url, video_title=item.title) for item in found.stations
            ]
            return self.playlist_result(stations)
        if info.get("direct"):
            # Else yt-dlp goes by the name, and takes media called `.m3u8` for HLS.
            for item in info.get("formats") or [info]:
                item["protocol"] = urlsplit(item["url"]).scheme
            info["title"] = next(iter(self._station_names), info["title"])
        return info

    @override
    def _request_webpage(self, *args: Any, **settings: Any) -> Any:
        response = super()._request_webpage(*args, **settings)
        if not (self._is_first_request and response):
            return response
        self._is_first_request = False
        name = header_text(response.headers.get("icy-name", "")).strip()
        self._station_names += filter(None, [name])
        return _checked(response)

    @override
    def _webpage_read_content(
        self, *args: Any, prefix: bytes | None = None, **settings: Any
    ) -> str | bool:
        """Return the beginning of a page, all of an HLS playlist, or False as the original.

        Raises UnsupportedMediaError beyond the limit of pages.
        """
        is_hls = prefix is not None and prefix.startswith(b"#EXTM3U")
        if not is_hls:
            if not self._pages_left:
                raise UnsupportedMediaError("too many pages link to pages")
            self._pages_left -= 1
        content = super()._webpage_read_content(*args, prefix=prefix, **settings)
        return content[:MAX_PAGE_LENGTH] if isinstance(content, str) and not is_hls else content

    @staticmethod
    @override
    def _generic_id(url: str) -> str:
        """Name a page by its path: ids are logged, and a query may hold a key."""
        bare = urlsplit(url)._replace(query="", fragment="").geturl()
        return YtGenericIE._generic_id(bare)  # noqa: SLF001  # the original


def _checked(response: Any) -> Any:
    """Return a response that yt-dlp does not take for a playlist if it is not one.

    yt-dlp takes each line of a list for a playlist, and media for one by their type: it would read an
    endless stream to its end. Raises _ListFoundError for a list of stations.
    """
    begin = response.read(HEADER_BYTES)
    content_type = response.headers.get("Content-Type", "")
    if may_be_list(begin, response.url, content_type):
        begin += response.read(MAX_LIST_BYTES)
        stations = parse_list(begin, response.url)
        if stations is not None:
            response.close()
            raise _ListFoundError(stations)
    elif is_list_type(content_type):
        del response.headers["Content-Type"]

    def read(size: int) -> bytes:
        nonlocal begin
        data: bytes = begin[:size] or response.read(size)
        begin = begin[len(data) :]
        return data

    content = io.BufferedReader(RawBody(read, response.close))
    return Response(content, response.url, response.headers, response.status, response.reason)
