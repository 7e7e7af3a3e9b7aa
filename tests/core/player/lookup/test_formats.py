"""The choice among formats."""

from typing import Any

import pytest

from custom_components.retrocam.core.player.lookup.formats import choose, expiry


def fmt(name: str, **given: Any) -> dict[str, Any]:
    return {"format_id": name, "url": f"https://host/{name}", "protocol": "https", **given}


def picture(name: str, height: int, codec: str = "avc1.4d401e", **given: Any) -> dict[str, Any]:
    return fmt(name, height=height, vcodec=codec, acodec="none", **given)


def sound(name: str, codec: str = "mp4a.40.2", **given: Any) -> dict[str, Any]:
    return fmt(name, vcodec="none", acodec=codec, **given)


def whole(name: str, height: int, **given: Any) -> dict[str, Any]:
    return fmt(name, height=height, vcodec="avc1.42001E", acodec="mp4a.40.2", **given)


STORYBOARD = fmt("sb0", ext="mhtml", vcodec="none", acodec="none", protocol="mhtml")


@pytest.mark.parametrize(
    ("formats", "names"),
    [
        ([], []),
        ([STORYBOARD], []),
        ([fmt("direct")], ["direct"]),
        # The highest that fits, else the lowest.
        ([picture("144", 144), picture("360", 360), picture("720", 720), sound("a")], ["360", "a"]),
        ([picture("720", 720), picture("1080", 1080), sound("a")], ["720", "a"]),
        # One connection rather than two, but for the better picture.
        ([whole("18", 360), picture("134", 360), sound("a")], ["18"]),
        ([whole("low", 144), picture("134", 360), sound("a")], ["134", "a"]),
        ([whole("high", 1080), picture("134", 360), sound("a")], ["134", "a"]),
        # What decodes fastest.
        ([picture("av1", 360, "av01.0"), picture("avc", 360), sound("a")], ["avc", "a"]),
        ([picture("60", 360, fps=60), picture("30", 360, fps=30), sound("a")], ["30", "a"]),
        ([picture("hls", 360, protocol="m3u8_native"), picture("file", 360)], ["file"]),
        ([picture("big", 360, tbr=900), picture("small", 360, tbr=300)], ["small"]),
        # Sound that is copied, in the language that was spoken.
        ([picture("v", 360), sound("opus", "opus", abr=128), sound("aac", abr=48)], ["v", "aac"]),
        ([picture("v", 360), sound("256", abr=256), sound("128", abr=129)], ["v", "128"]),
        (
            [
                picture("v", 360),
                sound("de", language_preference=-1),
                sound("en", language_preference=10),
            ],
            ["v", "en"],
        ),
        # Only sound, only picture.
        ([sound("a")], ["a"]),
        ([picture("v", 360)], ["v"]),
        # What cannot be read.
        (
            [whole("rtmp", 360, protocol="rtmp", url="rtmp://host/a"), whole("other", 144)],
            ["other"],
        ),
        ([whole("dash", 360, protocol="http_dash_segments"), whole("other", 144)], ["other"]),
        ([whole("file", 360, url="file:///etc/passwd"), whole("other", 144)], ["other"]),
        ([whole("drm", 360, has_drm=True), whole("other", 144)], ["other"]),
        ([whole("pieces", 360, fragments=[{}]), whole("other", 144)], ["other"]),
    ],
)
def test_choice(formats: list[dict[str, Any]], names: list[str]) -> None:
    assert [each["format_id"] for each in choose(formats, 360)] == names


def test_urls_tell_when_they_expire() -> None:
    assert (
        expiry(["https://h/a?expire=1800000500", "https://h/b?x=1&expires=1800000100"])
        == 1800000100
    )
    assert expiry(["https://h/manifest/expire/1800000300/list.m3u8"]) == 1800000300
    assert expiry(["https://h/a?expire=soon", "https://h/b"]) is None
