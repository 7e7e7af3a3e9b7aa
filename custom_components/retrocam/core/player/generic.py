"""yt-dlp's extractor for sites that it does not know, with less trust in them.

Import it only where something is looked up, as `extractor`.
"""

from typing import override
from urllib.parse import urlsplit

from yt_dlp.extractor.generic import GenericIE as YtGenericIE


class GenericIE(YtGenericIE):  # type: ignore[misc]  # yt-dlp has no types
    """Called as the original, whose place it takes by its name."""

    @staticmethod
    @override
    def _generic_id(url: str) -> str:
        """Name a page by its path: a query may hold a key, and ids are in titles and logs."""
        bare = urlsplit(url)._replace(query="", fragment="").geturl()
        return str(YtGenericIE._generic_id(bare))  # noqa: SLF001  # what this takes the place of
