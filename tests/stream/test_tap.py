"""A tap whose ring comes between a segment and its first part."""

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


def begun(number: int, cut: Cut, output: StreamOutput) -> Segment:
    """Begin a segment as the worker does, which tells its outputs."""
    return Segment(
        sequence=number,
        init=cut.init,
        stream_id=0,
        start_time=datetime.now(UTC),
        _stream_outputs=[output],
    )


def finish(segment: Segment, cut: Cut) -> None:
    """Add the parts of a segment, and end it."""
    for part in cut.parts:
        last = cut.duration if part is cut.parts[-1] else 0
        segment.async_add_part(Part(part.duration, part.has_keyframe, part.data), last)


@pytest.mark.parametrize("first", [TAP_PROVIDER, HLS_PROVIDER])
async def test_a_ring_has_a_segment_whose_first_part_comes_after_it(
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
        held = [part.data for held in ring.segments for part in held.parts]
        both = [part.data for cut in (two, three) for part in cut.parts]
        assert held[-len(both) :] == both
        assert len({held.run for held in ring.segments}) == 1
    finally:
        for one_of_them in list(stream.outputs().values()):
            await stream.remove_provider(one_of_them)
