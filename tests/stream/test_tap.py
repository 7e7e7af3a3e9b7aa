"""Attaching a ring between the start of a segment and its first part."""

import asyncio
from datetime import UTC, datetime

from homeassistant.components.camera import DynamicStreamSettings
from homeassistant.components.stream import HLS_PROVIDER, create_stream
from homeassistant.components.stream.core import Part, Segment, StreamOutput
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.stream.tap import TAP_PROVIDER, StreamTap

from ..core.clips.footage import cuts_of
from ..core.media import Cut
from ..waiting import until


def begun(number: int, cut: Cut, *outputs: StreamOutput) -> Segment:
    """Begin a segment as the worker does."""
    return Segment(
        sequence=number,
        init=cut.init,
        stream_id=0,
        start_time=datetime.now(UTC),
        _stream_outputs=list(outputs),
    )


def finish(segment: Segment, cut: Cut) -> None:
    """Add the parts of a segment, and end it."""
    for part in cut.parts:
        last = cut.duration if part is cut.parts[-1] else 0
        segment.async_add_part(Part(part.duration, part.has_keyframe, part.data), last)


@pytest.mark.parametrize("first", [TAP_PROVIDER, HLS_PROVIDER])
async def test_ring_attached_before_first_part_gets_whole_segment(
    hass: HomeAssistant, first: str
) -> None:
    assert await async_setup_component(hass, "stream", {})
    stream = create_stream(hass, "rtsp://camera.example/porch", {}, DynamicStreamSettings())
    output = stream.add_provider(first)
    before, ring = SegmentRing(60, 1 << 30), SegmentRing(60, 1 << 30)
    if isinstance(output, StreamTap):
        output.attach(before, stream)
    one, two, three = cuts_of(500)[:3]
    segment = begun(0, one, output)
    await hass.async_block_till_done()
    finish(segment, one)
    segment = begun(1, two, output)
    await hass.async_block_till_done()
    tap = stream.add_provider(TAP_PROVIDER)
    assert isinstance(tap, StreamTap)
    tap.attach(ring, stream)
    finish(segment, two)
    segment = begun(2, three, tap)
    await hass.async_block_till_done()
    finish(segment, three)
    try:
        data = [part.data for segment in ring.segments for part in segment.parts]
        both = [part.data for cut in (two, three) for part in cut.parts]
        assert data[-len(both) :] == both
        assert len({segment.run for segment in ring.segments}) == 1
    finally:
        for other_output in list(stream.outputs().values()):
            await stream.remove_provider(other_output)


@pytest.mark.parametrize("begun_before", [False, True])
async def test_hls_gets_the_segments_that_the_tap_has(
    hass: HomeAssistant, *, begun_before: bool
) -> None:
    assert await async_setup_component(hass, "stream", {})
    stream = create_stream(hass, "rtsp://camera.example/porch", {}, DynamicStreamSettings())
    tap = stream.add_provider(TAP_PROVIDER)
    assert isinstance(tap, StreamTap)
    ring = SegmentRing(60, 1 << 30)
    tap.attach(ring, stream)
    cuts = cuts_of(500)[:4]
    for number in range(2):
        segment = begun(number, cuts[number], tap)
        await hass.async_block_till_done()
        finish(segment, cuts[number])
    if begun_before:
        # The worker has made it, and the event loop does not know it yet.
        segment = begun(2, cuts[2], tap)
        tap.lend(stream)
    else:
        tap.lend(stream)
        segment = begun(2, cuts[2], *stream.outputs().values())
    hls = stream.outputs()[HLS_PROVIDER]
    try:
        await until(lambda: hls.last_sequence == 2)
        assert hls.sequences == [0, 1, 2]
        event = asyncio.create_task(hls.part_recv(10))
        await asyncio.sleep(0)
        finish(segment, cuts[2])
        assert await event
        held = [part.data for segment in ring.segments for part in segment.parts]
        assert [part.data for segment in hls.get_segments() for part in segment.parts] == held
    finally:
        for output in list(stream.outputs().values()):
            await stream.remove_provider(output)
