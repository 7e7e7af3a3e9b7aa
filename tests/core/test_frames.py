"""What readers of a FrameRing get, in whatever order and thread things happen."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
import threading

from hypothesis import given, strategies as st
import pytest

from custom_components.retrocam.core.errors import (
    FrameNotReadyError,
    FrameOverwrittenError,
    InvalidFrameError,
    RingStoppedError,
)
from custom_components.retrocam.core.frames import Frame, FrameRing


def jpeg(number: int) -> bytes:
    """Make bytes that pass for a JPEG, a different length for each number."""
    return b"\xff\xd8" + b"." * number + b"\xff\xd9"


def filled(size: int, count: int) -> FrameRing:
    """Make a ring that has taken `count` frames, at the times 0.0, 1.0, ..."""
    ring = FrameRing(size)
    for number in range(count):
        assert ring.add_frame(jpeg(number), float(number)) == number
    return ring


def begun[T](waiting: Coroutine[object, object, T]) -> asyncio.Task[T]:
    """Start a task that is already waiting when this returns."""
    return asyncio.create_task(waiting, eager_start=True)


async def first(frames: AsyncGenerator[Frame]) -> Frame | None:
    """Return the next frame of an iteration, None at its end."""
    return await anext(frames, None)


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


async def test_next_frame_is_a_new_one() -> None:
    ring = filled(3, 2)
    waiting = begun(ring.next_frame())
    assert not waiting.done()

    ring.add_frame(jpeg(2), 2.0)

    assert await waiting == Frame(data=jpeg(2), index=2, time=2.0)


async def test_every_reader_gets_the_next_frame() -> None:
    ring = FrameRing(1)
    frames = [begun(ring.next_frame()) for _ in range(50)]
    data = begun(ring.grab_frame())
    length = begun(ring.next_frame_size())

    ring.add_frame(jpeg(7), 0.0)

    assert {(await frame).index for frame in frames} == {0}
    assert await data == jpeg(7)
    assert await length == len(jpeg(7))


async def test_the_current_frame_is_there_at_once_or_awaited() -> None:
    ring = filled(3, 2)

    assert (await ring.current_frame()).index == 1
    assert (await ring.current_frame(newer_than=1.0)).index == 1
    waiting = begun(ring.current_frame(newer_than=1.5))
    ring.add_frame(jpeg(2), 2.0)
    assert (await waiting).index == 2


async def test_a_reader_that_gives_up_harms_nobody() -> None:
    ring = FrameRing(3)
    impatient = begun(ring.next_frame())
    late = begun(ring.next_frame())
    patient = begun(ring.next_frame())
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient

    ring.add_frame(jpeg(0), 0.0)
    late.cancel()

    assert (await patient).index == 0
    with pytest.raises(asyncio.CancelledError):
        await late


async def test_stop_ends_all_waits() -> None:
    ring = filled(3, 1)
    waits = [begun(ring.next_frame()), begun(ring.current_frame(newer_than=9.0))]
    iteration = ring.frames(newer_than=9.0)
    reading = begun(first(iteration))

    ring.stop()

    for waiting in waits:
        with pytest.raises(RingStoppedError):
            await waiting
    assert await reading is None


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


async def test_an_iteration_skips_what_a_slow_reader_missed() -> None:
    ring = filled(10, 3)
    seen = []

    async for frame in ring.frames():
        seen.append(frame.index)
        if frame.index == 8:
            ring.stop()
        else:
            ring.add_frame(jpeg(1), 0.0)
            ring.add_frame(jpeg(1), 0.0)

    assert seen == [2, 4, 6, 8]


async def test_an_iteration_leaves_out_an_old_picture() -> None:
    ring = filled(3, 2)
    iteration = ring.frames(newer_than=1.5)
    reading = begun(first(iteration))
    assert not reading.done()

    ring.add_frame(jpeg(2), 2.0)

    frame = await reading
    assert frame is not None
    assert frame.index == 2


def test_readers_on_other_loops_get_frames_and_the_stop() -> None:
    ring = FrameRing(3)
    ready = threading.Barrier(3)
    seen: list[list[int]] = [[], []]

    async def read(indexes: list[int]) -> None:
        waiting = begun(ring.next_frame())
        await asyncio.to_thread(ready.wait)
        indexes.append((await waiting).index)
        await asyncio.to_thread(ready.wait)
        indexes.extend([frame.index async for frame in ring.frames(newer_than=1.0)])

    threads = [
        threading.Thread(target=asyncio.run, args=(read(indexes),), name="reader")
        for indexes in seen
    ]
    for thread in threads:
        thread.start()
    ready.wait()
    ring.add_frame(jpeg(0), 0.0)
    ready.wait()
    ring.stop()
    for thread in threads:
        thread.join()

    assert seen == [[0], [0]]


async def test_a_loop_closed_under_its_readers_harms_nobody() -> None:
    ring = FrameRing(3)

    def leave() -> asyncio.Task[Frame]:
        async def start() -> asyncio.Task[Frame]:
            return begun(ring.next_frame())

        loop = asyncio.new_event_loop()
        left = loop.run_until_complete(start())
        loop.close()
        return left

    left = await asyncio.to_thread(leave)
    waiting = begun(ring.next_frame())

    assert ring.add_frame(jpeg(0), 0.0) == 0

    assert (await waiting).index == 0
    assert not left.done()
    left._log_destroy_pending = False  # type: ignore[attr-defined]  # its loop is gone on purpose


def test_a_thread_waits_for_a_frame() -> None:
    ring = filled(3, 2)
    began = threading.Event()
    seen: list[Frame | None] = []

    def read() -> None:
        seen.append(ring.wait(0, 0.0))
        began.set()
        seen.append(ring.wait(2, 60.0))

    thread = threading.Thread(target=read, name="reader")
    thread.start()
    began.wait()
    assert ring.wait(2, 0.0) is None
    ring.add_frame(jpeg(2), 2.0)
    thread.join()

    assert [frame and frame.index for frame in seen] == [1, 2]


def test_a_thread_that_waits_is_sent_away() -> None:
    ring = FrameRing(3)
    began = threading.Event()
    errors: list[RingStoppedError] = []

    def read() -> None:
        began.set()
        try:
            ring.wait(0, 60.0)
        except RingStoppedError as error:
            errors.append(error)

    thread = threading.Thread(target=read, name="reader")
    thread.start()
    began.wait()
    ring.stop()
    thread.join()

    assert len(errors) == 1
