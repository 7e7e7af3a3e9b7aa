"""Format selection."""

from typing import Any

import pytest

from custom_components.retrocam.core.player.lookup.formats import choose, expiry


def fmt(name: str, **given: Any) -> dict[str, Any]:
    return {"format_id": name, "url": f"https://host/{name}", "protocol": "https", **given}


def video(name: str, height: int, codec: str = "avc1.4d401e", **given: Any) -> dict[str, Any]:
    return fmt(name, height=height, vcodec=codec, acodec="none", **given)


def audio(name: str, codec: str = "mp4a.40.2", **given: Any) -> dict[str, Any]:
    return fmt(name, vcodec="none", acodec=codec, **given)


def muxed(name: str, height: int, **given: Any) -> dict[str, Any]:
    return fmt(name, height=height, vcodec="avc1.42001E", acodec="mp4a.40.2", **given)


STORYBOARD = fmt("sb0", ext="mhtml", vcodec="none", acodec="none", protocol="mhtml")


@pytest.mark.parametrize(
    ("formats", "names"),
    [
        ([], []),
        ([STORYBOARD], []),
        ([fmt("direct")], ["direct"]),
        # The highest that fits, else the lowest.
        ([video("144", 144), video("360", 360), video("720", 720), audio("a")], ["360", "a"]),
        ([video("720", 720), video("1080", 1080), audio("a")], ["720", "a"]),
        # One connection rather than two, except for better video.
        ([muxed("18", 360), video("134", 360), audio("a")], ["18"]),
        ([muxed("low", 144), video("134", 360), audio("a")], ["134", "a"]),
        ([muxed("high", 1080), video("134", 360), audio("a")], ["134", "a"]),
        # The fastest to decode.
        ([video("av1", 360, "av01.0"), video("avc", 360), audio("a")], ["avc", "a"]),
        ([video("60", 360, fps=60), video("30", 360, fps=30), audio("a")], ["30", "a"]),
        ([video("hls", 360, protocol="m3u8_native"), video("file", 360)], ["file"]),
        ([video("big", 360, tbr=900), video("small", 360, tbr=300)], ["small"]),
        # Audio to copy, in the original language.
        ([video("v", 360), audio("opus", "opus", abr=128), audio("aac", abr=48)], ["v", "aac"]),
        ([video("v", 360), audio("256", abr=256), audio("128", abr=129)], ["v", "128"]),
        (
            [
                video("v", 360),
                audio("de", language_preference=-1),
                audio("en", language_preference=10),
            ],
            ["v", "en"],
        ),
        # Audio only, video only.
        ([audio("a")], ["a"]),
        ([video("v", 360)], ["v"]),
        # Unreadable formats.
        (
            [muxed("rtmp", 360, protocol="rtmp", url="rtmp://host/a"), muxed("other", 144)],
            ["other"],
        ),
        ([muxed("dash", 360, protocol="http_dash_segments"), muxed("other", 144)], ["other"]),
        ([muxed("file", 360, url="file:///etc/passwd"), muxed("other", 144)], ["other"]),
        ([muxed("drm", 360, has_drm=True), muxed("other", 144)], ["other"]),
        ([muxed("pieces", 360, fragments=[{}]), muxed("other", 144)], ["other"]),
    ],
)
def test_choose(formats: list[dict[str, Any]], names: list[str]) -> None:
    assert [chosen["format_id"] for chosen in choose(formats, 360)] == names


def test_expiry_of_urls() -> None:
    assert (
        expiry(["https://h/a?expire=1800000500", "https://h/b?x=1&expires=1800000100"])
        == 1800000100
    )
    assert expiry(["https://h/manifest/expire/1800000300/list.m3u8"]) == 1800000300
    assert expiry(["https://h/a?expire=soon", "https://h/b"]) is None
