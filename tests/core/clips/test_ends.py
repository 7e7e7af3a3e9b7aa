"""End of a clip: on time, earlier, later, or without a frame."""

import threading

import pytest

from custom_components.retrocam.core.clips.result import ClipReason, ClipResult
from custom_components.retrocam.core.clips.writer import ClipWriter
from custom_components.retrocam.core.errors import ClipEndedError

from .clip_checks import WITHIN, Camera, ended, numbers_in, steps
from .footage import FPS, cuts_of, expected
from .write_gate import assert_whole


def test_clip_ends_on_time_without_parts(camera: Camera) -> None:
    camera.feed(cuts_of(200)[:1])
    writer = camera.writer(2, 10)
    camera.clock.now += 12
    assert writer.result is None
    camera.give_up_waiting()
    result = ended(writer)
    assert (result.complete, result.reason) == (False, ClipReason.SOURCE_GONE)
    assert numbers_in(result.path) == list(range(100, 150))


def test_clip_of_a_camera_without_any_part_ends(camera: Camera) -> None:
    writer = camera.writer(5, 10)
    camera.give_up_waiting()
    result = ended(writer)
    assert (result.parts, result.reason) == ((), ClipReason.SOURCE_GONE)
    assert (result.path, result.size, result.lookback) == (None, 0, 0.0)
    assert list(camera.folder.iterdir()) == []


def record_silent_camera(camera: Camera, silence: float, lookback: float) -> ClipResult:
    """Record `silence` seconds after the last frame of a camera that sends no more."""
    camera.feed_steps(steps(cuts_of(200))[:-1])
    camera.clock.now += silence
    writer = camera.writer(lookback, 5)
    camera.give_up_waiting()
    return ended(writer)


def test_clip_of_a_camera_that_stays_idle_omits_old_frames(camera: Camera) -> None:
    result = record_silent_camera(camera, silence=1800, lookback=10)
    assert (result.parts, result.reason) == ((), ClipReason.SOURCE_GONE)
    assert list(camera.folder.iterdir()) == []


def test_clip_of_a_camera_lost_recently_keeps_its_last_frames(camera: Camera) -> None:
    result = record_silent_camera(camera, silence=6, lookback=1)
    assert (result.complete, result.reason) == (False, ClipReason.SOURCE_GONE)
    assert numbers_in(result.path) == list(range(150, 173))


def test_clip_without_frames_is_empty(camera: Camera) -> None:
    camera.feed(cuts_of(200))
    before = camera.ring.segments[0].start - 5
    result = ended(camera.writer(1, 1, trigger=before))
    assert (result.parts, result.reason) == ((), ClipReason.EMPTY)


def test_extend_moves_the_end(camera: Camera) -> None:
    parts = steps(cuts_of(500))
    camera.feed_steps(parts[:6])
    trigger = camera.ring.now
    writer = camera.writer(2, 1)
    writer.extend(4.5)
    with pytest.raises(ValueError, match="cannot be extended"):
        writer.extend(0)
    camera.feed_steps(parts[6:])
    result = ended(writer)
    assert writer.until == pytest.approx(trigger + 5.5)
    assert numbers_in(result.path) == expected(camera, 2, 5.5, trigger)
    with pytest.raises(ClipEndedError):
        writer.extend(5)


def test_stop_ends_a_clip_with_the_present_frames(camera: Camera) -> None:
    parts = steps(cuts_of(500))
    camera.feed_steps(parts[:6])
    trigger = camera.ring.now
    writer = camera.writer(2, 600)
    camera.clock.now += 0.5
    writer.stop()
    camera.clock.now -= 0.5
    camera.feed_steps(parts[6:])
    result = ended(writer)
    assert result.complete
    assert numbers_in(result.path) == expected(camera, 2, 0.5, trigger)
    writer.stop()
    assert ended(writer) is result


def test_clip_of_a_closed_ring_keeps_the_fragments_written(camera: Camera) -> None:
    written = threading.Event()

    def on_write(seconds: float) -> None:
        if seconds > 6:
            written.set()

    camera.feed(cuts_of(200))
    writer = camera.writer(7, 60, on_write=on_write)
    assert written.wait(WITHIN)
    camera.ring.close()
    result = ended(writer)
    assert (result.complete, result.reason) == (False, ClipReason.CLOSED)
    numbers = numbers_in(result.path)
    assert_whole(numbers)
    assert len(numbers) > 6 * FPS


def test_invalid_arguments_are_refused(camera: Camera) -> None:
    for lookback, duration, orientation in (
        (-1, 0, 1),
        (0, -1, 1),
        (0, 0, 9),
        (float("nan"), 0, 1),
    ):
        with pytest.raises(ValueError, match="invalid clip"):
            ClipWriter(
                camera.ring, camera.library, lookback=lookback, duration=duration,
                orientation=orientation,
            )  # fmt: skip
