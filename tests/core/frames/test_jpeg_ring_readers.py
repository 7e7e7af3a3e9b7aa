"""Readers waiting for a frame, in tasks, loops and threads."""

import asyncio
import threading

import pytest

from custom_components.retrocam.core.errors import FrameOverwrittenError, RingStoppedError
from custom_components.retrocam.core.frames.jpeg_ring import Frame, FrameRing

from .frame_rings import begun, filled, first, jpeg


async def test_wait_frame_returns_a_kept_or_future_frame() -> None:
    ring = filled(3, 2)

    assert await ring.wait_frame(0) == Frame(data=jpeg(0), index=0, time=0.0)
    waiting = begun(ring.wait_frame(3))
    ring.add_frame(jpeg(2), 2.0)
    assert not waiting.done()
    ring.add_frame(jpeg(3), 3.0)
    assert await waiting == Frame(data=jpeg(3), index=3, time=3.0)


async def test_wait_frame_survives_an_immediate_overwrite() -> None:
    ring = filled(2, 1)
    waiting, late = begun(ring.wait_frame(2)), begun(ring.wait_frame(1))

    for number in (1, 2, 3):
        ring.add_frame(jpeg(number), 0.0)

    assert (await waiting).data == jpeg(2)
    with pytest.raises(FrameOverwrittenError):
        await late


async def test_impossible_index_is_not_awaited() -> None:
    ring = filled(3, 5)

    with pytest.raises(FrameOverwrittenError):
        await ring.wait_frame(1)
    with pytest.raises(ValueError, match="start at 0"):
        await ring.wait_frame(-1)


async def test_all_readers_get_the_next_frame() -> None:
    ring = FrameRing(1)
    frames = [begun(ring.wait_frame(0)) for _ in range(50)]

    ring.add_frame(jpeg(7), 0.0)

    assert {(await frame).data for frame in frames} == {jpeg(7)}


async def test_current_frame_returns_the_latest_or_waits() -> None:
    ring = filled(3, 2)

    assert (await ring.current_frame()).index == 1
    ring.clear()
    waiting = begun(ring.current_frame())
    ring.add_frame(jpeg(2), 2.0)
    assert (await waiting).index == 2


async def test_cancelled_reader_is_forgotten() -> None:
    ring = FrameRing(3)
    impatient = begun(ring.current_frame())
    late = begun(ring.current_frame())
    patient = begun(ring.current_frame())
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
    waits = [begun(ring.wait_frame(1)), begun(ring.wait_frame(9))]
    iteration = ring.frames(newer_than=9.0)
    reading = begun(first(iteration))

    ring.stop()

    for waiting in waits:
        with pytest.raises(RingStoppedError):
            await waiting
    assert await reading is None


async def test_slow_iteration_skips_frames() -> None:
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


async def test_iteration_skips_an_old_frame() -> None:
    ring = filled(3, 2)
    iteration = ring.frames(newer_than=1.5)
    reading = begun(first(iteration))
    assert not reading.done()

    ring.add_frame(jpeg(2), 2.0)

    frame = await reading
    assert frame is not None
    assert frame.index == 2


def test_readers_on_other_loops_are_woken() -> None:
    ring = FrameRing(3)
    ready = threading.Barrier(3)
    seen: list[list[int]] = [[], []]

    async def read(indexes: list[int]) -> None:
        waiting = begun(ring.current_frame())
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


async def test_closed_loop_does_not_affect_other_readers() -> None:
    ring = FrameRing(3)

    def leave() -> asyncio.Task[Frame]:
        async def start() -> asyncio.Task[Frame]:
            return begun(ring.current_frame())

        loop = asyncio.new_event_loop()
        left = loop.run_until_complete(start())
        loop.close()
        return left

    left = await asyncio.to_thread(leave)
    waiting = begun(ring.current_frame())

    assert ring.add_frame(jpeg(0), 0.0) == 0

    assert (await waiting).index == 0
    assert not left.done()
    left._log_destroy_pending = False  # type: ignore[attr-defined]  # its loop is gone on purpose


def test_wait_blocks_a_thread_until_a_frame() -> None:
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


def test_stop_ends_the_wait_of_a_thread() -> None:
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
