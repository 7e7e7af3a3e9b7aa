"""The ring of sound, and those who listen."""

import asyncio

import pytest

from custom_components.retrocam.core.player.audio import AudioGoneError, AudioPiece, AudioRing


def piece(number: int, *, late: int = 0, rate: int = 0x4C) -> AudioPiece:
    """Return a frame of 20 ms that ends in its number."""
    return AudioPiece(number * 20_000 + late, 20_000, bytes([0xFF, 0xF1, rate, 0x80, number % 256]))


@pytest.fixture
async def ring() -> AudioRing:
    return AudioRing(seconds=1.0)


async def heard(ring: AudioRing, start_us: int) -> list[int]:
    return [byte async for data in ring.listen(start_us) for byte in data[4::5]]


async def test_listeners_begin_at_the_nearest_frame(ring: AudioRing) -> None:
    ring.append(piece(number) for number in range(20))
    ring.end()
    assert ring.span == (0, 400_000)
    for start_us, first in ((0, 0), (9_000, 0), (11_000, 1), (100_000, 5), (391_000, None)):
        assert await heard(ring, start_us) == list(range(20))[first if first is not None else 20 :]


async def test_any_number_listens_to_what_comes(ring: AudioRing) -> None:
    tasks = [asyncio.ensure_future(heard(ring, 20_000 * number)) for number in range(50)]

    def make() -> None:
        for number in range(40):
            ring.append([piece(number)])

    await asyncio.to_thread(make)
    await asyncio.to_thread(ring.end)
    for number, task in enumerate(tasks):
        assert await task == list(range(number, 40))
    assert ring.listeners == 0


async def test_who_leaves_is_forgotten(ring: AudioRing) -> None:
    ring.append([piece(0)])
    listening = ring.listen(0)
    assert (await anext(listening))[4:] == b"\0"
    assert ring.listeners == 1
    await listening.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert ring.listeners == 0


async def test_only_the_last_second_is_kept(ring: AudioRing) -> None:
    ring.append(piece(number) for number in range(200))
    assert ring.span == (2_980_000, 4_000_000)
    with pytest.raises(AudioGoneError):
        await heard(ring, 1_000_000)


async def test_a_listener_that_is_too_slow_is_told(ring: AudioRing) -> None:
    ring.append([piece(0)])
    listening = ring.listen(0)
    await anext(listening)
    ring.append(piece(number) for number in range(1, 200))
    with pytest.raises(AudioGoneError):
        await anext(listening)


async def test_a_gap_ends_the_listening_and_who_asks_again_goes_on(ring: AudioRing) -> None:
    ring.append([piece(0), piece(1), piece(20), piece(21)])
    ring.end()
    assert await heard(ring, 0) == [0, 1]
    assert await heard(ring, 400_000) == [20, 21]


async def test_a_new_format_ends_the_listening_too(ring: AudioRing) -> None:
    ring.append([piece(0), piece(1), piece(2, rate=0x50), piece(3, rate=0x50)])
    ring.end()
    assert await heard(ring, 0) == [0, 1]
    assert await heard(ring, 40_000) == [2, 3]


async def test_small_unevenness_is_no_gap(ring: AudioRing) -> None:
    ring.append([piece(0), piece(1, late=3_000), piece(2, late=-1_000)])
    ring.end()
    assert await heard(ring, 0) == [0, 1, 2]


async def test_before_the_beginning_is_the_beginning(ring: AudioRing) -> None:
    ring.append([piece(3)])
    ring.end()
    assert await heard(ring, 0) == [3]
