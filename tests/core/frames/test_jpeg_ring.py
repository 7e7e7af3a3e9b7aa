"""Content of a FrameRing."""

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
def test_all_kept_frames_are_readable(size: int) -> None:
    ring = filled(size, 25)

    assert [ring.frame(index).data for index in range(25 - size, 25)] == [
        jpeg(index) for index in range(25 - size, 25)
    ]
    assert ring.latest == Frame(data=jpeg(24), index=24, time=24.0)


def test_missing_frames_raise_the_reason() -> None:
    ring = filled(3, 5)

    with pytest.raises(FrameOverwrittenError):
        ring.frame(1)
    with pytest.raises(FrameNotReadyError):
        ring.frame(5)
    with pytest.raises(ValueError, match="start at 0"):
        ring.frame(-1)


def test_empty_ring_has_no_frame() -> None:
    ring = FrameRing(3)

    assert ring.latest is None
    with pytest.raises(FrameNotReadyError):
        ring.frame(0)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd9\xff\xd8", jpeg(9)[:-1], jpeg(9)[1:]],
)
def test_incomplete_jpeg_is_rejected(damaged: bytes) -> None:
    ring = filled(3, 1)

    with pytest.raises(InvalidFrameError):
        ring.add_frame(damaged, 1.0)
    assert ring.latest == Frame(data=jpeg(0), index=0, time=0.0)


@pytest.mark.parametrize("size", [0, -1])
def test_size_below_one_is_rejected(size: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        FrameRing(size)


def test_concurrent_adds_get_distinct_indices() -> None:
    ring = FrameRing(5)
    indexes: list[list[int]] = [[] for _ in range(6)]

    def add(added: list[int]) -> None:
        added.extend(ring.add_frame(jpeg(1), 0.0) for _ in range(200))

    threads = [threading.Thread(target=add, args=(added,), name="adder") for added in indexes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(index for added in indexes for index in added) == list(range(1200))
    assert all(added == sorted(added) for added in indexes)


@given(st.integers(1, 5), st.lists(st.sampled_from(["add", "add", "add", "clear"]), max_size=40))
def test_ring_keeps_the_newest_frames(size: int, steps: list[str]) -> None:
    ring = FrameRing(size)
    added = 0
    kept: list[int] = []
    for step in steps:
        if step == "add":
            assert ring.add_frame(jpeg(added), 0.0) == added
            kept = [*kept, added][-size:]
            added += 1
        else:
            ring.clear()
            kept = []

        assert (ring.latest and ring.latest.index) == (kept[-1] if kept else None)
        for index in range(added + 2):
            if index in kept:
                assert ring.frame(index).data == jpeg(index)
            else:
                with pytest.raises(FrameOverwrittenError if index < added else FrameNotReadyError):
                    ring.frame(index)


async def test_stopped_ring_is_readable_but_refuses_frames() -> None:
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


async def test_clear_keeps_indices_and_readers() -> None:
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
