"""Tests of footage over HTTP: what is held, and single frames."""

import asyncio
from datetime import datetime
import time
from typing import Any, Final

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.segments.ring import SegmentRing

from ..core.footage.runs import shown, shown_at
from ..leaks import own_threads
from ..viewers import frame_number
from ..waiting import until
from .footage_clients import Past

HELD: Final = 4.0
"""Seconds of footage to wait for."""


@pytest.fixture
async def past(demo: CameraInstance, hass_client: ClientSessionGenerator) -> Past:
    """The footage of a demo camera whose lookback has some seconds."""
    await until(lambda: demo.ring.available > HELD)
    return Past(await hass_client(), demo)


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def test_list_tells_spans_and_total(demo: CameraInstance, past: Past) -> None:
    answer = await past.list()
    (span,) = answer["spans"]
    assert span["where"] == "memory"
    assert answer["total"] == pytest.approx(unix(span["end"]) - unix(span["start"]), abs=0.01)
    assert answer["total"] > HELD
    cut = await past.list(after=unix(span["start"]) + 1, before=span["end"])
    assert unix(cut["spans"][0]["start"]) == pytest.approx(unix(span["start"]) + 1, abs=0.002)
    assert (await past.list(before=1))["spans"] == []


async def test_frame_is_the_one_that_was_shown(demo: CameraInstance, past: Past) -> None:
    frames = shown(demo.ring)
    for at in (frames[0].time, (frames[3].time + frames[60].time) / 2, frames[60].time):
        response = await past.frame(at=at)
        assert response.status == 200
        expected = shown_at(frames, at + 0.0006)
        assert frame_number(await response.read()) == expected.number
        assert expected.has_time(float(response.headers["X-Retrocam-Time"]))
    written = datetime.fromtimestamp(frames[50].time + 0.001).astimezone().isoformat()
    for text in (written, written.replace("+", " ")):
        assert frame_number(await (await past.frame(at=text)).read()) == frames[50].number


async def test_fast_frame_is_a_keyframe_and_small(demo: CameraInstance, past: Past) -> None:
    at = shown(demo.ring)[70].time
    response = await past.frame(at=at, fast=1, width=160)
    data = await response.read()
    assert jpeg.size(data) == (160, 90)
    assert float(response.headers["X-Retrocam-Time"]) <= at
    # Whoever has it need not ask for a time before the next one.
    assert float(response.headers["X-Retrocam-Until"]) > at
    exact_response = await past.frame(at=at, fast=0)
    assert "X-Retrocam-Until" not in exact_response.headers
    assert frame_number(data) <= frame_number(await exact_response.read())
    assert response.content_type == "image/jpeg"
    assert response.headers["Cache-Control"] == "no-store"


async def test_head_has_no_body(demo: CameraInstance, past: Past) -> None:
    frame = shown(demo.ring)[10]
    whole, head = await past.frame(at=frame.time), await past.frame("HEAD", at=frame.time)
    assert (head.status, await head.read()) == (200, b"")
    for name in ("Content-Length", "Content-Type"):
        assert head.headers[name] == whole.headers[name]
    for response in (whole, head):
        assert frame.has_time(float(response.headers["X-Retrocam-Time"]))
    assert (await past.frame("HEAD", at=0)).status == 404


REFUSALS: Final[list[tuple[dict[str, Any], str]]] = [
    ({"at": 0}, "not_held"),
    ({"at": -5e9}, "not_held"),
    ({"at": 1e300}, "not_held"),
    ({"at": 5e9}, "not_held"),
    ({"at": "1969-07-20T20:17:40Z"}, "not_held"),
    ({"at": "nan"}, "invalid_time"),
    ({"at": "inf"}, "invalid_time"),
    ({"at": "yesterday"}, "invalid_time"),
    ({"at": "2026-00-30T00:00:00Z"}, "invalid_time"),
    ({}, "invalid_time"),
    ({"at": 0, "width": -1}, "invalid_width"),
    ({"at": 0, "width": 99999}, "invalid_width"),
    ({"at": 0, "width": "wide"}, "invalid_width"),
]


async def test_refusal_says_why_and_where_footage_is(past: Past) -> None:
    for query, code in REFUSALS:
        response = await past.frame(**query)
        assert response.status == 404
        answer = await response.json()
        assert (answer["code"], answer["message"] != "") == (code, True)
        assert answer["spans"][0]["where"] == "memory"
    response = await past.request("", after=2, before=1)
    assert (response.status, (await response.json())["code"]) == (404, "invalid_span")


async def test_frame_of_this_moment_is_awaited(demo: CameraInstance, past: Past) -> None:
    now = time.time()
    assert demo.footage.spans()[-1].end < now
    response = await past.frame(at=now)
    assert response.status == 200
    assert float(response.headers["X-Retrocam-Time"]) <= now + 0.0006
    expected = shown_at(shown(demo.ring), now + 0.0006)
    assert frame_number(await response.read()) == expected.number


async def test_unloading_ends_a_wait(
    home: HomeAssistant, demo: CameraInstance, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The part that it waits for does not come.
    monkeypatch.setattr(SegmentRing, "add_part", lambda *_: None)
    monkeypatch.setattr("custom_components.retrocam.cameras.footage._PATIENCE", 600.0)
    waiting = asyncio.create_task(past.frame(at=time.time()))
    await until(lambda: demo.footage.diagnostics()["waiting"])
    assert await home.config_entries.async_unload(demo.entry.entry_id)
    assert (await waiting).status == 404
    assert own_threads() == []


async def test_many_requests_at_once(demo: CameraInstance, past: Past) -> None:
    frames = shown(demo.ring)
    wanted = [frame for frame in frames[::8] for _ in range(4)]
    answers = await asyncio.gather(*(past.frame(at=frame.time, width=320) for frame in wanted))
    for answer, frame in zip(answers, wanted, strict=True):
        assert frame_number(await answer.read()) == frame.number
    assert [n for n in own_threads() if n.startswith("retrocam frame")] == []


async def test_idle_camera_holds_nothing(
    quiet_demo: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    past = Past(await hass_client(), quiet_demo)
    assert await past.list() == {"spans": [], "total": 0}
    assert (await past.frame(at=time.time())).status == 404
    assert not quiet_demo.provider.in_use
