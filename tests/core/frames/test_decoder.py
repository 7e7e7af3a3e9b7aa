"""Live pictures of a ring, from encoded video with readable frame numbers."""

from collections.abc import Callable
from dataclasses import replace
import threading
from typing import cast

import pytest

from custom_components.retrocam.core.frames.decoder import SegmentDecoder
from custom_components.retrocam.core.frames.feed import PictureFeed
from custom_components.retrocam.core.frames.orientation import orient
from custom_components.retrocam.core.mp4.fragment_reader import read_tracks, samples
from custom_components.retrocam.core.segments.ring import SegmentRing

from ..media import WALL, cut, encode, feed, read_number
from ..reformats import Take, encode_takes
from .live import SOURCES, Camera, numbers_in, picture_count, steps, unknown, upright, watch


@pytest.mark.parametrize("source", SOURCES)
def test_frames_are_shown_once_in_order_and_evenly(source: str) -> None:
    camera = Camera()
    cuts = cut(SOURCES[source]())
    camera.send(cuts)
    viewer = watch(camera)
    count = sum(picture_count(c) for c in cuts)
    # The last frames of a reordered part come out with the next part.
    held_back = 3 if source in {"reordered", "begins before 0", "h265"} else 0
    assert viewer.numbers == list(range(len(viewer.numbers)))
    assert count - held_back <= len(viewer.numbers) <= count
    # The worker stamps the first frame of a run differently, hence from the third on.
    uneven = [step for step in steps(viewer.times)[3:] if not 0.0359 < step < 0.0401]
    # Reordered frames may be delayed once, at the start of the run's second segment.
    assert len(uneven) <= bool(held_back)
    assert max(uneven, default=0) < 0.0801
    assert max(viewer.ages) < 1.4


@pytest.mark.parametrize("source", ["h264", "reordered"])
def test_time_is_that_of_capture(source: str) -> None:
    camera = Camera()
    camera.send(cut(SOURCES[source]()))
    viewer = watch(camera)
    times = [
        picture.time - (number or 0) / 25
        for picture, number in zip(viewer.pictures, viewer.numbers, strict=True)
    ]
    assert times[3:] == pytest.approx([WALL] * len(times[3:]), abs=0.1)
    assert max(times[30:]) - min(times[30:]) < 1e-3
    assert all(step > 0 for step in steps(picture.position for picture in viewer.pictures))


def test_worker_restart_neither_loses_nor_repeats_frames() -> None:
    camera = Camera()
    first, second = cut(encode(300, bframes=2)), cut(encode(300, first=1000, bframes=2))
    camera.send(first, run=0)
    camera.send(second, run=1, after=20)
    viewer = watch(camera)
    first_numbers, second_numbers = numbers_in(first), numbers_in(second)
    # Frames delayed when the worker stopped come late, at the maximum gap.
    lost = set(first_numbers) - set(viewer.numbers)
    assert lost <= set(first_numbers[-3:])
    assert viewer.numbers[-100:] == second_numbers[: len(second_numbers)][-102:-2]
    assert viewer.numbers == sorted(n for n in viewer.numbers if n is not None)
    assert min(steps(picture.position for picture in viewer.pictures)) > 0


def test_reordered_frames_are_drained_before_a_format_change() -> None:
    camera = Camera()
    first = cut(encode(200, bframes=2), low_latency=False)
    camera.send(first)
    camera.send(cut(encode(200, first=1000, size=(192, 108))), run=1)
    viewer = watch(camera)
    assert viewer.numbers[:151] == [*range(150), 1000]


def test_late_part_delays_but_loses_nothing() -> None:
    camera = Camera()
    cuts = cut(encode(425))
    camera.send(cuts, late=2.5)
    viewer = watch(camera)
    assert viewer.numbers == numbers_in(cuts)
    # One gap, then as even as before, at most a tenth faster.
    assert sorted(steps(viewer.times))[-2] <= 0.0401
    assert max(steps(viewer.times)) > 2
    assert min(steps(viewer.times)) >= 0.0359


def test_late_reader_starts_with_the_newest_keyframe() -> None:
    camera = Camera()
    cuts = cut(encode(425))
    feed(camera, cuts[:1], camera.time)
    camera._end = began = camera.time.now
    camera.send(cuts[1:])
    viewer = watch(camera)
    # The newest keyframe, then due frames: not those in between.
    assert viewer.numbers[0] == 100
    assert viewer.times[0] == began
    assert max(viewer.ages[1:]) < 2.1
    assert viewer.numbers[-150:] == numbers_in(cuts)[-150:]


def test_reader_that_wakes_a_camera_sees_no_old_frame() -> None:
    camera = Camera()
    camera.limit(0, 0)
    camera.send(list(cut(encode(200)))[:-1])
    camera.send(cut(encode(200, first=1000)), run=1, after=1800)
    camera.advance(1700)
    viewer = watch(camera)
    assert viewer.numbers[0] == 1000
    assert max(viewer.ages) < 10


def test_slow_reader_skips_to_the_present() -> None:
    camera = Camera()
    cuts = cut(encode(750, gop=25))
    camera.send(cuts)
    viewer = watch(camera, pace=0.2)
    shown = viewer.numbers
    assert None not in shown
    assert shown == sorted(set(shown), key=lambda n: n or 0)
    assert max(viewer.ages) < 6
    assert max(steps(viewer.times)) < 1.5
    assert len(shown) > 60


@pytest.mark.parametrize("bframes", [0, 2])
def test_suspended_reader_resumes_at_the_newest_keyframe(bframes: int) -> None:
    camera = Camera()
    camera.send(cut(encode(750, bframes=bframes)))
    viewer = watch(camera, pause_at=60)
    # The rest of the present part, at the maximum gap; then a jump.
    before = [n for n in viewer.numbers if n is not None and n < 100]
    after = viewer.numbers[len(before) :]
    assert before[:60] == list(range(60))
    assert after[0] == 350
    assert after[-100:] == list(range(cast(int, after[-1]) - 99, cast(int, after[-1]) + 1))
    assert max(viewer.ages[-100:]) < 1.4


def test_stop_ends_the_run() -> None:
    camera = Camera()
    camera.send(cut(encode(425)))
    viewer = watch(camera, leave_at=30)
    assert viewer.numbers == list(range(30))


def test_stop_ends_the_wait_for_a_due_frame() -> None:
    camera = Camera()
    camera.send(cut(encode(425)))
    camera._events.insert(1, (camera.time.now + 1.2, camera.stop.set))
    viewer = watch(camera)
    # Set 0.28 s after the first part; frames due later are not shown.
    assert 0 < len(viewer.pictures) < 10
    assert camera.time.now < 5001.3


def test_closed_ring_ends_the_run() -> None:
    camera = Camera()
    camera.send(cut(encode(425)))
    camera._events.insert(2, (camera.time.now + 2, camera.close))
    viewer = watch(camera)
    assert viewer.numbers[:20] == list(range(20))
    assert not camera.stop.is_set()


def test_size_and_codec_may_change_mid_stream() -> None:
    camera = Camera()
    sources = [
        encode(200),
        encode(200, first=1000, size=(192, 108)),
        encode(200, first=2000, codec="mjpeg", container="mp4"),
        encode(200, first=3000, codec="libx265", container="mp4"),
    ]
    expected = []
    for run, source in enumerate(sources):
        cuts = cut(source)
        camera.send(cuts, run=run)
        expected += numbers_in(cuts)
    viewer = watch(camera)
    assert viewer.numbers == expected
    sizes = [(picture.frame.width, picture.frame.height) for picture in viewer.pictures]
    assert list(dict.fromkeys(sizes)) == [(160, 96), (192, 108)]


def test_size_may_change_within_a_part() -> None:
    camera = Camera()
    takes = Take(110), Take(130, (192, 108), "superfast"), Take(210, bframes=2)
    camera.send(cut(encode_takes(takes)))
    viewer = watch(camera)
    assert viewer.numbers == list(range(len(viewer.numbers)))
    sizes = [(picture.frame.width, picture.frame.height) for picture in viewer.pictures]
    assert sizes[:250] == [(160, 96)] * 110 + [(192, 108)] * 130 + [(160, 96)] * 10


def test_decoding_recovers_at_the_next_keyframe() -> None:
    camera = Camera()
    cuts = cut(encode(425, gop=25))
    part = cuts[0].parts[1]
    data = bytearray(part.data)
    # In the middle of the second part's media data.
    data[len(data) // 2 : len(data) // 2 + 400] = b"\xff" * 400
    cuts[0].parts[1] = replace(part, data=bytes(data))
    camera.send(cuts)
    viewer = watch(camera)
    # Damaged frames are dropped, or smeared if the codec does not notice.
    good = [n for n in viewer.numbers if n is not None]
    missing = set(numbers_in(cut(encode(425, gop=25)))) - set(good)
    assert missing
    assert missing <= set(range(23, 50))
    assert good[good.index(50) :] == list(range(50, good[-1] + 1))


def test_corrupt_sample_skips_to_the_next_keyframe() -> None:
    camera = Camera()
    cuts = cut(encode(300, gop=25))
    whole = numbers_in(cuts)
    part = cuts[0].parts[2]
    sample = list(samples(part.data, read_tracks(cuts[0].init)[0]))[14]
    data = bytearray(part.data)
    data[sample.offset : sample.offset + sample.size] = b"\xff" * sample.size
    cuts[0].parts[2] = replace(part, data=bytes(data))
    camera.send(cuts)
    viewer = watch(camera)
    assert viewer.numbers == [n for n in whole if n not in range(60, 75)]


def test_concealed_frame_is_not_shown() -> None:
    camera = Camera()
    cuts = cut(encode(300, gop=25, bframes=2))
    part = cuts[0].parts[0]
    sample = list(samples(part.data, read_tracks(cuts[0].init)[0]))[10]
    data = bytearray(part.data)
    data[sample.offset + sample.size // 2 : sample.offset + sample.size] = bytes(
        sample.size - sample.size // 2
    )
    whole = numbers_in(cuts)
    cuts[0].parts[0] = replace(part, data=bytes(data))
    camera.send(cuts)
    viewer = watch(camera)
    missing = set(whole[:-3]) - set(viewer.numbers)
    assert missing
    assert missing <= set(range(9, 25))
    assert viewer.numbers[-200:] == list(range(len(whole) - 202, len(whole) - 2))


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda _: b"noise and no boxes"])
def test_truncated_part_skips_to_the_next_keyframe(
    damage: Callable[[bytes], bytes],
) -> None:
    camera = Camera()
    cuts = cut(encode(425, gop=25))
    whole = numbers_in(cuts)
    part = cuts[0].parts[1]
    cuts[0].parts[1] = replace(part, data=damage(part.data))
    camera.send(cuts)
    viewer = watch(camera)
    missing = set(whole) - set(viewer.numbers)
    assert missing
    assert missing <= set(range(23, 50))


def test_keyframes_only() -> None:
    camera = Camera()
    camera.send(cut(encode(425, bframes=2)))
    viewer = watch(camera, keyframes_only=True)
    assert viewer.numbers == [0, 50, 100, 150, 200, 250, 300, 350, 400][: len(viewer.numbers)]
    assert len(viewer.numbers) >= 8
    assert steps(viewer.times)[1:] == pytest.approx([2] * (len(viewer.numbers) - 2), abs=0.1)


def test_orientation_is_applied() -> None:
    camera = Camera()
    camera.send(cut(encode(425)))
    turn = iter([6] * 10 + [1] * 1000)
    viewer = watch(camera, orientation=lambda: next(turn), leave_at=20)
    sizes = [(picture.frame.width, picture.frame.height) for picture in viewer.pictures]
    assert sizes == [(96, 160)] * 10 + [(160, 96)] * 10
    back = [read_number(orient(picture.frame, 8)) for picture in viewer.pictures[:10]]
    assert back == list(range(10))


def test_unknown_codec_is_logged_and_skipped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    camera = Camera()
    camera.send(unknown(cut(encode(200))))
    camera.send(cut(encode(200, first=1000)), run=1)
    viewer = watch(camera)
    assert viewer.numbers == list(range(1000, 1000 + len(viewer.numbers)))
    assert len(viewer.numbers) > 150
    assert caplog.text.count("unknown codec of nope video") == 1


def test_stream_without_a_valid_init_shows_nothing() -> None:
    camera = Camera()
    camera.send([replace(c, init=b"noise") for c in cut(encode(200))])
    assert watch(camera).pictures == []


def test_feed_closes_while_waiting_for_parts_or_frames() -> None:
    ring = SegmentRing(60, 1 << 30)
    feed_ = PictureFeed("decoder", SegmentDecoder(ring, orientation=upright))
    seen = threading.Event()
    unsubscribe = feed_.subscribe(lambda _: seen.set())
    assert feed_.running
    (segment, *_) = cut(encode(425))
    ring.begin(0, segment.init)
    ring.add_part(segment.parts[0])
    assert seen.wait(30)
    unsubscribe()
    feed_.close()
    assert not feed_.running
