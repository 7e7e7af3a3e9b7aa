"""The audio ring and its listeners."""

import asyncio

import pytest

from custom_components.retrocam.core.player.audio import AdtsFrame, AudioGoneError, AudioRing


def adts_frame(number: int, *, late: int = 0, rate: int = 0x4C) -> AdtsFrame:
    """Return a frame of 20 ms whose last byte is its number."""
    return AdtsFrame(number * 20_000 + late, 20_000, bytes([0xFF, 0xF1, rate, 0x80, number % 256]))


@pytest.fixture
async def ring() -> AudioRing:
    return AudioRing(seconds=1.0)


async def numbers(ring: AudioRing, start_us: int) -> list[int]:
    return [byte async for data in ring.listen(start_us) for byte in data[4::5]]


async def test_listeners_start_at_the_nearest_frame(ring: AudioRing) -> None:
    ring.append(adts_frame(number) for number in range(20))
    ring.end()
    assert ring.span == (0, 400_000)
    for start_us, first in ((0, 0), (9_000, 0), (11_000, 1), (100_000, 5), (391_000, None)):
        expected = list(range(20))[first if first is not None else 20 :]
        assert await numbers(ring, start_us) == expected


async def test_many_listeners_wait_for_new_frames(ring: AudioRing) -> None:
    tasks = [asyncio.ensure_future(numbers(ring, 20_000 * number)) for number in range(50)]

    def append_frames() -> None:
        for number in range(40):
            ring.append([adts_frame(number)])

    await asyncio.to_thread(append_frames)
    await asyncio.to_thread(ring.end)
    for number, task in enumerate(tasks):
        assert await task == list(range(number, 40))


async def test_only_the_last_second_is_kept(ring: AudioRing) -> None:
    ring.append(adts_frame(number) for number in range(200))
    assert ring.span == (2_980_000, 4_000_000)
    with pytest.raises(AudioGoneError):
        await numbers(ring, 1_000_000)


async def test_a_slow_listener_gets_an_error(ring: AudioRing) -> None:
    ring.append([adts_frame(0)])
    listening = ring.listen(0)
    await anext(listening)
    ring.append(adts_frame(number) for number in range(1, 200))
    with pytest.raises(AudioGoneError):
        await anext(listening)


async def test_a_gap_ends_listening_and_a_new_listener_continues(ring: AudioRing) -> None:
    ring.append([adts_frame(0), adts_frame(1), adts_frame(20), adts_frame(21)])
    ring.end()
    assert await numbers(ring, 0) == [0, 1]
    assert await numbers(ring, 400_000) == [20, 21]


async def test_a_change_of_format_ends_listening(ring: AudioRing) -> None:
    ring.append([adts_frame(0), adts_frame(1), adts_frame(2, rate=0x50), adts_frame(3, rate=0x50)])
    ring.end()
    assert await numbers(ring, 0) == [0, 1]
    assert await numbers(ring, 40_000) == [2, 3]


async def test_jitter_is_no_gap(ring: AudioRing) -> None:
    ring.append([adts_frame(0), adts_frame(1, late=3_000), adts_frame(2, late=-1_000)])
    ring.end()
    assert await numbers(ring, 0) == [0, 1, 2]


async def test_a_position_before_the_first_frame_starts_there(ring: AudioRing) -> None:
    ring.append([adts_frame(3)])
    ring.end()
    assert await numbers(ring, 0) == [3]
