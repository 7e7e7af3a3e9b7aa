"""Format selection: low resolution, AAC audio, few connections."""

from collections.abc import Mapping, Sequence
import re
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

type Format = Mapping[str, Any]
"""A format as yt-dlp describes it."""

_PROTOCOLS: Final = ("http", "https", "m3u8", "m3u8_native")
_EXCLUDED_EXTENSIONS: Final = ("mhtml", "none")
_AUDIO_BITRATE: Final = 128
"""Preferred, kbit/s."""


def choose(formats: Sequence[Format], max_height: int) -> list[Format]:
    """Return one muxed format, or one of video and one of audio, or nothing.

    Prefers the highest video up to `max_height`, else the lowest; H.264 at up to 30 fps, which decodes
    fastest; audio in the original language, in AAC, which is copied.
    """

    def rank(fmt: Format) -> tuple[Any, ...]:
        return _video_rank(fmt, max_height)

    usable = [fmt for fmt in formats if _usable(fmt)]
    with_video = [fmt for fmt in usable if _has(fmt, "vcodec")]
    muxed = max((fmt for fmt in with_video if _has(fmt, "acodec")), key=rank, default=None)
    video = max((fmt for fmt in with_video if not _has(fmt, "acodec")), key=rank, default=None)
    audio_only = (fmt for fmt in usable if _has(fmt, "acodec") and not _has(fmt, "vcodec"))
    audio = max(audio_only, key=_audio_rank, default=None)
    # One connection rather than two, except for better video.
    better = video is not None and (muxed is None or rank(video)[:3] > rank(muxed)[:3])
    if better and video is not None and audio is not None:
        return [video, audio]
    best = muxed or video or audio
    return [best] if best is not None else []


def expiry(urls: Sequence[str]) -> float | None:
    """Return the earliest UNIX time of expiry in the URLs, if any."""
    times = [time for url in urls if (time := _expiry(url)) is not None]
    return min(times, default=None)


def _expiry(url: str) -> float | None:
    parts = urlsplit(url)
    values = [
        value
        for key in ("expire", "expires", "Expires")
        for value in parse_qs(parts.query).get(key, [])
    ]
    values += re.findall(r"/expire/(\d+)/", unquote(parts.path))
    return next((float(value) for value in values if re.fullmatch(r"\d{10}", value)), None)


def _usable(fmt: Format) -> bool:
    scheme = urlsplit(fmt.get("url") or "").scheme
    return (
        scheme in ("http", "https")
        and fmt.get("protocol", scheme) in _PROTOCOLS
        and fmt.get("ext") not in _EXCLUDED_EXTENSIONS
        and not fmt.get("has_drm")
        and not fmt.get("fragments")
    )


def _has(fmt: Format, key: str) -> bool:
    """Return whether a format has a codec; unspecified counts as yes."""
    return fmt.get(key) != "none"


def _video_rank(fmt: Format, max_height: int) -> tuple[Any, ...]:
    height = fmt.get("height") or 0
    fits = height <= max_height
    codec = fmt.get("vcodec") or ""
    return (
        fits,
        height if fits else -height,
        codec.startswith(("avc1", "h264")) or not codec,
        (fmt.get("fps") or 0) <= 30,
        not str(fmt.get("protocol")).startswith("m3u8"),
        -(fmt.get("tbr") or 0),
    )


def _audio_rank(fmt: Format) -> tuple[Any, ...]:
    return (
        fmt.get("language_preference") or -1,
        (fmt.get("acodec") or "").startswith(("mp4a", "aac")),
        not str(fmt.get("protocol")).startswith("m3u8"),
        -abs((fmt.get("abr") or 0) - _AUDIO_BITRATE),
    )
