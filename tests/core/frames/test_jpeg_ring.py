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
    with pytest.raises(ValueError, match="at least one"):
        FrameRing(size)


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


@given(st.integers(1, 5), st.lists(st.sampled_from(["add", "add", "add", "clear"]), max_size=40))
def test_the_ring_is_the_tail_of_what_was_added(size: int, steps: list[str]) -> None:
    ring = FrameRing(size)
    taken = 0
    kept: list[int] = []
    for step in steps:
        if step == "add":
            assert ring.add_frame(jpeg(taken), 0.0) == taken
            kept = [*kept, taken][-size:]
            taken += 1
        else:
            ring.clear()
            kept = []

        assert (ring.latest and ring.latest.index) == (kept[-1] if kept else None)
        for index in range(taken + 2):
            if index in kept:
                assert ring.frame(index).data == jpeg(index)
            else:
                with pytest.raises(FrameOverwrittenError if index < taken else FrameNotReadyError):
                    ring.frame(index)


async def test_a_stopped_ring_shows_what_it_has_and_takes_nothing() -> None:
    ring = filled(3, 2)
    ring.stop()
    ring.stop()

    assert ring.stopped
    assert ring.frame(1).data == jpeg(1)
    with pytest.raises(RingStoppedError):
        ring.add_frame(jpeg(2), 2.0)
    assert (await ring.wait_frame(1)).data == jpeg(1)
    with pytest.raises(RingStoppedError):
        await ring.wait_frame(2)
    with pytest.raises(RingStoppedError):
        await ring.current_frame()
    with pytest.raises(RingStoppedError):
        ring.wait(0, 0.0)
    assert await first(ring.frames()) is None


async def test_a_cleared_ring_counts_on_and_keeps_its_readers() -> None:
    ring = filled(3, 2)
    iteration = ring.frames()
    assert await first(iteration) == ring.latest
    reading = begun(first(iteration))

    ring.clear()
    waiting = begun(ring.current_frame())

    assert ring.wait(0, 0.0) is None
    assert not reading.done()
    assert ring.add_frame(jpeg(2), 10.0) == 2
    assert await reading == await waiting == ring.wait(0, 0.0) == ring.latest == ring.frame(2)
