"""What yt-dlp's errors mean, as errors of ours."""

from collections.abc import Iterator
import re
from typing import Final

from ...errors import (
    AgeRestrictedError,
    BotCheckError,
    DrmError,
    GeoBlockedError,
    NoFormatsError,
    PlayError,
    PlayNetworkError,
    PlayNotFoundError,
    PlayPrivateError,
    PlayTimeoutError,
    RateLimitedError,
    UnsupportedMediaError,
    UpcomingError,
)
from ...sources.urls import redact_urls

_BY_TYPE: Final[dict[str, type[PlayError]]] = {
    "GeoRestrictedError": GeoBlockedError,
    "UnsupportedError": UnsupportedMediaError,
    "UserNotLive": UpcomingError,
}
"""By the names of yt-dlp's classes, so that this needs no import of it."""

_BY_STATUS: Final[dict[int, type[PlayError]]] = {
    401: PlayPrivateError,
    403: PlayPrivateError,
    404: PlayNotFoundError,
    410: PlayNotFoundError,
    429: RateLimitedError,
    451: GeoBlockedError,
}

_BY_TEXT: Final[tuple[tuple[str, type[PlayError]], ...]] = (
    (r"not a bot|captcha|unusual traffic", BotCheckError),
    (r"rate.?limit|too many requests|try again later", RateLimitedError),
    (r"\bdrm\b", DrmError),
    (r"confirm your age|age.?restricted|inappropriate for some", AgeRestrictedError),
    (r"your country|your location|geo.?restrict|your region", GeoBlockedError),
    (r"premieres? in|will begin|not (currently|yet) (live|started)|upcoming", UpcomingError),
    (r"private|members?.only|sign in|log ?in|registered users|subscri|purchase", PlayPrivateError),
    (r"format is not available|no video formats|no formats|only images", NoFormatsError),
    (r"timed? ?out", PlayTimeoutError),
    (
        r"unavailable|not available|not found|removed|terminated|no longer|does not exist",
        PlayNotFoundError,
    ),
    (
        r"unsupported url|not a valid url|unsupported url scheme|unable to extract",
        UnsupportedMediaError,
    ),
)
"""In the order in which they are tried; the sites' own words, as yt-dlp passes them on."""


def lookup_error(error: BaseException) -> PlayError:
    """Return the error that yt-dlp's `error` means. No URL is in it, and it is not chained."""
    chain = list(_chain(error))
    for each in chain:
        if isinstance(each, PlayError):
            return each
    return _kind(chain)(redact_urls(str(error)))


def _kind(chain: list[BaseException]) -> type[PlayError]:
    for each in chain:
        by_type = _BY_TYPE.get(type(each).__name__)
        if by_type is not None:
            return by_type
    for each in chain:
        status = getattr(each, "status", None)
        if isinstance(status, int):
            return _BY_STATUS.get(status, PlayNetworkError)
    text = " ".join(str(each) for each in chain).lower()
    for pattern, kind in _BY_TEXT:
        if re.search(pattern, text):
            return kind
    if any(isinstance(each, TimeoutError) for each in chain):
        return PlayTimeoutError
    transport = ("TransportError", "IncompleteRead", "SSLError", "CertificateVerifyError")
    if any(isinstance(each, OSError) or type(each).__name__ in transport for each in chain):
        return PlayNetworkError
    return UnsupportedMediaError


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it, however yt-dlp hands it on."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        told = getattr(each, "exc_info", None)
        waiting += [told[1] if told else None, getattr(each, "cause", None), each.__cause__]
