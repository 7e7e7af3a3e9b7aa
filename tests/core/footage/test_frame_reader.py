"""Frames of the past: the one that was shown then, by its number."""

from collections.abc import Iterator
from random import Random

import pytest

from custom_components.retrocam.core.errors import NotHeldError
from custom_components.retrocam.core.footage.frame_reader import FrameReader
from custom_components.retrocam.core.footage.held import HeldFootage, RingFootage, Where
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.segments.ring import SegmentRing

from ..media import WALL, cut, encode, feed, long_cuts, read_number, ring_of
from .runs import SOURCES, Shown, shown, shown_at, two_restarts


def held_by(ring: SegmentRing) -> HeldFootage:
    return RingFootage(ring).held()


def number_at(held: HeldFootage, time: float, *, fast: bool = False) -> int | None:
    return read_number(FrameReader().picture(held, time, 1, fast=fast).frame)


def moments(frames: list[Shown], count: int) -> Iterator[float]:
    """Yield random times within footage."""
    random = Random(18)  # noqa: S311  # chooses tests
    while count:
        time = random.uniform(frames[0].time, frames[-1].time)
        if time - shown_at(frames, time).time < 0.039:
            count -= 1
            yield time


@pytest.mark.parametrize("source", SOURCES)
def test_exact_frame_across_two_restarts(source: str) -> None:
    ring, _ = two_restarts(**SOURCES[source])
    frames, held = shown(ring), held_by(ring)
    reader = FrameReader()
    for time in moments(frames, 200 if source == "reordered" else 40):
        picture = reader.picture(held, time, 1, fast=False)
        expected = shown_at(frames, time)
        assert read_number(picture.frame) == expected.number
        assert picture.time == pytest.approx(expected.time, abs=1e-6)


@pytest.mark.parametrize("source", ["h264", "reordered", "mjpeg"])
def test_fast_frame_is_the_keyframe_before(source: str) -> None:
    ring, _ = two_restarts(**SOURCES[source])
    frames, held = shown(ring), held_by(ring)
    gop = 1 if source == "mjpeg" else 50
    reader = FrameReader()
    for time in moments(frames, 40):
        picture = reader.picture(held, time, 1, fast=True)
        exact = shown_at(frames, time).number
        assert read_number(picture.frame) == exact // 1000 * 1000 + exact % 1000 // gop * gop
        assert picture.time <= time


@pytest.mark.parametrize("source", ["h264", "reordered", "mjpeg"])
def test_keyframe_holds_until_the_next(source: str) -> None:
    ring, _ = two_restarts(**SOURCES[source])
    held = held_by(ring)
    reader = FrameReader()
    seen = list[tuple[float, float]]()
    for span in held.spans(Where.MEMORY):
        time = span.start
        while time < span.end - 0.001:
            frame = reader.jpeg(held, time, 1, width=0, fast=True)
            assert frame.until is not None
            assert reader.jpeg(held, frame.time, 1, width=0, fast=False).until is None
            if len(seen) % 10 == 0:
                last = reader.picture(held, frame.until - 0.002, 1, fast=True)
                assert last.time == frame.time
            seen.append((frame.time, frame.until))
            time = frame.until
        # It does not hold in the gap of a restart.
        assert time == span.end
    gop = 1 if source == "mjpeg" else 50
    keyframes = [frame.time for frame in shown(ring) if frame.number % 1000 % gop == 0]
    assert [start for start, _ in seen] == pytest.approx(keyframes, abs=1e-6)


def test_time_told_of_a_frame_gives_that_frame() -> None:
    ring, _ = two_restarts(bframes=2)
    held = held_by(ring)
    for frame in shown(ring)[100:160]:
        # As a client has it: in milliseconds.
        assert number_at(held, round(frame.time, 3)) == frame.number


def test_each_edge_of_a_gap() -> None:
    ring, _ = two_restarts()
    frames, held = shown(ring), held_by(ring)
    last = max(frame for frame in frames if frame.number < 1000)
    first = next(frame for frame in frames if frame.number == 1000)
    assert number_at(held, last.time + 0.039) == last.number
    assert number_at(held, first.time) == 1000
    for time in (last.time + 0.1, (last.time + first.time) / 2, first.time - 0.1):
        for fast in (False, True):
            with pytest.raises(NotHeldError):
                number_at(held, time, fast=fast)


@pytest.mark.parametrize("time", [-1e9, 0.0, WALL - 3600, WALL + 3600, 1e300])
@pytest.mark.parametrize("fast", [False, True])
def test_times_outside_are_not_held(time: float, fast: bool) -> None:
    ring, _ = ring_of(long_cuts())
    with pytest.raises(NotHeldError):
        number_at(held_by(ring), time, fast=fast)
    with pytest.raises(NotHeldError):
        number_at(HeldFootage(), time, fast=fast)


@pytest.mark.parametrize("step", [-3600.0, -4.0, 0.5, 86_400.0])
def test_frames_move_with_the_clock_when_it_is_set(step: float) -> None:
    ring, clock = ring_of()
    feed(ring, cut(encode(250)), clock)
    before = shown(ring)
    clock.wall_ahead += step
    feed(ring, cut(encode(250, first=1000)), clock, run=1)
    held = held_by(ring)
    for frame in before[::31]:
        assert number_at(held, frame.time + step + 0.01) == frame.number
    for frame in shown(ring)[260::31]:
        assert number_at(held, frame.time + 0.01) == frame.number


def test_change_of_format() -> None:
    ring, clock = ring_of()
    feed(ring, cut(encode(200)), clock)
    feed(ring, cut(encode(200, first=1000, size=(320, 180))), clock, run=1)
    held = held_by(ring)
    reader = FrameReader()
    for frame in shown(ring)[::20]:
        found = reader.picture(held, frame.time, 1, fast=False).frame
        assert read_number(found) == frame.number
        assert found.width == (320 if frame.number >= 1000 else 160)


def test_jpeg_is_oriented_and_scaled() -> None:
    ring, _ = ring_of(long_cuts())
    time = shown(ring)[30].time
    reader = FrameReader()
    whole = reader.jpeg(held_by(ring), time, 1, width=0, fast=False)
    assert jpeg.size(whole.data) == (160, 96)
    turned = reader.jpeg(held_by(ring), time, 6, width=48, fast=True)
    assert jpeg.size(turned.data) == (48, 80)


def test_damaged_part_damages_only_its_group_of_pictures() -> None:
    cuts = cut(encode(200))
    # Frames 50 to 74, the keyframe among them.
    part = cuts[0].parts[2]
    part.data = part.data[: len(part.data) // 8]
    ring, _ = ring_of(cuts)
    held = held_by(ring)
    start = held.segments[0].start
    assert number_at(held, start + 40 / 25) == 40
    assert number_at(held, start + 110 / 25) == 110
    for number in (80, 99):
        with pytest.raises(NotHeldError):
            number_at(held, start + number / 25)
