"""Clips: every picture once and in order, from where it was asked for to where it was to end."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
import subprocess
import threading

import av
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.retrocam.core.clip_cut import AHEAD, ClipCut
from custom_components.retrocam.core.clips import ClipProgress, ClipReason, ClipResult, ClipWriter
from custom_components.retrocam.core.errors import ClipEndedError
from custom_components.retrocam.core.jpeg import decode
from custom_components.retrocam.core.orientation import orient
from custom_components.retrocam.core.segments import SegmentRing
from custom_components.retrocam.core.thumbnails import clip_thumbnail

from .clip_checks import (
    Camera,
    beginning_of,
    decode_gaps,
    ended,
    ffprobe,
    flashes,
    numbers_in,
    shown,
    steps,
)
from .hearing import beeps
from .media import WALL, Clock, Cut, cut, encode, feed

FPS = 25
GOP = 50


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    with Camera(tmp_path / "recordings") as camera:
        yield camera


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
    """The numbers of a clip of a stream that began with 0."""
    # Decoding begins so much earlier than showing.
    origin = camera.ring.segments[0].start + bframes / FPS
    first = int((trigger - lookback - origin + 1e-3) * FPS) // GOP * GOP
    last = int((trigger + duration - origin - 1e-3) * FPS)
    return list(range(max(0, first), last + 1))


@pytest.mark.parametrize("low_latency", [True, False])
@pytest.mark.parametrize(
    ("bframes", "container", "sound"),
    [(0, "mpegts", False), (0, "mp4", True), (2, "mpegts", False), (2, "mp4", True)],
)
def test_every_picture_once_over_the_seam_of_past_and_future(
    camera: Camera, bframes: int, container: str, sound: bool, low_latency: bool
) -> None:
    parts = steps(
        cuts_of(bframes=bframes, container=container, sound=sound, low_latency=low_latency)
    )
    half = len(parts) * 3 // 5
    for init, part, first, ends in parts[:half]:
        camera.feed_part(init, part, first=first, ends=ends)
    trigger = camera.ring.now
    writer = camera.writer(7.3, 3.5)
    for init, part, first, ends in parts[half:]:
        camera.feed_part(init, part, first=first, ends=ends)
    result = ended(writer)

    wanted = expected(camera, 7.3, 3.5, trigger, bframes)
    numbers = numbers_in(result.path)
    # Pictures after the end are there only as far as others are predicted from them.
    assert numbers == list(range(wanted[0], wanted[0] + len(numbers)))
    assert 0 <= len(numbers) - len(wanted) <= bframes
    assert result.complete
    assert result.requested_lookback == 7.3
    assert 7.3 <= result.lookback <= 7.3 + GOP / FPS
    assert result.lookback == pytest.approx(
        trigger - camera.ring.segments[0].start - (wanted[0] + bframes) / FPS
    )
    assert result.duration == pytest.approx(len(numbers) / FPS, abs=0.001)
    assert result.start == pytest.approx(WALL + wanted[0] / FPS, abs=0.1)
    gaps = decode_gaps(result.path)
    assert min(gaps) > 0
    assert max(gaps) <= 2 / FPS
    assert ffprobe(result.path, "-show_format")["format"]["start_time"] == "0.000000"


def test_three_overlapping_clips_have_each_their_own_end(camera: Camera) -> None:
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
    assert [item.name for item in camera.library.latest(9)] == sorted(
        (result.path.name for result in results if result.path), reverse=True
    )
    assert not list(camera.folder.glob("*.partial*"))


def test_a_clip_is_in_the_library_with_thumbnail_and_plays_from_its_first_bytes(
    camera: Camera,
) -> None:
    camera.feed(cuts_of(sound=True, container="mp4"))
    progress: list[ClipProgress] = []
    done: list[ClipResult] = []
    trigger = camera.ring.now - 2
    writer = camera.writer(
        8, 1, trigger=trigger, name="retrocam clip porch", on_progress=progress.append,
        on_done=done.append,
    )  # fmt: skip
    result = ended(writer)
    assert done == [result]
    assert writer.progress == progress[-1]
    assert progress[-1].duration == pytest.approx(result.duration)
    assert result.path is not None
    assert result.parts[0].fast_start
    assert beginning_of(result.path) == [b"ftyp", b"moov", b"mdat"]
    assert result.path.stat().st_size == result.size
    (item,) = camera.library.latest(9)
    assert (item.name, item.size) == (result.path.name, result.size)
    assert item.duration == pytest.approx(result.duration)
    assert (camera.folder / ".thumbnails" / f"{item.name}.jpg").exists()
    streams = ffprobe(result.path, "-show_streams")["streams"]
    assert [stream["codec_name"] for stream in streams] == ["h264", "aac"]
    assert not [t for t in threading.enumerate() if t.name == "retrocam clip porch"]


@pytest.mark.parametrize("bframes", [0, 2])
def test_sound_is_in_step_and_has_no_hole(camera: Camera, bframes: int) -> None:
    camera.feed(cuts_of(bframes=bframes, sound=True, container="mp4"))
    result = ended(camera.writer(13, 0, trigger=camera.ring.now - 3))
    seen, heard = flashes(result.path), [time for time in beeps(result.path) if time > 0.2]
    assert len(seen) >= 12
    assert len(heard) == len(seen)
    assert max(abs(flash - beep) for flash, beep in zip(seen, heard, strict=True)) < 0.04
    assert {round(gap * 48000) for gap in decode_gaps(result.path, "a")} == {1024}
    video, sound = ffprobe(result.path, "-show_streams")["streams"]
    assert float(sound["start_time"]) < 0.03
    assert abs(float(sound["duration"]) - float(video["duration"])) < 0.13


def test_a_recording_can_be_read_before_it_is_finished(camera: Camera) -> None:
    parts = steps(cuts_of(sound=True, container="mp4"))
    written = threading.Semaphore(0)
    for init, part, first, ends in parts[:8]:
        camera.feed_part(init, part, first=first, ends=ends)
    writer = camera.writer(6, 60, on_progress=lambda _: written.release())
    assert written.acquire(timeout=10)
    for init, part, first, ends in parts[8:]:
        camera.feed_part(init, part, first=first, ends=ends)
        assert written.acquire(timeout=10)
    (partial,) = camera.folder.glob("*.partial.mp4")
    numbers = numbers_in(partial)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 12 * FPS
    assert camera.library.total == 0
    writer.stop(at_once=True)
    assert numbers_in(ended(writer).path)[: len(numbers)] == numbers


def test_a_reconnect_leaves_its_gap_as_time(camera: Camera) -> None:
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
    # The last picture lasts for one, and what was not yet decoded is lost with the connection.
    assert gap == pytest.approx(5 + 3 / FPS, abs=4 / FPS)
    assert min(decode_gaps(result.path)) > 0
    assert len(result.parts) == 1
    assert (result.complete, result.reason) == (False, ClipReason.INTERRUPTED)
    assert result.missing == pytest.approx(gap - 1 / FPS)


def test_another_format_goes_on_in_a_file_of_its_own(camera: Camera, tmp_path: Path) -> None:
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


def test_a_gap_between_two_formats_is_told(camera: Camera) -> None:
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


def test_a_clip_that_begins_with_a_new_format_has_nothing_of_the_old(camera: Camera) -> None:
    camera.feed(cuts_of(200, sound=True, container="mp4"))
    camera.reconnect(cuts_of(200, first=1000, size=(320, 192), sound=True, container="mp4"), away=0)
    (begin,) = [one.start for one in camera.ring.segments if one.discontinuity]
    result = ended(camera.writer(0, 3, trigger=begin + 0.01))
    assert len(result.parts) == 1
    assert numbers_in(result.path) == list(range(1000, 1076))


@pytest.mark.parametrize("part_target", [0.02, 0.1, 0.25])
def test_tiny_parts_of_reordered_pictures_are_put_together(
    camera: Camera, part_target: float
) -> None:
    video = encode(200, bframes=2, sound=True, container="mp4")
    camera.feed(cut(video, part_target=part_target))
    result = ended(camera.writer(60, 0, trigger=camera.ring.now - 1))
    numbers = numbers_in(result.path)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 150
    gaps = decode_gaps(result.path)
    assert min(gaps) > 0
    # In less than five pictures it cannot be seen by how much they are reordered.
    assert max(gaps) <= (2 if part_target >= 0.25 else 3) / FPS + 1e-3


def test_a_format_that_comes_at_the_end_makes_no_file(camera: Camera) -> None:
    camera.feed(cuts_of(200))
    writer = camera.writer(3, 0.1)
    camera.reconnect(cuts_of(100, first=1000, size=(320, 192)), away=2)
    result = ended(writer)
    assert len(result.parts) == 1
    assert (numbers_in(result.path)[-1] or 0) < 200


def test_hevc_is_marked_as_players_know_it(camera: Camera) -> None:
    cuts = [
        Cut(one.init.replace(b"hvc1", b"hev1"), one.parts, one.duration)
        for one in cuts_of(120, codec="libx265")
    ]
    camera.feed(cuts)
    result = ended(camera.writer(2, 0, trigger=camera.ring.now - 1))
    (stream,) = ffprobe(result.path, "-show_streams")["streams"]
    assert (stream["codec_name"], stream["codec_tag_string"]) == ("hevc", "hvc1")
    numbers = numbers_in(result.path)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 25


@pytest.mark.parametrize("orientation", range(1, 9))
def test_players_show_a_clip_as_the_camera_is_oriented(
    camera: Camera, orientation: int, tmp_path: Path
) -> None:
    camera.feed(cuts_of(100))
    trigger = camera.ring.now - 1
    result = ended(camera.writer(1, 0, trigger=trigger, orientation=orientation))
    assert result.path is not None
    with av.open(str(result.path)) as container:
        wanted = orient(next(container.decode(video=0)), orientation).to_ndarray(format="gray")
    seen = tmp_path / "seen.gray"
    command = ["ffmpeg", "-v", "error", "-i", str(result.path), "-frames:v", "1"]
    subprocess.run([*command, "-pix_fmt", "gray", "-f", "rawvideo", str(seen)], check=True)
    turned = np.frombuffer(seen.read_bytes(), np.uint8).reshape(wanted.shape)
    assert np.abs(turned.astype(int) - wanted).mean() < 2
    thumbnail = decode(clip_thumbnail(result.path)).to_ndarray(format="gray")
    assert thumbnail.shape == wanted.shape
    assert np.abs(thumbnail.astype(int) - wanted).mean() < 8


def test_a_matrix_moves_the_picture_back_to_where_it_began(camera: Camera) -> None:
    camera.feed(cuts_of(100))
    corners = {}
    for orientation in range(2, 9):
        trigger = camera.ring.now - 1
        result = ended(camera.writer(1, 0, trigger=trigger, orientation=orientation))
        assert result.path is not None
        data = result.path.read_bytes()
        at = data.index(b"tkhd") + 4 + 4 + 48
        a, b, _, c, d, _, x, y, _ = np.frombuffer(data, ">i4", 9, at) >> 16
        points = [(a * u + c * v + x, b * u + d * v + y) for u in (0, 160) for v in (0, 96)]
        corners[orientation] = (min(points), max(points))
    assert corners == {
        orientation: ((0, 0), (160, 96) if orientation < 5 else (96, 160))
        for orientation in range(2, 9)
    }


def test_a_clip_ends_on_time_though_nothing_comes(camera: Camera) -> None:
    camera.feed(cuts_of(200)[:1])
    writer = camera.writer(2, 10)
    camera.clock.now += 12
    assert writer.result is None
    camera.give_up_waiting()
    result = ended(writer)
    assert (result.complete, result.reason) == (False, ClipReason.SOURCE_GONE)
    assert numbers_in(result.path) == list(range(100, 150))


def test_a_clip_of_a_camera_that_never_sends_ends_too(camera: Camera) -> None:
    writer = camera.writer(5, 10)
    camera.give_up_waiting()
    result = ended(writer)
    assert (result.parts, result.reason) == ((), ClipReason.SOURCE_GONE)
    assert (result.path, result.start, result.size, result.lookback) == (None, None, 0, 0.0)
    assert list(camera.folder.iterdir()) == []


def test_a_clip_between_pictures_is_empty(camera: Camera) -> None:
    camera.feed(cuts_of(200))
    before = camera.ring.segments[0].start - 5
    result = ended(camera.writer(1, 1, trigger=before))
    assert (result.parts, result.reason) == ((), ClipReason.EMPTY)


def test_extending_moves_the_end(camera: Camera) -> None:
    parts = steps(cuts_of(500))
    for init, part, first, ends in parts[:6]:
        camera.feed_part(init, part, first=first, ends=ends)
    trigger = camera.ring.now
    writer = camera.writer(2, 1)
    writer.extend(4.5)
    with pytest.raises(ValueError, match="cannot be extended"):
        writer.extend(0)
    for init, part, first, ends in parts[6:]:
        camera.feed_part(init, part, first=first, ends=ends)
    result = ended(writer)
    assert writer.until == pytest.approx(trigger + 5.5)
    assert numbers_in(result.path) == expected(camera, 2, 5.5, trigger)
    with pytest.raises(ClipEndedError):
        writer.extend(5)


def test_stopping_ends_a_clip_with_what_happens_now(camera: Camera) -> None:
    parts = steps(cuts_of(500))
    for init, part, first, ends in parts[:6]:
        camera.feed_part(init, part, first=first, ends=ends)
    trigger = camera.ring.now
    writer = camera.writer(2, 600)
    camera.clock.now += 0.5
    writer.stop()
    camera.clock.now -= 0.5
    for init, part, first, ends in parts[6:]:
        camera.feed_part(init, part, first=first, ends=ends)
    result = ended(writer)
    assert result.complete
    assert numbers_in(result.path) == expected(camera, 2, 0.5, trigger)
    writer.stop()
    assert ended(writer) is result


def test_a_clip_whose_ring_is_closed_keeps_what_was_written(camera: Camera) -> None:
    written = threading.Event()

    def enough(progress: ClipProgress) -> None:
        if progress.duration > 6:
            written.set()

    camera.feed(cuts_of(200))
    writer = camera.writer(7, 60, on_progress=enough)
    assert written.wait(10)
    camera.ring.close()
    result = ended(writer)
    assert (result.complete, result.reason) == (False, ClipReason.CLOSED)
    numbers = numbers_in(result.path)
    assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))
    assert len(numbers) > 6 * FPS


def test_names_stay_unique_and_durations_true_when_the_wall_clock_is_set(camera: Camera) -> None:
    parts = steps(cuts_of(500))
    for init, part, first, ends in parts[:8]:
        camera.feed_part(init, part, first=first, ends=ends)
    writer = camera.writer(4, 6)
    camera.clock.wall_ahead -= 3600
    for init, part, first, ends in parts[8:]:
        camera.feed_part(init, part, first=first, ends=ends)
    again = [camera.writer(4, 6, trigger=camera.ring.segments[0].start + 5) for _ in range(2)]
    results = [ended(writer), *map(ended, again)]
    assert len({result.path for result in results}) == 3
    for result in results:
        numbers = numbers_in(result.path)
        assert result.duration == pytest.approx(len(numbers) / FPS, abs=0.001)
        assert result.complete


@pytest.mark.parametrize("good", [30, 200])
def test_a_damaged_part_costs_the_pictures_up_to_the_next_keyframe(
    camera: Camera, good: int
) -> None:
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


def test_asked_for_nonsense_nothing_is_begun(camera: Camera) -> None:
    for lookback, duration, orientation in (
        (-1, 0, 1),
        (0, -1, 1),
        (0, 0, 9),
        (float("nan"), 0, 1),
    ):
        with pytest.raises(ValueError, match="no clip"):
            ClipWriter(
                camera.ring, camera.library, lookback=lookback, duration=duration,
                orientation=orientation,
            )  # fmt: skip


@cache
def held(bframes: int, sound: bool, part_target: float) -> SegmentRing:
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
def test_wherever_a_clip_is_cut_it_has_all_in_between(
    since: float, length: float, bframes: int, sound: bool, part_target: float
) -> None:
    ring = held(bframes, sound, part_target)
    begin = ring.segments[0].start + since
    clip = ClipCut(begin, begin + length)
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
    # Where the stream breaks off, pictures may be on their way that others overtook.
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
