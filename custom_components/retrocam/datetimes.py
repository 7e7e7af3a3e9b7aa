"""Parsing and formatting of times."""

from datetime import UTC, date, datetime
from typing import Any

from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .core.texts import is_plain


def unix_time(value: Any) -> float:
    """Validate a time and return UNIX seconds; without an offset it is in Home Assistant's time zone.

    Raises vol.Invalid for malformed times and times outside the years 1 to 9999 in UTC.
    """
    if isinstance(value, str) and not is_plain(value):
        # A lone surrogate makes ciso8601 crash the process.
        raise vol.Invalid("not a time")
    try:
        return dt_util.as_utc(cv.datetime(value)).timestamp()
    except OverflowError as err:
        raise vol.Invalid("not within the years 1 to 9999 in UTC") from err
    except ValueError as err:
        # `cv.datetime` does not convert the ValueError of a well-formed impossible time (month 0).
        raise vol.Invalid("not a time") from err


def iso(time: float) -> str:
    """Return UNIX seconds as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")


def utc_day(time: float) -> date:
    """Return the UTC day of UNIX seconds."""
    return datetime.fromtimestamp(time, UTC).date()
