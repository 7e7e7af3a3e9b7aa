"""Maps yt-dlp's errors to PlayErrors."""

from collections.abc import Iterator
import re
from typing import Final

from ... import errors
from ...sources.urls import redact_urls

_BY_TYPE: Final[dict[str, type[errors.PlayError]]] = {
    "GeoRestrictedError": errors.GeoBlockedError,
    "UnsupportedError": errors.UnsupportedMediaError,
    "UserNotLive": errors.UpcomingError,
}
"""By class name, without importing yt-dlp."""

_BY_STATUS: Final[dict[int, type[errors.PlayError]]] = {
    401: errors.PlayPrivateError,
    403: errors.PlayPrivateError,
    404: errors.PlayNotFoundError,
    410: errors.PlayNotFoundError,
    429: errors.RateLimitedError,
    451: errors.GeoBlockedError,
}

_BY_TEXT: Final[tuple[tuple[str, type[errors.PlayError]], ...]] = (
    (r"not a bot|captcha|unusual traffic", errors.BotCheckError),
    (r"rate.?limit|too many requests|try again later", errors.RateLimitedError),
    (r"\bdrm\b", errors.DrmError),
    (r"confirm your age|age.?restricted|inappropriate for some", errors.AgeRestrictedError),
    (r"your country|your location|geo.?restrict|your region", errors.GeoBlockedError),
    (r"premieres? in|will begin|not (currently|yet) (live|started)|upcoming", errors.UpcomingError),
    (
        r"private|members?.only|sign in|log ?in|registered users|subscri|purchase",
        errors.PlayPrivateError,
    ),
    (r"format is not available|no video formats|no formats|only images", errors.NoFormatsError),
    (r"timed? ?out", errors.PlayTimeoutError),
    (
        r"unavailable|not available|not found|removed|terminated|no longer|does not exist",
        errors.PlayNotFoundError,
    ),
    (
        r"unsupported url|not a valid url|unsupported url scheme|unable to extract",
        errors.UnsupportedMediaError,
    ),
)
"""In order of precedence; yt-dlp passes on the sites' own messages."""


def lookup_error(error: BaseException) -> errors.PlayError:
    """Map an error of yt-dlp. The result holds no URL and is not chained."""
    chain = list(_chain(error))
    for item in chain:
        if isinstance(item, errors.PlayError):
            return item
    return _error_type(chain)(redact_urls(str(error)))


def _error_type(chain: list[BaseException]) -> type[errors.PlayError]:
    names = {type(item).__name__ for item in chain}
    for name, error_type in _BY_TYPE.items():
        if name in names:
            return error_type
    for item in chain:
        status = getattr(item, "status", None)
        if isinstance(status, int):
            return _BY_STATUS.get(status, errors.PlayNetworkError)
    text = " ".join(map(str, chain)).lower()
    for pattern, error_type in _BY_TEXT:
        if re.search(pattern, text):
            return error_type
    if any(isinstance(item, TimeoutError) for item in chain):
        return errors.PlayTimeoutError
    transport = {"TransportError", "IncompleteRead", "SSLError", "CertificateVerifyError"}
    if names & transport or any(isinstance(item, OSError) for item in chain):
        return errors.PlayNetworkError
    return errors.UnsupportedMediaError


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes, in all the ways yt-dlp chains them."""
    visited: set[int] = set()
    pending: list[object] = [error]
    while pending:
        item = pending.pop(0)
        if not isinstance(item, BaseException) or id(item) in visited:
            continue
        visited.add(id(item))
        yield item
        exc_info = getattr(item, "exc_info", None)
        pending += [exc_info and exc_info[1], getattr(item, "cause", None), item.__cause__]
