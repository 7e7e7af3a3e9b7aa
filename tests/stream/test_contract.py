"""Internals of Home Assistant's stream component that Retrocam relies on.

When a release of Home Assistant changes one of these, its test fails.
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
from ..waiting import until


def parameters(function: object) -> list[str]:
    assert callable(function)
    signature = inspect.signature(function, annotation_format=annotationlib.Format.STRING)
    return list(signature.parameters)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "stream" in thread.name]


def test_output_providers_are_created_by_name() -> None:
    assert PROVIDERS[TAP_PROVIDER] is StreamTap
    assert parameters(StreamOutput.__init__)[:5] == [
        "self",
        "hass",
        "idle_timer",
        "stream_settings",
        "dynamic_stream_settings",
    ]
    assert "PROVIDERS[fmt](" in inspect.getsource(Stream.add_provider)


def test_outputs_get_segments_and_parts_in_the_event_loop() -> None:
    assert parameters(StreamOutput._async_put) == ["self", "segment"]
    assert parameters(StreamOutput.part_put) == ["self"]
    assert "call_soon_threadsafe(self._async_put" in inspect.getsource(StreamOutput.put)
    assert "output.part_put()" in inspect.getsource(Segment.async_add_part)


def test_segments_and_parts_have_the_fields_of_the_ring() -> None:
    fields = {field.name for field in dataclasses.fields(Segment)}
    assert {"sequence", "init", "stream_id", "parts", "duration", "_stream_outputs"} <= fields
    assert {"duration", "data"} <= {field.name for field in dataclasses.fields(Part)}
    # A tap attached during a segment is added to the segment's list of outputs.
    assert "return list(" in inspect.getsource(StreamState.outputs.fget)  # type: ignore[attr-defined]  # a property has it


def test_idle_timer_methods() -> None:
    for method in ("start", "awake", "clear"):
        assert parameters(getattr(IdleTimer, method)) == ["self"]


def test_stream_stop_and_restart() -> None:
    assert parameters(Stream._stop) == ["self"]
    assert parameters(Stream.remove_provider) == ["self", "provider"]
    # The lock is held while a worker is ending.
    for method in (Stream.start, Stream._stop):
        assert "async with self._start_stop_lock:" in inspect.getsource(method)
    worker = inspect.getsource(Stream._run_worker)
    # `BackOff` replaces the event, so the worker must read the attribute each time.
    assert "while not self._thread_quit.wait(timeout=wait_timeout)" in worker
    # A running worker reopens an updated source at once.
    assert "if self._fast_restart_once:" in worker
    assert "self._thread_quit.set()" in inspect.getsource(Stream.update_source)
    assert "remove_provider(provider)" in inspect.getsource(Stream._run_worker)
    assert isinstance(DynamicStreamSettings().preload_stream, bool)
    assert callable(get_camera_from_entity_id)
    assert callable(get_dynamic_camera_stream_settings)


async def test_worker_feeds_tap_and_ends_without_outputs(
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
    # The newest keyframe as the source sent it, with start codes and parameter sets. The worker stores
    # the second one first, which may follow the first part.
    await until(lambda: stream._keyframe_converter._packet)
    keyframe = stream._keyframe_converter._packet
    assert keyframe is not None
    assert keyframe.is_keyframe
    assert keyframe.pts is not None
    assert bytes(keyframe).startswith(b"\0\0\0\1")
    await stream.remove_provider(tap)
    assert threads() == []
    assert tap.last_segment is None


async def test_stream_logger_is_child_of_component_logger(hass: HomeAssistant) -> None:
    await async_setup_component(hass, DOMAIN, {})
    stream = create_stream(hass, "rtsp://cam/", {}, DynamicStreamSettings(), "camera.porch")
    assert logger_name(stream) == f"{STREAMS}.stream.camera.porch"
