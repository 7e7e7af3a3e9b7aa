"""Clips of H.264 with gradual refresh, of which players show nothing before a refresh has ended."""

import pytest

from ..media import cut
from ..reformats import Take, encode_takes
from .clip_checks import Camera, ended, numbers_in

FPS = 25
GOP = 50


@pytest.fixture
def refreshing(camera: Camera) -> Camera:
    """A camera of which 20 s are held."""
    take = Take(500, size=(320, 180), params="intra-refresh=1")
    camera.feed(cut(encode_takes((take,), gop=GOP)))
    return camera


@pytest.mark.parametrize("lookback", [4.0, 6.2, 7.9, 9.7])
def test_clip_shows_all_seconds_asked_for(refreshing: Camera, lookback: float) -> None:
    trigger = refreshing.ring.segments[0].start + 14.0
    result = ended(refreshing.writer(lookback, 2, trigger=trigger))
    numbers = numbers_in(result.path)
    first = numbers[0]
    assert first is not None
    assert numbers == list(range(first, round(16 * FPS)))
    # A keyframe earlier than others, which begins to renew the picture.
    assert lookback <= 14.0 - first / FPS <= lookback + GOP / FPS
    assert result.lookback == pytest.approx(14.0 - first / FPS, abs=2 / FPS)
    assert result.refreshes
    assert result.complete


def test_clip_claims_what_is_shown_where_nothing_earlier_is_held(refreshing: Camera) -> None:
    refreshing.ring.limit(7.0, 1 << 30)
    held = refreshing.ring.segments[0].start
    trigger = refreshing.ring.now - 1
    result = ended(refreshing.writer(trigger - held, 0, trigger=trigger))
    numbers = numbers_in(result.path)
    assert len(numbers) / FPS == pytest.approx(result.lookback, abs=2 / FPS)
    assert result.lookback < trigger - held - 0.5


def test_other_clips_do_not_refresh(camera: Camera) -> None:
    camera.feed(cut(encode_takes((Take(200),))))
    result = ended(camera.writer(2, 0, trigger=camera.ring.now - 1))
    assert not result.refreshes
