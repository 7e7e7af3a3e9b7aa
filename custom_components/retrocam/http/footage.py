"""HTTP views of footage: what is held, and single frames of it."""

import math
from typing import Final

from aiohttp import hdrs, web
from homeassistant.helpers.json import json_bytes, json_dumps
import voluptuous as vol

from ..cameras import CameraInstance
from ..cameras.footage_spans import describe_spans
from ..core.errors import BusyError, DecodeError, InvalidFrameError, NotHeldError
from ..core.threads import run_in_thread
from ..datetimes import unix_time
from ..urls import FOOTAGE_FRAME_PATH, FOOTAGE_PATH
from .base import RetrocamView
from .footage_access import SignedFootageView

_MAX_WIDTH: Final = 16_384
"""Pixels."""
_MOST_SPANS: Final = 100
"""Spans that a refusal tells."""
NO_STORE: Final[dict[str, str]] = {hdrs.CACHE_CONTROL: "no-store"}


class FootageView(RetrocamView):
    """What footage is held."""

    url = FOOTAGE_PATH
    name = "api:retrocam:footage"

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Answer with the spans between `after` and `before`, both optional."""
        instance = self.instance(request, entry_id)
        after, before = parse_span(request, instance, "after", "before")

        def listed() -> bytes:
            return json_bytes(describe_spans(instance.footage.spans(after, before)))

        # A tape of a camera that comes and goes has tens of thousands of spans.
        name = f"retrocam spans {instance.name}"
        body = await run_in_thread(name, listed, join_on_cancel=True)
        return web.Response(body=body, content_type="application/json", headers=NO_STORE)

    head = get


class FootageFrameView(SignedFootageView):
    """One frame of footage. A signature without a time is one for all times."""

    url = FOOTAGE_FRAME_PATH
    name = "api:retrocam:footage:frame"
    signed_paths = (FOOTAGE_FRAME_PATH,)
    free = frozenset({"at", "fast"})

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Answer with the frame shown `at` a time, as a JPEG; 404 where nothing is held.

        With `fast` it is the keyframe at or before the time, up to that of `X-Retrocam-Until`; `width`
        scales it down.
        """
        instance, _ = self.granted(request, entry_id)
        return await async_frame_response(request, instance)

    head = get


class Refusal(web.HTTPNotFound):
    """404 that says why, and where footage is: its newest spans."""

    def __init__(self, instance: CameraInstance, code: str, message: str) -> None:
        """`code` is that of an error, or of a parameter."""
        held = describe_spans(instance.footage.all.spans(newest=_MOST_SPANS))
        body = {"code": code, "message": message, **held}
        super().__init__(text=json_dumps(body), content_type="application/json")
        self.code = code


async def async_frame_response(
    request: web.Request, instance: CameraInstance, *, guest: bool = False
) -> web.Response:
    """Return the frame that a query asks for. Raises Refusal, and HTTPServiceUnavailable while busy."""
    time, width = _parse_time(request, instance, "at"), _parse_width(request, instance)
    if time is None:
        raise Refusal(instance, "invalid_time", "at is required")
    fast = request.query.get("fast", "0") not in ("", "0", "false")
    try:
        frame = await instance.footage.async_jpeg(time, width=width, fast=fast, guest=guest)
    except BusyError as err:
        raise web.HTTPServiceUnavailable(headers={hdrs.RETRY_AFTER: "1"}) from err
    except (NotHeldError, DecodeError, InvalidFrameError) as err:
        raise Refusal(instance, err.code, str(err)) from err
    headers = {**NO_STORE, "X-Retrocam-Time": f"{frame.time:.3f}"}
    if frame.until is not None:
        headers["X-Retrocam-Until"] = f"{frame.until:.3f}"
    return web.Response(body=frame.data, content_type="image/jpeg", headers=headers)


def parse_span(
    request: web.Request, instance: CameraInstance, start: str, end: str
) -> tuple[float, float]:
    """Parse two optional times of a query, UNIX s; infinite without them.

    Raises Refusal, also unless the first precedes the second.
    """
    first, last = (_parse_time(request, instance, name) for name in (start, end))
    if first is not None and last is not None and first >= last:
        raise Refusal(instance, "invalid_span", f"{start} is not before {end}")
    return -math.inf if first is None else first, math.inf if last is None else last


def _parse_time(request: web.Request, instance: CameraInstance, name: str) -> float | None:
    """Parse a time of a query. Raises Refusal."""
    if (text := request.query.get(name)) is None:
        return None
    try:
        return parse_time(text)
    except ValueError as err:
        raise Refusal(instance, "invalid_time", f"{name} is not a time") from err


def parse_time(text: str) -> float:
    """Parse UNIX seconds or ISO 8601. Raises ValueError."""
    try:
        time = float(text)
    except ValueError:
        try:
            # A plus sign that is not encoded arrives as a space.
            return unix_time(text.replace(" ", "+") if "T" in text else text)
        except vol.Invalid as err:
            raise ValueError("not a time") from err
    if not math.isfinite(time):
        raise ValueError("not a time")
    return time


def _parse_width(request: web.Request, instance: CameraInstance) -> int:
    """Parse the width of a query, in pixels; 0 without one. Raises Refusal."""
    text = request.query.get("width", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) <= _MAX_WIDTH):
        raise Refusal(instance, "invalid_width", f"width is 0 to {_MAX_WIDTH} pixels")
    return int(text)
