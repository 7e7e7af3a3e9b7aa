from types import TracebackType
from typing import Any

type _ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

class YoutubeDLError(Exception):
    msg: str | None

    def __init__(self, msg: str | None = None) -> None: ...

class ExtractorError(YoutubeDLError):
    orig_msg: str
    expected: bool
    cause: BaseException | None

    def __init__(
        self,
        msg: str,
        tb: TracebackType | None = None,
        expected: bool = False,
        cause: BaseException | None = None,
    ) -> None: ...

class UnsupportedError(ExtractorError):
    url: str

    def __init__(self, url: str) -> None: ...

class GeoRestrictedError(ExtractorError):
    def __init__(self, msg: str, countries: list[str] | None = None, **kwargs: Any) -> None: ...

class UserNotLive(ExtractorError):
    def __init__(self, msg: str | None = None, **kwargs: Any) -> None: ...

class DownloadError(YoutubeDLError):
    exc_info: _ExcInfo | None

    def __init__(self, msg: str, exc_info: _ExcInfo | None = None) -> None: ...
