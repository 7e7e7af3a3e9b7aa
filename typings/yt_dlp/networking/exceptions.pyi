from ..utils import YoutubeDLError
from . import RequestHandler, Response

class RequestError(YoutubeDLError):
    cause: Exception | str | None

    def __init__(
        self,
        msg: str | None = None,
        cause: Exception | str | None = None,
        handler: RequestHandler | None = None,
    ) -> None: ...

class TransportError(RequestError): ...

class HTTPError(RequestError):
    response: Response
    status: int
    reason: str | None

    def __init__(self, response: Response, redirect_loop: bool = False) -> None: ...
