"""The choice among the formats that a site offers: small pictures, AAC sound, few connections."""

from collections.abc import Mapping, Sequence
import re
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

type Format = Mapping[str, Any]
"""A format as yt-dlp describes it."""

_PROTOCOLS: Final = ("http", "https", "m3u8", "m3u8_native")
_NO_MEDIA: Final = ("mhtml", "none")
_SOUND_RATE: Final = 128
"""kbit/s that suffice."""


def choose(formats: Sequence[Format], max_height: int) -> list[Format]:
    """Return one format that has all, or one of the picture and one of the sound, or nothing.

    Prefers the highest picture up to `max_height`, else the lowest; H.264 at 30 pictures a second or
    less, for it decodes fastest; sound in the original language, AAC, since that is copied.
    """
    usable = [each for each in formats if _usable(each)]
    whole = [each for each in usable if _has(each, "vcodec") and _has(each, "acodec")]
    pictures = [each for each in usable if _has(each, "vcodec") and not _has(each, "acodec")]
    sounds = [each for each in usable if _has(each, "acodec") and not _has(each, "vcodec")]
    best_sound = max(sounds, key=_sound_rank, default=None)

    def rank(each: Format) -> tuple[Any, ...]:
        return _picture_rank(each, max_height)

    best_whole = max(whole, key=rank, default=None)
    best_picture = max(pictures, key=rank, default=None)
    # One connection is better than two, unless the picture is.
    apart = best_picture is not None and (
        best_whole is None or rank(best_picture)[:3] > rank(best_whole)[:3]
    )
    if apart and best_picture is not None and best_sound is not None:
        return [best_picture, best_sound]
    best = best_whole or best_picture or best_sound
    return [best] if best is not None else []


def expiry(urls: Sequence[str]) -> float | None:
    """Return the UNIX time at which the first of the URLs expires, if they tell."""
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


def _usable(each: Format) -> bool:
    scheme = urlsplit(each.get("url") or "").scheme
    return (
        scheme in ("http", "https")
        and each.get("protocol", scheme) in _PROTOCOLS
        and each.get("ext") not in _NO_MEDIA
        and not each.get("has_drm")
        and not each.get("fragments")
    )


def _has(each: Format, kind: str) -> bool:
    """Tell whether a format has a picture or sound; those that tell nothing may well."""
    return each.get(kind) != "none"


def _picture_rank(each: Format, max_height: int) -> tuple[Any, ...]:
    height = each.get("height") or 0
    fits = height <= max_height
    codec = each.get("vcodec") or ""
    return (
        fits,
        height if fits else -height,
        codec.startswith(("avc1", "h264")) or not codec,
        (each.get("fps") or 0) <= 30,
        not str(each.get("protocol")).startswith("m3u8"),
        -(each.get("tbr") or 0),
    )


def _sound_rank(each: Format) -> tuple[Any, ...]:
    return (
        each.get("language_preference") or -1,
        (each.get("acodec") or "").startswith(("mp4a", "aac")),
        not str(each.get("protocol")).startswith("m3u8"),
        -abs((each.get("abr") or 0) - _SOUND_RATE),
    )
