"""Readers that wait for a frame, in tasks, loops and threads."""

import asyncio
import threading

import pytest

from custom_components.retrocam.core.errors import RingStoppedError
from custom_components.retrocam.core.frames.jpeg_ring import Frame, FrameRing

from .frame_rings import begun, filled, first, jpeg


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
