"""HTTP answers from a file that is open already: ranges and conditional requests of RFC 9110.

aiohttp's own FileResponse opens by path: it follows links, serves a `.gz` that lies beside the
file, and waits for the disk in the threads that all of Home Assistant shares.
"""

from typing import Final, NamedTuple, override

from aiohttp import ETag, hdrs, web
from aiohttp.abc import AbstractStreamWriter

from ..cameras.open_file import OpenFile

CHUNK: Final = 256 << 10
"""Bytes read at a time."""
_SECOND: Final = 1_000_000_000


class Part(NamedTuple):
    """Bytes of a file: from `start` on and before `stop`."""

    start: int
    stop: int


def file_response(
    request: web.BaseRequest, file: OpenFile, headers: dict[str, str]
) -> web.StreamResponse:
    """Return the answer to a request for a file: all of it, a range, or only a status.

    Takes over the file, and closes it.
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
    """Sends a part of a file, and closes the file."""

    def __init__(self, file: OpenFile, part: Part, status: int, headers: dict[str, str]) -> None:
        """Take an open file; nothing is read before `prepare`."""
        super().__init__(status=status, headers=headers)
        self.content_length = part.stop - part.start
        self._file = file
        self._part = part

    @override
    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the headers and, except to HEAD, the body.

        Raises ConnectionError, which ends the connection, if the disk has less than was promised.
        """
        try:
            writer = await super().prepare(request)
            if request.method != hdrs.METH_HEAD:
                await self._send()
        finally:
            self._file.close()
        return writer

    async def _send(self) -> None:
        position, stop = self._part
        while position < stop:
            try:
                data = await self._file.async_read(position, min(CHUNK, stop - position))
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
    if (refused := _refused(request, tag, modified)) is not None:
        return web.Response(status=refused, headers=headers)
    if not _ranges_hold(request, tag, modified):
        return OpenFileResponse(file, Part(0, file.size), 200, headers)
    try:
        asked = request.http_range
    except ValueError:
        return _unsatisfiable(file, headers)
    if asked.start is None:
        return OpenFileResponse(file, Part(0, file.size), 200, headers)
    start, stop, _ = asked.indices(file.size)
    if start >= stop:
        return _unsatisfiable(file, headers)
    said = {hdrs.CONTENT_RANGE: f"bytes {start}-{stop - 1}/{file.size}"}
    return OpenFileResponse(file, Part(start, stop), 206, headers | said)


def _unsatisfiable(file: OpenFile, headers: dict[str, str]) -> web.Response:
    said = {hdrs.CONTENT_RANGE: f"bytes */{file.size}"}
    return web.Response(status=416, headers=headers | said)


def _refused(request: web.BaseRequest, tag: ETag, modified: int) -> int | None:
    """Return the status of the precondition that fails (section 13.2.2), None if all hold.

    `modified` in UNIX s.
    """
    wanted, known = request.if_match, request.if_none_match
    if wanted is not None:
        if not any(one.value in (tag.value, "*") and not one.is_weak for one in wanted):
            return 412
    elif (since := request.if_unmodified_since) and modified > since.timestamp():
        return 412
    if known is not None:
        if any(one.value in (tag.value, "*") for one in known):
            return 304
    elif (since := request.if_modified_since) and modified <= since.timestamp():
        return 304
    return None


def _ranges_hold(request: web.BaseRequest, tag: ETag, modified: int) -> bool:
    """Tell whether If-Range, an ETag or a date, names the file as it is."""
    if (named := request.headers.get(hdrs.IF_RANGE)) is None:
        return True
    if named.startswith(('"', "W/")):
        return named == f'"{tag.value}"'
    return (date := request.if_range) is not None and modified <= date.timestamp()
