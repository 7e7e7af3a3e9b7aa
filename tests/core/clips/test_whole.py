"""Clips have every frame once and in order, from the requested start to the end."""

from dataclasses import replace
from functools import cache

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.retrocam.core.clips.sample_selection import AHEAD, SampleSelector
from custom_components.retrocam.core.segments.ring import SegmentRing

from ..media import WALL, Clock, cut, encode, feed
from .clip_checks import Camera, decode_gaps, ended, ffprobe, numbers_in, steps
from .footage import FPS, GOP, cuts_of, expected


@pytest.mark.parametrize("low_latency", [True, False])
@pytest.mark.parametrize(
    ("bframes", "container", "sound"),
    [(0, "mpegts", False), (0, "mp4", True), (2, "mpegts", False), (2, "mp4", True)],
)
def test_every_frame_once_across_the_trigger(
    camera: Camera, bframes: int, container: str, sound: bool, low_latency: bool
) -> None:
    parts = steps(
        cuts_of(bframes=bframes, container=container, sound=sound, low_latency=low_latency)
    )
    half = len(parts) * 3 // 5
    camera.feed_steps(parts[:half])
    trigger = camera.ring.now
    writer = camera.writer(7.3, 3.5)
    camera.feed_steps(parts[half:])
    result = ended(writer)

    wanted = expected(camera, 7.3, 3.5, trigger, bframes)
    numbers = numbers_in(result.path)
    # Frames after the end are kept only as references.
    assert numbers == list(range(wanted[0], wanted[0] + len(numbers)))
    assert 0 <= len(numbers) - len(wanted) <= bframes
    assert result.complete
    assert result.requested_lookback == 7.3
    assert 7.3 <= result.lookback <= 7.3 + GOP / FPS
    assert result.lookback == pytest.approx(
        trigger - camera.ring.segments[0].start - (wanted[0] + bframes) / FPS
    )
    assert result.duration == pytest.approx(len(numbers) / FPS, abs=0.001)
    assert result.parts[0].start == pytest.approx(WALL + wanted[0] / FPS, abs=0.1)
    gaps = decode_gaps(result.path)
    assert min(gaps) > 0
    assert max(gaps) <= 2 / FPS
    assert ffprobe(result.path, "-show_format")["format"]["start_time"] == "0.000000"


def test_overlapping_clips_end_independently(camera: Camera) -> None:
    parts = steps(cuts_of(700))
    writers, triggers = [], []
    for index, (init, part, first, ends) in enumerate(parts):
        if index in (5, 7, 10):
            triggers.append(camera.ring.now)
            writers.append(camera.writer(4.0, 6.0 + index))
        camera.feed_part(init, part, first=first, ends=ends)
    results = [ended(writer) for writer in writers]
    for index, trigger, result in zip((5, 7, 10), triggers, results, strict=True):
        assert numbers_in(result.path) == expected(camera, 4.0, 6.0 + index, trigger)
    assert [item.name for item in camera.library.page(9)] == sorted(
        (result.path.name for result in results if result.path), reverse=True
    )
    assert not list(camera.folder.glob("*.partial*"))


@pytest.mark.parametrize("part_target", [0.02, 0.1, 0.25])
def test_tiny_parts_with_reordered_frames(camera: Camera, part_target: float) -> None:
    video = encode(200, bframes=2, sound=True, container="mp4")
    camera.feed(cut(video, part_target=part_target))
    result = ended(camera.writer(60, 0, trigger=camera.ring.now - 1))
    numbers = numbers_in(result.path)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 150
    gaps = decode_gaps(result.path)
    assert min(gaps) > 0
    # The reordering delay cannot be determined from fewer than five frames.
    assert max(gaps) <= (2 if part_target >= 0.25 else 3) / FPS + 1e-3


@cache
def filled_ring(bframes: int, sound: bool, part_target: float) -> SegmentRing:
    clock = Clock()
    ring = SegmentRing(1e6, 1 << 40, clock, clock.wall)
    container = "mp4" if sound else "mpegts"
    video = encode(500, bframes=bframes, sound=sound, container=container, gop=GOP)
    feed(ring, cut(video, part_target=part_target), clock)
    return ring


@settings(max_examples=60, deadline=None)
@given(
    since=st.floats(-2, 21),
    length=st.floats(0, 21),
    bframes=st.sampled_from([0, 2]),
    sound=st.booleans(),
    part_target=st.sampled_from([0.4, 1.0]),
)
def test_no_frame_is_missing_between_any_two_cuts(
    since: float, length: float, bframes: int, sound: bool, part_target: float
) -> None:
    ring = filled_ring(bframes, sound, part_target)
    begin = ring.segments[0].start + since
    clip = SampleSelector(begin, begin + length)
    fragments = []
    with ring.cursor(begin - AHEAD) as cursor:
        while (read := cursor.next(0)) is not None:
            fragments += clip.feed(read)
    fragments += clip.flush()

    runs = [run for fragment in fragments for run in fragment.runs]
    for fragment in fragments:
        assert sum(map(len, fragment.data)) == sum(run.size for run in fragment.runs)
    for track in (0, 1):
        ends = [run.start + sum(run.rows[::4]) for run in runs if run.track == track]
        starts = [run.start for run in runs if run.track == track]
        assert starts[1:] == ends[:-1]
    shifts = [(run.start, run.rows[::4], run.rows[3::4]) for run in runs if run.track == 0]
    shown_at = sorted(
        start + sum(durations[:index]) + shift
        for start, durations, rows in shifts
        for index, shift in enumerate(rows)
    )
    if not shown_at:
        assert clip.end in {begin, clip.first}
        return
    assert clip.first is not None
    ticks = 3600 if not sound else 512
    # At the end of the stream, reordered frames may be missing.
    overtaken = bframes if begin + length > ring.segments[-1].end - 0.2 else 0
    assert [*shown_at[: len(shown_at) - overtaken]] == list(
        range(0, ticks * (len(shown_at) - overtaken), ticks)
    )
    assert clip.first <= max(begin, ring.segments[0].start + bframes / FPS) + 1e-3
    assert clip.first > min(begin, ring.segments[-1].end) - GOP / FPS - 1e-3
    last = clip.first + (len(shown_at) - 1) / FPS
    reached = min(begin + length, ring.segments[-1].end)
    assert reached - 1e-3 <= last + (1 + bframes) / FPS
    assert last < begin + length + (bframes + 1) / FPS


def test_positions_corrected_meanwhile_keep_the_order() -> None:
    """The ring may take delays of the network for time, and correct the parts that follow."""
    ring = filled_ring(0, sound=False, part_target=1.0)
    begin = ring.segments[0].start
    clip = SampleSelector(begin, begin + 12)
    fragments = []
    with ring.cursor(begin) as cursor:
        while (read := cursor.next(0)) is not None:
            timing = read.timing
            if timing.start - begin > 5:
                read = replace(read, timing=timing.remap(timing.base - 3, timing.rate))
            fragments += clip.feed(read)
    fragments += clip.flush()
    runs = [run for fragment in fragments for run in fragment.runs]
    # Each frame is shown when it is decoded: none before those ahead of it.
    assert {shift for run in runs for shift in run.rows[3::4]} == {0}
    assert min(duration for run in runs for duration in run.rows[::4]) > 0
    frames = sum(len(run.rows) // 4 for run in runs)
    # Frames that would lie before those ahead of them follow without a gap.
    assert frames == pytest.approx((12 + 3) * FPS, abs=1)
