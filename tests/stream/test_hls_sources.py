"""A live HLS source: segments that arrive in bursts, and a playlist that stalls."""

import asyncio

import pytest

from custom_components.retrocam.cameras import CameraInstance

from ..conftest import LoadEntry
from ..core.clips.clip_checks import shown
from ..core.media import numbers_of
from ..hls_camera import hls_camera
from ..waiting import until


@pytest.mark.parametrize("seconds", [4, 10])
async def test_clip_of_bursty_source_shows_its_trigger(
    load: LoadEntry, socket_enabled: None, seconds: int
) -> None:
    with hls_camera(seconds=seconds) as source:
        entry = await load({"kind": "camera_url", "url": source.url})
        instance: CameraInstance = entry.runtime_data
        ring = instance.provider.ring
        # The first three segments, except the last GOP, which the worker holds back.
        await until(lambda: ring.available >= 3 * seconds - 2.5)
        recording = instance.recorder.async_begin(lookback=3, duration=2)
        result = await asyncio.wait_for(recording.done, 30)
    assert (result.complete, result.reason) == (True, None)
    assert result.lookback >= 3
    numbers = [number for _, number in shown(result.path)]
    first = numbers[0]
    assert first is not None
    assert numbers == list(range(first, first + len(numbers)))
    length = (result.lookback + 2) * source.fps
    assert len(numbers) == pytest.approx(length, abs=1)


async def test_replay_of_stalled_source_is_not_the_present(
    load: LoadEntry, socket_enabled: None
) -> None:
    with hls_camera(seconds=4) as source:
        entry = await load({"kind": "camera_url", "url": source.url})
        instance: CameraInstance = entry.runtime_data
        provider, ring = instance.provider, instance.provider.ring
        await until(lambda: ring.available >= 9.5)
        assert provider.stream is not None
        hls = provider.stream.add_provider("hls")
        source.stall()
        source.hang_up()
        await until(lambda: not provider.available)
        last = ring.last_arrival
        # After the reconnection: of the last three segments, all GOPs but the last.
        await until(lambda: [segment.stream_id for segment in hls.get_segments()] == [1] * 5)
        assert ring.last_arrival == last
        assert not provider.connected
        source.resume()
        await until(lambda: provider.connected)
        numbers = numbers_of(ring.segments)
    assert numbers == list(range(numbers[0] or 0, (numbers[-1] or 0) + 1))
