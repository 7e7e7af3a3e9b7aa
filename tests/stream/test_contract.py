"""What Retrocam relies on in Home Assistant's stream component, by name.

When a release of Home Assistant moves one of these, its test fails and says which.
"""

import annotationlib
import asyncio
import dataclasses
import inspect
import threading

from homeassistant.components.camera.helper import get_camera_from_entity_id
from homeassistant.components.camera.prefs import (
    DynamicStreamSettings,
    get_dynamic_camera_stream_settings,
)
from homeassistant.components.stream import Stream, create_stream
from homeassistant.components.stream.const import ATTR_STREAMS, DOMAIN
from homeassistant.components.stream.core import (
    PROVIDERS,
    IdleTimer,
    Part,
    Segment,
    StreamOutput,
)
from homeassistant.components.stream.worker import StreamState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.retrocam.stream.redaction import STREAMS
from custom_components.retrocam.stream.tap import TAP_PROVIDER, StreamTap, logger_name

from ..rtsp import RtspServer


def parameters(function: object) -> list[str]:
    assert callable(function)
    signature = inspect.signature(function, annotation_format=annotationlib.Format.STRING)
    return list(signature.parameters)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "stream" in thread.name]


def test_providers_are_made_by_name_with_four_arguments() -> None:
    assert PROVIDERS[TAP_PROVIDER] is StreamTap
    assert parameters(StreamOutput.__init__)[:5] == [
        "self",
        "hass",
        "idle_timer",
        "stream_settings",
        "dynamic_stream_settings",
    ]
    assert "PROVIDERS[fmt](" in inspect.getsource(Stream.add_provider)


def test_outputs_are_told_of_segments_and_parts_in_the_event_loop() -> None:
    assert parameters(StreamOutput._async_put) == ["self", "segment"]
    assert parameters(StreamOutput.part_put) == ["self"]
    assert "call_soon_threadsafe(self._async_put" in inspect.getsource(StreamOutput.put)
    assert "output.part_put()" in inspect.getsource(Segment.async_add_part)


def test_segments_and_parts_have_what_the_ring_reads() -> None:
    fields = {field.name for field in dataclasses.fields(Segment)}
    assert {"sequence", "init", "stream_id", "parts", "duration", "_stream_outputs"} <= fields
    assert {"duration", "data"} <= {field.name for field in dataclasses.fields(Part)}
    # A tap that joins a segment in progress is added to the segment's own list of outputs.
    assert "return list(" in inspect.getsource(StreamState.outputs.fget)  # type: ignore[attr-defined]  # a property has it


def test_idle_timer_can_be_cleared_and_woken() -> None:
    for method in ("start", "awake", "clear"):
        assert parameters(getattr(IdleTimer, method)) == ["self"]


def test_streams_end_as_they_did() -> None:
    assert parameters(Stream._stop) == ["self"]
    assert parameters(Stream.remove_provider) == ["self", "provider"]
    # Whoever waits for it comes after a worker that is ending.
    for method in (Stream.start, Stream._stop):
        assert "async with self._start_stop_lock:" in inspect.getsource(method)
    worker = inspect.getsource(Stream._run_worker)
    assert "while not self._thread_quit.wait(timeout=wait_timeout)" in worker
    # A running worker that is given a source goes on with it at once.
    assert "if self._fast_restart_once:" in worker
    assert "self._thread_quit.set()" in inspect.getsource(Stream.update_source)
    assert "remove_provider(provider)" in inspect.getsource(Stream._run_worker)
    assert isinstance(DynamicStreamSettings().preload_stream, bool)
    assert callable(get_camera_from_entity_id)
    assert callable(get_dynamic_camera_stream_settings)


async def test_a_real_worker_feeds_a_tap_and_is_left_without_one(
    home: HomeAssistant, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/contract")
    stream = create_stream(home, mount.url, {}, DynamicStreamSettings(), "contract")
    assert stream in home.data[DOMAIN][ATTR_STREAMS]
    tap = stream.add_provider(TAP_PROVIDER)
    assert isinstance(tap, StreamTap)
    await stream.start()
    assert threads() == ["stream_worker"]
    async with asyncio.timeout(30):
        assert await tap.part_recv()
    segment = tap.last_segment
    assert segment is not None
    assert segment.init[4:8] == b"ftyp"
    assert isinstance(segment._stream_outputs, list)
    await stream.remove_provider(tap)
    assert threads() == []
    assert tap.last_segment is None


async def test_a_stream_logs_to_a_logger_below_the_component_s(hass: HomeAssistant) -> None:
    await async_setup_component(hass, DOMAIN, {})
    stream = create_stream(hass, "rtsp://cam/", {}, DynamicStreamSettings(), "camera.porch")
    assert logger_name(stream) == f"{STREAMS}.stream.camera.porch"
