from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from email.message import Message
import io
from typing import IO, Any, ClassVar

from ..cookies import YoutubeDLCookieJar

type _RequestData = bytes | Iterable[bytes] | IO[bytes] | None

class Request:
    extensions: dict[str, Any]

    def __init__(
        self,
        url: str,
        data: _RequestData = None,
        headers: Mapping[str, str] | None = None,
        proxies: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        method: str | None = None,
        extensions: dict[str, Any] | None = None,
    ) -> None: ...
    @property
    def url(self) -> str: ...
    @property
    def data(self) -> bytes | Iterable[bytes] | IO[bytes] | None: ...
    @property
    def method(self) -> str: ...

class Response(io.IOBase):
    fp: io.IOBase
    url: str
    headers: Message
    status: int
    reason: str | None

    def __init__(
        self,
        fp: io.IOBase,
        url: str,
        headers: Mapping[str, str] | Message,
        status: int = 200,
        reason: str | None = None,
        extensions: dict[str, Any] | None = None,
    ) -> None: ...
    def read(self, amt: int | None = None) -> bytes: ...

class RequestHandler(ABC):
    _SUPPORTED_URL_SCHEMES: ClassVar[tuple[str, ...] | None]
    _SUPPORTED_PROXY_SCHEMES: ClassVar[tuple[str, ...] | None]
    _SUPPORTED_FEATURES: ClassVar[tuple[Any, ...] | None]

    def __init__(self, **settings: Any) -> None: ...
    def _check_extensions(self, extensions: dict[str, Any]) -> None: ...
    def _get_cookiejar(self, request: Request) -> YoutubeDLCookieJar: ...
    def _get_headers(self, request: Request) -> dict[str, str]: ...
    def _calculate_timeout(self, request: Request) -> float: ...
    @abstractmethod
    def _send(self, request: Request) -> Response: ...

class RequestDirector:
    handlers: dict[str, RequestHandler]
