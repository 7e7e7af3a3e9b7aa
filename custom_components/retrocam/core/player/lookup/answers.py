"""Validates answers of the look-up process, which a hostile page may have crafted."""

import json
import logging
from typing import Any, Final

import voluptuous as vol

from ... import errors
from ...errors import PlayError, PlayNetworkError, UnsupportedMediaError
from ...texts import is_plain, replace_unprintable
from ..net.fetch import split_url
from ..net.streams import MediaInput, ResolvedMedia
from .messages import (
    MAX_HEADERS,
    MAX_INPUTS,
    MAX_LOG_LINES,
    MAX_MESSAGE_LENGTH,
    MAX_SECONDS,
    MAX_TITLE_LENGTH,
    MAX_URL_LENGTH,
)

_LOGGER = logging.getLogger(__name__)

_ERRORS: Final[dict[str, type[PlayError]]] = {
    error.code: error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, PlayError) and error is not PlayError
}
"""By code."""


def _url(value: Any) -> str:
    """Accept an http(s) URL; its address is checked when it is opened."""
    if not isinstance(value, str) or not is_plain(value, max_length=MAX_URL_LENGTH):
        raise vol.Invalid("not a URL")
    try:
        split_url(value)
    except UnsupportedMediaError as err:
        raise vol.Invalid("not a URL") from err
    return value


def _seconds(value: Any) -> float:
    """Accept a duration or a UNIX time, within what JSON, clocks and integers can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise vol.Invalid("not a number")
    if not 0 <= value <= MAX_SECONDS:  # also NaN
        raise vol.Invalid("out of range")
    return float(value)


def _text(limit: int) -> Any:
    """Validate strings up to `limit` characters; those a state or client cannot hold are replaced."""
    return vol.All(str, vol.Length(max=limit), replace_unprintable)


_MAX_CHUNK: Final = 1 << 40
_MAX_INDEX: Final = 1_000_000
_HEADER: Final = vol.All(str, vol.Length(max=MAX_URL_LENGTH), vol.Match(r"[^\r\n\0]*\Z"))
_LINK: Final = vol.Any(_url, vol.SetTo(None))
"""A URL to show, not to open; None for anything else."""
_INPUT: Final = vol.Schema(
    {
        "url": _url,
        "headers": vol.All({_HEADER: _HEADER}, vol.Length(max=MAX_HEADERS)),
        "is_playlist": bool,
        "chunk_size": vol.Any(None, vol.All(int, vol.Range(min=1, max=_MAX_CHUNK))),
        "not_before": vol.Any(None, _seconds),
    },
    required=True,
)
_FOUND: Final = vol.Schema(
    {
        "inputs": vol.All([_INPUT], vol.Length(min=1, max=MAX_INPUTS)),
        "title": _text(MAX_TITLE_LENGTH),
        "page": _LINK,
        "thumbnail": _LINK,
        "duration": vol.Any(None, _seconds),
        "start": _seconds,
        "is_live": bool,
        "expires": vol.Any(None, _seconds),
        "needs_javascript": bool,
        "entry": vol.All([vol.All(int, vol.Range(min=0, max=_MAX_INDEX))], vol.Length(max=9)),
    },
    required=True,
)
_ERROR: Final = vol.Schema(
    {
        "code": vol.In(_ERRORS),
        "message": _text(MAX_MESSAGE_LENGTH),
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
            vol.Exclusive("crash", "answer"): vol.All(str, vol.Length(max=MAX_MESSAGE_LENGTH)),
            vol.Required("log"): vol.All(
                [_text(MAX_MESSAGE_LENGTH)], vol.Length(max=MAX_LOG_LINES)
            ),
        },
        vol.Length(min=2),
    )
)


def load_answer(data: bytes) -> ResolvedMedia:
    """Return the result of a look-up. Raises its PlayError.

    Raises UnsupportedMediaError for an invalid answer and PlayNetworkError after a crash.
    """
    try:
        answer = _ANSWER(json.loads(data))
    except (ValueError, RecursionError, vol.Invalid) as err:
        raise UnsupportedMediaError("the look-up's answer is invalid") from err
    for line in answer["log"]:
        _LOGGER.debug("%s", line)
    if "crash" in answer:
        _LOGGER.error("The look-up process failed: %s", answer["crash"])
        raise PlayNetworkError("the look-up process failed")
    if "error" in answer:
        raise _error(answer["error"])
    fields = answer["found"]
    inputs = tuple(MediaInput(**media) for media in fields.pop("inputs"))
    return ResolvedMedia(inputs=inputs, entry=tuple(fields.pop("entry")), **fields)


def _error(fields: dict[str, Any]) -> PlayError:
    error = _ERRORS[fields["code"]](fields["message"])
    error.needs_javascript = fields["needs_javascript"]
    error.outdated = fields["outdated"]
    return error
