"""yt-dlp's extractor for sites that it does not know, with less trust in them.

For the process of look-ups, as `extractor`.
"""

from typing import Any, Final, override
from urllib.parse import urlsplit

from yt_dlp.extractor.generic import GenericIE as YtGenericIE

from ...errors import UnsupportedMediaError

MOST_OF_PAGE: Final = 4 * 1024 * 1024
"""Characters of a page that are searched."""
_MOST_PAGES: Final = 4
"""In one look-up: pages may lead to pages."""


class GenericIE(YtGenericIE):  # type: ignore[misc]  # yt-dlp has no types
    """Called as the original, whose place it takes by its name."""

    def __init__(self) -> None:
        """Search a few pages."""
        super().__init__()
        self._pages_left = _MOST_PAGES

    @override
    def _webpage_read_content(
        self, *args: Any, prefix: bytes | None = None, **settings: Any
    ) -> str | bool:
        """Return the beginning of a page; HLS whole, and False as the original.

        Raises UnsupportedMediaError for a page too many.
        """
        is_hls = prefix is not None and prefix.startswith(b"#EXTM3U")
        if not is_hls:
            if not self._pages_left:
                raise UnsupportedMediaError("pages lead to pages without an end")
            self._pages_left -= 1
        content: str | bool = super()._webpage_read_content(*args, prefix=prefix, **settings)
        return content[:MOST_OF_PAGE] if isinstance(content, str) and not is_hls else content

    @staticmethod
    @override
    def _generic_id(url: str) -> str:
        """Name a page by its path: a query may hold a key, and ids are in titles and logs."""
        bare = urlsplit(url)._replace(query="", fragment="").geturl()
        return str(YtGenericIE._generic_id(bare))  # noqa: SLF001  # what this takes the place of
