"""Reads the answers of the process of look-ups, which a hostile page may have had a hand in."""

import json
import logging
from typing import Any, Final

import voluptuous as vol

from ... import errors
from ...errors import PlayError, PlayNetworkError, UnsupportedMediaError
from ...texts import is_plain, written
from ..net.fetch import split_url
from ..net.streams import MediaInput, Resolved
from .messages import (
    LONGEST_MESSAGE,
    LONGEST_TITLE,
    LONGEST_URL,
    MOST_HEADERS,
    MOST_INPUTS,
    MOST_LINES,
    MOST_SECONDS,
)

_LOGGER = logging.getLogger(__name__)

_ERRORS: Final[dict[str, type[PlayError]]] = {
    each.code: each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, PlayError) and each is not PlayError
}
"""By their codes."""


def _url(value: Any) -> str:
    """Accept an http(s) URL; whether it may be connected to is decided when it is opened."""
    if not isinstance(value, str) or not is_plain(value, most=LONGEST_URL):
        raise vol.Invalid("not a URL")
    try:
        split_url(value)
    except UnsupportedMediaError as err:
        raise vol.Invalid("not a URL") from err
    return value


def _link(value: Any) -> str | None:
    """Accept a URL that is shown and not opened; None for anything else."""
    try:
        return _url(value)
    except vol.Invalid:
        return None


def _seconds(value: Any) -> float:
    """Accept a duration, or a UNIX time; no number that JSON, a clock or an integer cannot hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise vol.Invalid("not a number")
    if not 0 <= value <= MOST_SECONDS:  # nor is NaN
        raise vol.Invalid("no time that there is")
    return float(value)


def _title(value: Any) -> str:
    """Accept any string; what neither a state nor a client can hold is replaced."""
    if not isinstance(value, str) or len(value) > LONGEST_TITLE:
        raise vol.Invalid("not a title")
    return written(value)


def _header_text(value: Any) -> str:
    """Accept what one line of HTTP can hold."""
    if not isinstance(value, str) or len(value) > LONGEST_URL or {"\r", "\n", "\0"} & set(value):
        raise vol.Invalid("not a header")
    return value


def _text(limit: int) -> Any:
    """Return what accepts a string of up to `limit` characters, and replaces what is not plain."""
    return vol.All(str, vol.Length(max=limit), written)


_LARGEST_CHUNK: Final = 1 << 40
_INPUT: Final = vol.Schema(
    {
        "url": _url,
        "headers": vol.All({_header_text: _header_text}, vol.Length(max=MOST_HEADERS)),
        "is_playlist": bool,
        "chunk": vol.Any(None, vol.All(int, vol.Range(min=1, max=_LARGEST_CHUNK))),
        "not_before": vol.Any(None, _seconds),
    },
    required=True,
)
_FOUND: Final = vol.Schema(
    {
        "inputs": vol.All([_INPUT], vol.Length(min=1, max=MOST_INPUTS)),
        "title": _title,
        "page": _link,
        "thumbnail": _link,
        "duration": vol.Any(None, _seconds),
        "is_live": bool,
        "expires": vol.Any(None, _seconds),
        "needs_javascript": bool,
    },
    required=True,
)
_ERROR: Final = vol.Schema(
    {
        "code": vol.In(_ERRORS),
        "message": _text(LONGEST_MESSAGE),
        "needs_javascript": bool,
        "outdated": bool,
    },
    required=True,
)
_ANSWER: Final = vol.Schema(
    vol.All(
        {
            vol.Exclusive("found", "answer"): _FOUND,
            vol.Exclusive("error", "answer"): _ERROR,
            vol.Exclusive("crash", "answer"): vol.All(str, vol.Length(max=LONGEST_MESSAGE)),
            vol.Required("log"): vol.All([_text(LONGEST_MESSAGE)], vol.Length(max=MOST_LINES)),
        },
        vol.Length(min=2),
    )
)


def load_answer(data: bytes) -> Resolved:
    """Return what was found. Raises the PlayError that the look-up ended with.

    An answer that is none raises UnsupportedMediaError, one of a child that crashed PlayNetworkError.
    """
    try:
        answer = _ANSWER(json.loads(data))
    except (ValueError, RecursionError, vol.Invalid) as err:
        raise UnsupportedMediaError("the look-up's answer cannot be read") from err
    for line in answer["log"]:
        _LOGGER.debug("%s", line)
    if "crash" in answer:
        _LOGGER.error("The process of look-ups failed: %s", answer["crash"])
        raise PlayNetworkError("the process of look-ups failed")
    if "error" in answer:
        raise _error(answer["error"])
    found = answer["found"]
    inputs = tuple(MediaInput(**each) for each in found.pop("inputs"))
    return Resolved(inputs=inputs, **found)


def _error(described: dict[str, Any]) -> PlayError:
    error = _ERRORS[described["code"]](described["message"])
    error.needs_javascript = described["needs_javascript"]
    error.outdated = described["outdated"]
    return error
