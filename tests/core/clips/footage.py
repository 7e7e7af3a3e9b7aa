"""Footage of numbered frames, segmented like Home Assistant's, and the frames expected in a clip."""

from functools import cache

from ..media import Cut, cut, encode
from .clip_checks import Camera

FPS = 25
GOP = 50


@cache
def cuts_of(
    count: int = 500,
    *,
    first: int = 0,
    bframes: int = 0,
    sound: bool = False,
    container: str = "mpegts",
    codec: str = "libx264",
    size: tuple[int, int] = (160, 96),
    low_latency: bool = True,
) -> tuple[Cut, ...]:
    """Return footage, encoded once."""
    video = encode(
        count,
        first=first,
        bframes=bframes,
        sound=sound,
        container=container,
        codec=codec,
        size=size,
        gop=GOP,
    )
    return tuple(cut(video, low_latency=low_latency))


def expected(
    camera: Camera, lookback: float, duration: float, trigger: float, bframes: int = 0
) -> list[int]:
    """Return the frame numbers of a clip of a stream that starts with 0."""
    # The reordering delay: the first dts precedes the first pts.
    origin = camera.ring.segments[0].start + bframes / FPS
    first = int((trigger - lookback - origin + 1e-3) * FPS) // GOP * GOP
    last = int((trigger + duration - origin - 1e-3) * FPS)
    return list(range(max(0, first), last + 1))
