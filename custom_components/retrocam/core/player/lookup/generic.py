"""yt-dlp's extractor for sites that it does not know, with less trust in them.

Import it only where something is looked up, as `extractor`.
"""

import re
from typing import Any, Final, override
from urllib.parse import urlsplit

from yt_dlp.extractor.generic import GenericIE as YtGenericIE

from ...errors import UnsupportedMediaError

MOST_OF_PAGE: Final = 32 * 1024
"""Letters of a page that are searched: the time that this takes grows with their square."""
_LONGEST_LINE: Final = 8192
"""Letters in a line of HLS: the time that its attributes take grows with their square, too."""
_TAG_IN_LINE: Final = re.compile(r"[^\n]#EXT-X-")
"""What makes yt-dlp begin anew in the same line, and HLS never has."""
_MOST_PAGES: Final = 2
"""In one look-up: a page, and the one with the player that it leads to."""


class GenericIE(YtGenericIE):  # type: ignore[misc]  # yt-dlp has no types
    """Called as the original, whose place it takes by its name.

    yt-dlp searches pages with regular expressions, which no other thread can run beside: a page made for
    it would stop all of Home Assistant. Media itself is not touched by this.
    """

    def __init__(self, *, pages: bool) -> None:
        """Search pages, or with `pages` False refuse them."""
        super().__init__()
        self._pages_left = _MOST_PAGES if pages else 0

    @override
    def _webpage_read_content(
        self, *args: Any, prefix: bytes | None = None, **settings: Any
    ) -> str | bool:
        """Return the beginning of a page; HLS whole, and False as the original.

        Raises UnsupportedMediaError for a page too many, and for HLS that would take long to read.
        """
        is_hls = prefix is not None and prefix.startswith(b"#EXTM3U")
        if not is_hls:
            if not self._pages_left:
                raise UnsupportedMediaError("a page of an unknown site")
            self._pages_left -= 1
        content: str | bool = super()._webpage_read_content(*args, prefix=prefix, **settings)
        if not isinstance(content, str):
            return content
        if not is_hls:
            return content[:MOST_OF_PAGE]
        if max(map(len, content.split("\n"))) > _LONGEST_LINE or _TAG_IN_LINE.search(content):
            raise UnsupportedMediaError("not an HLS playlist")
        return content

    @staticmethod
    @override
    def _generic_id(url: str) -> str:
        """Name a page by its path: a query may hold a key, and ids are in titles and logs."""
        bare = urlsplit(url)._replace(query="", fragment="").geturl()
        return str(YtGenericIE._generic_id(bare))  # noqa: SLF001  # what this takes the place of
