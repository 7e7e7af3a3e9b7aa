"""HTTP responses from an open file: ranges and conditional requests of RFC 9110.

aiohttp's FileResponse opens by path: it follows links, serves a `.gz` beside the file, and blocks
threads of Home Assistant's shared executor.
"""

from typing import Final, override

from aiohttp import ETag, hdrs, web
from aiohttp.abc import AbstractStreamWriter

from ..cameras.open_file import OpenFile

_CHUNK: Final = 256 << 10
"""Bytes."""
_SECOND: Final = 1_000_000_000


def file_response(
    request: web.BaseRequest, file: OpenFile, headers: dict[str, str]
) -> web.StreamResponse:
    """Return the response to a request for a file: all of it, a range, or a status only.

    Takes ownership of the file, and closes it.
    """
    tag = ETag(f"{file.modified_ns:x}-{file.size:x}")
    response = _response(request, file, tag, headers)
    response.etag = tag
    response.last_modified = file.modified_ns / _SECOND
    response.headers[hdrs.ACCEPT_RANGES] = "bytes"
    if not isinstance(response, OpenFileResponse):
        file.close()
    return response


class OpenFileResponse(web.StreamResponse):
    """Sends a range of a file, and closes it. Nothing is read before `prepare`."""

    def __init__(self, file: OpenFile, span: range, status: int, headers: dict[str, str]) -> None:
        super().__init__(status=status, headers=headers)
        self.content_length = span.stop - span.start
        self._file = file
        self._span = span

    @override
    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the headers and, except to HEAD, the body.

        Raises ConnectionError, which closes the connection, if the file is shorter than announced.
        """
        try:
            writer = await super().prepare(request)
            if request.method != hdrs.METH_HEAD:
                await self._send()
        finally:
            self._file.close()
        return writer

    async def _send(self) -> None:
        position, stop = self._span.start, self._span.stop
        while position < stop:
            try:
                data = await self._file.async_read(position, min(_CHUNK, stop - position))
            except OSError as err:
                raise ConnectionError("the file cannot be read any more") from err
            if not data:
                raise ConnectionError("the file became shorter")
            await self.write(data)
            position += len(data)


def _response(
    request: web.BaseRequest, file: OpenFile, tag: ETag, headers: dict[str, str]
) -> web.StreamResponse:
    modified = file.modified_ns // _SECOND
    if (status := _failed_precondition(request, tag, modified)) is not None:
        return web.Response(status=status, headers=headers)
    whole = OpenFileResponse(file, range(file.size), 200, headers)
    if not _if_range_holds(request, tag, modified):
        return whole
    try:
        requested = request.http_range
    except ValueError:
        return _unsatisfiable(file, headers)
    if requested.start is None:
        return whole
    start, stop, _ = requested.indices(file.size)
    if start >= stop:
        return _unsatisfiable(file, headers)
    headers = {**headers, hdrs.CONTENT_RANGE: f"bytes {start}-{stop - 1}/{file.size}"}
    return OpenFileResponse(file, range(start, stop), 206, headers)


def _unsatisfiable(file: OpenFile, headers: dict[str, str]) -> web.Response:
    headers = {**headers, hdrs.CONTENT_RANGE: f"bytes */{file.size}"}
    return web.Response(status=416, headers=headers)


def _failed_precondition(request: web.BaseRequest, tag: ETag, modified: int) -> int | None:
    """Return the status of the precondition that fails (section 13.2.2), None if all hold.

    `modified` in UNIX s.
    """
    if (tags := request.if_match) is not None:
        if not any(other.value in (tag.value, "*") and not other.is_weak for other in tags):
            return 412
    elif (since := request.if_unmodified_since) and modified > since.timestamp():
        return 412
    if (tags := request.if_none_match) is not None:
        if any(other.value in (tag.value, "*") for other in tags):
            return 304
    elif (since := request.if_modified_since) and modified <= since.timestamp():
        return 304
    return None


def _if_range_holds(request: web.BaseRequest, tag: ETag, modified: int) -> bool:
    """Return whether If-Range, an ETag or a date, matches the file; True without one."""
    if (value := request.headers.get(hdrs.IF_RANGE)) is None:
        return True
    if value.startswith(('"', "W/")):
        return value == f'"{tag.value}"'
    return (date := request.if_range) is not None and modified <= date.timestamp()
