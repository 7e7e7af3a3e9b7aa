"""Mapping of yt-dlp's errors: classes, HTTP status, messages of sites."""

import io

import pytest
from yt_dlp.networking import Response
from yt_dlp.networking.exceptions import (
    HTTPError,
    TransportError,
)
from yt_dlp.utils import (
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    UnsupportedError,
    UserNotLive,
)

from custom_components.retrocam.core.errors import BlockedAddressError
from custom_components.retrocam.core.player.lookup.errors import lookup_error


def wrapped(error: Exception) -> DownloadError:
    """Wrap an error as YoutubeDL does."""
    return DownloadError(f"ERROR: {error}", (type(error), error, None))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Video unavailable", "not_found"),
        ("Video unavailable. This video has been removed by the uploader", "not_found"),
        ("This video is no longer available because the account has been terminated.", "not_found"),
        ("Private video. Sign in if you've been granted access to this video", "private"),
        ("Join this channel to get access to members-only content", "private"),
        ("This video is only available for registered users", "private"),
        ("The uploader has not made this video available in your country", "geo_blocked"),
        (
            "Sign in to confirm your age. This video may be inappropriate for some users.",
            "age_restricted",
        ),
        ("Sign in to confirm you’re not a bot. Use --cookies", "bot_check"),
        ("This video is DRM protected", "drm"),
        (
            "Your account has been rate-limited by YouTube for up to an hour, try again later",
            "rate_limited",
        ),
        ("Premieres in 3 hours", "upcoming"),
        ("This live event will begin in 2 days.", "upcoming"),
        ("Requested format is not available. Use --list-formats", "no_formats"),
        ("No video formats found!", "no_formats"),
        ("Read timed out.", "timeout"),
        ("Unable to extract title", "unsupported"),
        ("Something else altogether", "unsupported"),
    ],
)
def test_error_of_message(text: str, code: str) -> None:
    error = lookup_error(wrapped(ExtractorError(text, expected=True)))
    assert error.code == code
    assert text in str(error)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GeoRestrictedError("no"), "geo_blocked"),
        (UnsupportedError("https://host/"), "unsupported"),
        (UserNotLive(), "upcoming"),
        (TransportError(cause=ConnectionRefusedError(111, "refused")), "network"),
        (TransportError(cause=TimeoutError()), "timeout"),
        (OSError("broken"), "network"),
        (KeyError("bug"), "unsupported"),
    ],
)
def test_error_of_class(error: Exception, code: str) -> None:
    assert lookup_error(wrapped(error)).code == code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "private"),
        (403, "private"),
        (404, "not_found"),
        (410, "not_found"),
        (429, "rate_limited"),
        (451, "geo_blocked"),
        (500, "network"),
    ],
)
def test_error_of_http_status(status: int, code: str) -> None:
    http = HTTPError(Response(io.BytesIO(), "https://host/", {}, status))
    error = ExtractorError("Unable to download webpage", cause=http)
    assert lookup_error(wrapped(error)).code == code


def test_a_play_error_in_the_chain_is_returned() -> None:
    blocked = BlockedAddressError("private")
    error = ExtractorError("Unable to download webpage", cause=TransportError(cause=blocked))
    assert lookup_error(wrapped(error)) is blocked


def test_urls_are_redacted() -> None:
    error = lookup_error(wrapped(UnsupportedError("http://me:secret@host/page?token=hush")))
    assert str(error) == "ERROR: Unsupported URL: http://**redacted**"
    assert error.__cause__ is None
