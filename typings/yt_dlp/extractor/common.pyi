from collections.abc import Iterable
from typing import Any

from .. import YoutubeDL
from ..networking import Request

class InfoExtractor:
    def __init__(self, downloader: YoutubeDL | None = None) -> None: ...
    def _download_json(
        self, url_or_request: str | Request, video_id: str, *, query: dict[str, str] = ...
    ) -> Any: ...
    def _webpage_read_content(
        self, *args: Any, prefix: bytes | None = None, **settings: Any
    ) -> str | bool: ...
    @staticmethod
    def _generic_id(url: str) -> str: ...
    def _real_extract(self, url: str) -> dict[str, Any]: ...
    def _request_webpage(self, *args: Any, **settings: Any) -> Any: ...
    @staticmethod
    def url_result(
        url: str,
        ie: Any = None,
        video_id: str | None = None,
        video_title: str | None = None,
        **settings: Any,
    ) -> dict[str, Any]: ...
    @staticmethod
    def playlist_result(
        entries: Iterable[dict[str, Any]],
        playlist_id: str | None = None,
        playlist_title: str | None = None,
        **settings: Any,
    ) -> dict[str, Any]: ...

class SearchInfoExtractor(InfoExtractor):
    def _search_results(self, query: str) -> Any: ...
