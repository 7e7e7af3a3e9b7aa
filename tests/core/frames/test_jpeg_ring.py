"""What a FrameRing keeps, in whatever order things happen."""

import threading

from hypothesis import given, strategies as st
import pytest

from custom_components.retrocam.core.errors import (
    FrameNotReadyError,
    FrameOverwrittenError,
    InvalidFrameError,
    RingStoppedError,
)
from custom_components.retrocam.core.frames.jpeg_ring import Frame, FrameRing

from .frame_rings import begun, filled, first, jpeg


@pytest.mark.parametrize("size", [1, 2, 10])
def test_all_frames_of_a_ring_are_readable(size: int) -> None:
    ring = filled(size, 25)

    assert ring.size == size
    assert [ring.frame(index).data for index in range(25 - size, 25)] == [
        jpeg(index) for index in range(25 - size, 25)
    ]
    assert ring.latest == Frame(data=jpeg(24), index=24, time=24.0)


def test_missing_frames_tell_why() -> None:
    ring = filled(3, 5)

    with pytest.raises(FrameOverwrittenError):
        ring.frame(1)
    with pytest.raises(FrameNotReadyError):
        ring.frame(5)
    with pytest.raises(ValueError, match="from 0"):
        ring.frame(-1)


def test_an_empty_ring_has_no_frame() -> None:
    ring = FrameRing(3)

    assert ring.latest is None
    with pytest.raises(FrameNotReadyError):
        ring.frame(0)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd9\xff\xd8", jpeg(9)[:-1], jpeg(9)[1:]],
)
def test_what_is_no_whole_jpeg_is_refused(damaged: bytes) -> None:
    ring = filled(3, 1)

    with pytest.raises(InvalidFrameError):
        ring.add_frame(damaged, 1.0)
    assert ring.latest == Frame(data=jpeg(0), index=0, time=0.0)


@pytest.mark.parametrize("size", [0, -1])
def test_a_ring_without_room_cannot_be_made(size: int) -> None:
    ring = filled(3, 5)

    with pytest.raises(ValueError, match="at least one"):
        FrameRing(size)
    with pytest.raises(ValueError, match="at least one"):
        ring.resize(size)
    with pytest.raises(ValueError, match="at least one"):
        ring.reset(size)
    assert ring.frame(2).data == jpeg(2)


def test_many_threads_never_share_an_index() -> None:
    ring = FrameRing(5)
    indexes: list[list[int]] = [[] for _ in range(6)]

    def add(taken: list[int]) -> None:
        taken.extend(ring.add_frame(jpeg(1), 0.0) for _ in range(200))

    threads = [threading.Thread(target=add, args=(taken,), name="adder") for taken in indexes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(index for taken in indexes for index in taken) == list(range(1200))
    assert all(taken == sorted(taken) for taken in indexes)


@given(
    st.integers(1, 5),
    st.lists(
        st.one_of(
            st.just(("add", 0)),
            st.just(("add", 0)),
            st.tuples(st.just("resize"), st.integers(1, 6)),
            st.tuples(st.just("reset"), st.none() | st.integers(1, 6)),
        ),
        max_size=40,
    ),
)
def test_the_ring_is_the_tail_of_what_was_added(
    size: int, steps: list[tuple[str, int | None]]
) -> None:
    ring = FrameRing(size)
    taken = 0
    kept: list[int] = []
    for step, number in steps:
        if step == "add":
            assert ring.add_frame(jpeg(taken), 0.0) == taken
            kept.append(taken)
            taken += 1
        elif step == "resize":
            size = number or size
            ring.resize(size)
        else:
            size = number or size
            ring.reset(number)
            kept, taken = [], 0
        kept = kept[-size:]

        assert ring.size == size
        for index in range(taken + 2):
            if index in kept:
                assert ring.frame(index).data == jpeg(index)
            else:
                with pytest.raises((FrameOverwrittenError, FrameNotReadyError)):
                    ring.frame(index)


async def test_a_stopped_ring_shows_what_it_has_and_takes_nothing() -> None:
    ring = filled(3, 2)
    ring.stop()
    ring.stop()

    assert ring.stopped
    assert ring.frame(1).data == jpeg(1)
    with pytest.raises(RingStoppedError):
        ring.add_frame(jpeg(2), 2.0)
    with pytest.raises(RingStoppedError):
        await ring.next_frame()
    with pytest.raises(RingStoppedError):
        await ring.current_frame()
    with pytest.raises(RingStoppedError):
        ring.wait(0, 0.0)
    assert await first(ring.frames()) is None


async def test_reset_begins_anew_and_ends_old_readers() -> None:
    ring = filled(3, 5)
    waiting = begun(ring.next_frame())
    iteration = ring.frames()
    assert await first(iteration) == ring.latest

    ring.stop()
    ring.reset(2)
    assert ring.add_frame(jpeg(0), 0.0) == 0

    with pytest.raises(RingStoppedError):
        await waiting
    assert await first(iteration) is None
    assert (ring.size, ring.stopped) == (2, False)
    assert (await ring.current_frame()).index == 0
    with pytest.raises(FrameNotReadyError):
        ring.frame(1)
