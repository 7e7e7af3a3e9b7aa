"""Parts that an earlier run of the worker delivered."""

from dataclasses import replace

import pytest

from custom_components.retrocam.core.segments.ring import SegmentRing

from ..media import Clock, Cut, cut, encode, feed, numbers_of


def copies(cuts: list[Cut]) -> list[Cut]:
    """Return what another run sends of the same frames: other objects."""
    return [replace(c, parts=[replace(part) for part in c.parts]) for c in cuts]


def send_at_once(ring: SegmentRing, cuts: list[Cut], *, run: int) -> None:
    for one in copies(cuts):
        ring.begin(run, one.init)
        for part in one.parts:
            ring.add_part(part)
        if one.duration:
            ring.finish(one.duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(clock: Clock) -> SegmentRing:
    return SegmentRing(600, 1 << 30, clock, clock.wall)


def hls_cuts(count: int = 500, **options: int) -> list[Cut]:
    """Segments of one part with one GOP of 2 s."""
    return cut(encode(count, **options), low_latency=False)


def test_replay_of_the_last_segments_is_ignored(ring: SegmentRing, clock: Clock) -> None:
    cuts = hls_cuts()
    feed(ring, cuts, clock)
    last, before = ring.last_arrival, numbers_of(ring.segments)
    for run in range(1, 4):
        clock.now += 40
        send_at_once(ring, cuts[-4:], run=run)
    assert ring.last_arrival == last
    assert numbers_of(ring.segments) == before


def test_new_frames_after_a_replay_are_added(ring: SegmentRing, clock: Clock) -> None:
    cuts = hls_cuts()
    feed(ring, cuts[:5], clock)
    clock.now += 4
    send_at_once(ring, cuts[3:6], run=1)
    assert ring.last_arrival == clock.now
    feed(ring, cuts[6:], clock, run=1)
    assert numbers_of(ring.segments) == [n for c in range(9) for n in range(50 * c, 50 * c + 50)]


def test_gop_that_continues_after_a_replay_is_decodable(ring: SegmentRing, clock: Clock) -> None:
    # As of a relay that begins with its last GOP.
    cuts = cut(encode(425, gop=100))
    feed(ring, [replace(cuts[0], parts=cuts[0].parts[:6], duration=0.0)], clock)
    send_at_once(ring, [replace(cuts[0], parts=cuts[0].parts[4:], duration=0.0)], run=1)
    *_, resumed = ring.segments
    assert resumed.run == 1
    numbers = numbers_of([resumed])
    assert numbers[-1] == numbers_of(ring.segments)[-1]
    assert 100 in numbers


def test_static_picture_is_not_taken_for_a_replay(ring: SegmentRing, clock: Clock) -> None:
    one = hls_cuts()[0]
    feed(ring, copies([one] * 8), clock)
    clock.now += 4
    last = ring.last_arrival
    send_at_once(ring, [one] * 3, run=1)
    assert ring.last_arrival != last
    assert len(ring.segments) == 10


def test_live_film_in_a_loop_is_not_taken_for_a_replay(ring: SegmentRing, clock: Clock) -> None:
    cuts = hls_cuts()
    feed(ring, cuts, clock)
    clock.now += 4
    feed(ring, copies(cuts), clock, run=1)
    assert len(ring.segments) == 2 * len(cuts)


def test_live_film_in_a_loop_that_begins_with_a_burst_is_new(
    ring: SegmentRing, clock: Clock
) -> None:
    # HLS begins with the last three segments of its playlist, which an earlier loop had as well.
    cuts = hls_cuts()
    feed(ring, cuts, clock)
    clock.now += 4
    send_at_once(ring, cuts[1:4], run=1)
    feed(ring, copies(cuts[4:]), clock, run=1)
    assert numbers_of(ring.segments) == [*numbers_of(ring.segments)[:450], *range(50, 450)]


def test_unreadable_parts_are_new(ring: SegmentRing, clock: Clock) -> None:
    broken = [replace(c, parts=[replace(c.parts[0], data=b"noise")]) for c in hls_cuts()]
    feed(ring, broken, clock)
    send_at_once(ring, broken, run=1)
    assert len(ring.segments) == 2 * len(broken)
