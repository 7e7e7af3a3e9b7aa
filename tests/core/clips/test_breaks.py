"""Clips across reconnects, format changes, damage and clock steps."""

from pathlib import Path

import pytest

from custom_components.retrocam.core.clips.result import ClipReason

from .clip_checks import Camera, decode_gaps, ended, ffprobe, numbers_in, shown, steps
from .footage import FPS, GOP, cuts_of


def test_reconnect_leaves_a_gap(camera: Camera) -> None:
    camera.feed(cuts_of(200, bframes=2))
    writer = camera.writer(3, 16)
    camera.reconnect(cuts_of(400, first=1000, bframes=2), away=5)
    result = ended(writer)
    pictures = shown(result.path)
    numbers = [number for _, number in pictures]
    split = numbers.index(1000)
    assert numbers[:split] == list(range(numbers[0] or 0, (numbers[0] or 0) + split))
    assert numbers[split:] == list(range(1000, 1000 + len(numbers) - split))
    gap = pictures[split][0] - pictures[split - 1][0]
    # One frame duration, plus frames lost with the connection.
    assert gap == pytest.approx(5 + 3 / FPS, abs=4 / FPS)
    assert min(decode_gaps(result.path)) > 0
    assert len(result.parts) == 1
    assert (result.complete, result.reason) == (False, ClipReason.INTERRUPTED)
    assert result.missing == pytest.approx(gap - 1 / FPS)


def test_clip_of_an_idle_camera_omits_old_frames(camera: Camera) -> None:
    camera.ring.limit(0, 0)
    # An idle camera leaves a segment incomplete.
    camera.feed_steps(steps(cuts_of(200, bframes=2))[:-1])
    camera.clock.now += 1800
    writer = camera.writer(10, 5)
    camera.reconnect(cuts_of(400, first=1000, bframes=2), away=0.5)
    result = ended(writer)
    numbers = numbers_in(result.path)
    assert numbers == list(range(1000, 1000 + len(numbers)))
    assert len(numbers) > 3 * FPS
    assert result.lookback == 0
    assert result.missing == 0


def test_format_change_starts_another_file(camera: Camera, tmp_path: Path) -> None:
    camera.feed(cuts_of(200))
    writer = camera.writer(3, 12, path=tmp_path / "deep" / "clip.mp4")
    camera.reconnect(cuts_of(400, first=1000, size=(320, 192)), away=0)
    result = ended(writer)
    paths = [part.path for part in result.parts]
    assert paths == [tmp_path / "deep" / "clip.mp4", tmp_path / "deep" / "clip-2.mp4"]
    numbers = [numbers_in(path) for path in paths]
    assert numbers[0] == list(range(numbers[0][0] or 0, (numbers[0][0] or 0) + len(numbers[0])))
    assert numbers[1] == list(range(1000, 1000 + len(numbers[1])))
    sizes = [
        (stream["width"], stream["height"])
        for path in paths
        for stream in ffprobe(path, "-show_streams")["streams"]
    ]
    assert sizes == [(160, 96), (320, 192)]
    assert result.duration == pytest.approx(sum(map(len, numbers)) / FPS, abs=0.01)
    assert result.size == sum(path.stat().st_size for path in paths)
    assert result.complete
    assert camera.library.total == 0


def test_gap_between_two_formats_is_reported(camera: Camera) -> None:
    camera.feed(cuts_of(200))
    writer = camera.writer(3, 12)
    camera.reconnect(cuts_of(400, first=1000, size=(320, 192)), away=4)
    result = ended(writer)
    assert len(result.parts) == 2
    assert (result.complete, result.reason) == (False, ClipReason.INTERRUPTED)
    assert result.missing == pytest.approx(4, abs=0.2)
    assert result.parts[1].start - result.parts[0].start == pytest.approx(
        result.parts[0].duration + result.missing, abs=0.2
    )


@pytest.mark.parametrize("hours", [8, 14, 60])
def test_gap_of_many_hours_starts_another_file(camera: Camera, hours: int) -> None:
    """The duration of a sample is limited to 32 bits of ticks."""
    camera.feed(cuts_of(200, bframes=2))
    writer = camera.writer(3, 3600 * hours + 10)
    camera.reconnect(cuts_of(400, first=1000, bframes=2), away=3600 * hours)
    result = ended(writer)
    numbers = [numbers_in(part.path) for part in result.parts]
    assert [found[0] for found in numbers] == [100, 1000]
    for found, part in zip(numbers, result.parts, strict=True):
        assert found == list(range(found[0] or 0, (found[0] or 0) + len(found)))
        assert part.duration == pytest.approx(len(found) / FPS, abs=0.1)
    assert result.missing == pytest.approx(3600 * hours, abs=0.5)
    assert result.reason == ClipReason.INTERRUPTED
    assert result.parts[1].start - result.parts[0].start == pytest.approx(
        result.parts[0].duration + result.missing, abs=0.5
    )


def test_clip_that_starts_with_a_new_format_omits_the_old_one(camera: Camera) -> None:
    camera.feed(cuts_of(200, sound=True, container="mp4"))
    camera.reconnect(cuts_of(200, first=1000, size=(320, 192), sound=True, container="mp4"), away=0)
    (begin,) = [one.start for one in camera.ring.segments if one.discontinuity]
    result = ended(camera.writer(0, 3, trigger=begin + 0.01))
    assert len(result.parts) == 1
    assert numbers_in(result.path) == list(range(1000, 1076))


def test_format_change_after_the_end_makes_no_file(camera: Camera) -> None:
    camera.feed(cuts_of(200))
    writer = camera.writer(3, 0.1)
    camera.reconnect(cuts_of(100, first=1000, size=(320, 192)), away=2)
    result = ended(writer)
    assert len(result.parts) == 1
    assert (numbers_in(result.path)[-1] or 0) < 200


def test_wall_clock_step_keeps_names_unique_and_durations_exact(camera: Camera) -> None:
    parts = steps(cuts_of(500))
    camera.feed_steps(parts[:8])
    writer = camera.writer(4, 6)
    camera.clock.wall_ahead -= 3600
    camera.feed_steps(parts[8:])
    again = [camera.writer(4, 6, trigger=camera.ring.segments[0].start + 5) for _ in range(2)]
    results = [ended(writer), *map(ended, again)]
    assert len({result.path for result in results}) == 3
    for result in results:
        numbers = numbers_in(result.path)
        assert result.duration == pytest.approx(len(numbers) / FPS, abs=0.001)
        assert result.complete


@pytest.mark.parametrize("good", [30, 200])
def test_damaged_part_loses_the_frames_up_to_the_next_keyframe(camera: Camera, good: int) -> None:
    parts = steps(cuts_of(500))
    for index, (init, part, first, ends) in enumerate(parts):
        damaged = index == 3
        data = part.data[:good] + bytes(60) if damaged else part.data
        camera.feed_part(
            init, type(part)(part.duration, part.has_keyframe, data), first=first, ends=ends
        )
    result = ended(camera.writer(11, 0, trigger=camera.ring.segments[0].start + 11))
    numbers = [number for number in numbers_in(result.path) if number is not None]
    assert numbers == sorted(set(numbers))
    lost = set(range(275)) - set(numbers)
    assert lost == set(range(min(lost), 100))
    assert 23 <= len(lost) < GOP
    times = {number: time for time, number in shown(result.path)}
    assert times[100] - times[0] == pytest.approx(4, abs=0.1)
