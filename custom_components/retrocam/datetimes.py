"""Moments: as users write them, and as they are told."""

from datetime import UTC, datetime
from typing import Any

from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .core.texts import is_plain


def unix_time(value: Any) -> float:
    """Return the UNIX seconds of a time; one without a zone is meant in that of Home Assistant.

    A validator: raises vol.Invalid for what is no time, or none that is the same in UTC.
    """
    if isinstance(value, str) and not is_plain(value):
        # A lone surrogate crashes ciso8601, and the process with it.
        raise vol.Invalid("not a time")
    try:
        return dt_util.as_utc(cv.datetime(value)).timestamp()
    except OverflowError as err:
        raise vol.Invalid("not within the years 1 to 9999 in UTC") from err
    except ValueError as err:
        # Of what looks like a time and is none, such as the month 0, which `cv.datetime` lets pass.
        raise vol.Invalid("not a time") from err


def iso(time: float) -> str:
    """Return UNIX seconds as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")


def day_of(time: float) -> str:
    """Return the UTC day of UNIX seconds, as YYYY-MM-DD."""
    return datetime.fromtimestamp(time, UTC).date().isoformat()
