"""A large library and many callers: pages, one `reset`, `busy`, and an event loop that stays free.

What `benchmarks/stalls.py` measures with 100,000 files is held here with a tenth of them, and loosely.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
import threading
from typing import Any

from homeassistant.components.media_source import async_browse_media
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)
import voluptuous as vol

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.base import MAX_WAITING
from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.cameras.recorder import MAX_CLIPS
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.library.files import format_name
from custom_components.retrocam.core.library.reader import MAX_NAMED
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.status import Status
from custom_components.retrocam.media.items import MOST_LISTED, MediaKind, content_id

from .calling import answer_of
from .cameras.players import play, state_of
from .conftest import LoadEntry
from .loop_lag import STRETCH, loop_lag
from .viewers import QUIET, SMALL
from .waiting import WITHIN, until

FILES = 10_000
CALLERS = 20
START = 1_767_225_600
"""2026-01-01, so that all files are of one day."""
NAMES = [format_name((START + number) * 1000, "jpg") for number in range(FILES)]
CAMERA = "camera.porch"


@pytest.fixture
async def camera(load: LoadEntry) -> CameraInstance:
    """A camera with a large library of snapshots a second apart."""
    options = {**QUIET, "history": {"history_enabled": False, "keep_last": 0}}
    options["storage"] = {"min_free_megabytes": 0}
    entry = await load({"kind": "demo", "name": "Porch", "advanced": SMALL}, options=options)
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded)

    def fill() -> None:
        for name in NAMES:
            (instance.media.snapshots.directory / name).write_bytes(b"x")
        instance.media.snapshots.refresh()

    await instance.media.async_run(fill, MediaKind.SNAPSHOTS)
    return instance


async def all_at_once(ask: Callable[[], Awaitable[Any]], *, pause: float = 0.001) -> list[Any]:
    """Run all callers at once; return their answers. Fails if the loop was blocked for long.

    Without a `pause`, each iteration of the loop is counted: for what takes a millisecond.
    """
    with loop_lag(pause) as lag:
        answers = await asyncio.gather(*(ask() for _ in range(CALLERS)))
    assert lag.longest < STRETCH
    assert lag.turns > CALLERS
    return answers


async def test_http_pages_contain_each_file_once(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    path = f"/api/retrocam/snapshots/{camera.entry.entry_id}"
    seen: list[str] = []
    query = {"limit": str(MOST_LISTED)}
    while page := await (await client.get(path, params=query)).json():
        assert len(page) <= MOST_LISTED
        seen += [item["filename"] for item in page]
        query["before"] = page[-1]["timestamp"]
    assert seen == NAMES[::-1]
    for wrong in ({"limit": str(MOST_LISTED + 1)}, {"before": "yesterday"}):
        assert (await client.get(path, params=wrong)).status == 400


async def test_websocket_and_action_pages_contain_each_file_once(
    home: HomeAssistant, camera: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    socket = await hass_ws_client()
    command = {"type": "retrocam/media/list", "entry_id": camera.entry.entry_id}

    async def by_command(**asked: Any) -> dict[str, Any]:
        await socket.send_json_auto_id({**command, "kind": "snapshots", **asked})
        answer: dict[str, Any] = (await socket.receive_json())["result"]
        return answer

    for ask in (by_command, partial(answer_of, home, "list_snapshots", CAMERA)):
        seen: list[str] = []
        asked: dict[str, Any] = {"limit": MOST_LISTED}
        while (page := await ask(**asked))["items"]:
            assert page["total"] == FILES - len(seen)
            seen += [item["filename"] for item in page["items"]]
            asked["before"] = page["items"][-1]["timestamp"]
        assert seen == NAMES[::-1]
    await socket.send_json_auto_id({**command, "kind": "snapshots", "limit": MOST_LISTED + 1})
    assert (await socket.receive_json())["error"]["code"] == "invalid_format"
    with pytest.raises(vol.Invalid):
        await answer_of(home, "list_snapshots", CAMERA, limit=MOST_LISTED + 1)


async def test_page_does_not_split_one_millisecond(camera: CameraInstance) -> None:
    library = camera.media.snapshots
    twin = NAMES[-2].replace("jpg", "png")

    def add() -> None:
        (library.directory / twin).write_bytes(b"x")
        library.refresh()

    await camera.media.async_run(add, MediaKind.SNAPSHOTS)
    assert [item.name for item in library.page(2)] == [NAMES[-1], twin, NAMES[-2]]
    assert [item.name for item in library.page(1)] == [NAMES[-1]]
    assert list(library.page(0)) == []


async def test_concurrent_lists_do_not_block_the_loop(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    path = f"/api/retrocam/snapshots/{camera.entry.entry_id}?limit={MOST_LISTED}"

    async def over_http() -> int:
        return len(await (await client.get(path)).json())

    assert set(await all_at_once(over_http)) == {MOST_LISTED}
    listed = partial(answer_of, home, "list_snapshots", CAMERA, limit=MOST_LISTED)
    assert {len(answer["items"]) for answer in await all_at_once(listed)} == {MOST_LISTED}


async def test_concurrent_browsing_of_a_large_day_does_not_block_the_loop(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    await home.config.async_set_time_zone("UTC")
    base = f"media-source://{DOMAIN}/{camera.entry.entry_id}/snapshots"
    of_day = partial(async_browse_media, home, f"{base}/2026-01-01")
    for found in await all_at_once(of_day, pause=0.0):
        # More than can be listed: by hours.
        assert len(found.children) == -(-FILES // 3600)
        assert all(hour.can_expand for hour in found.children)
    for found in await all_at_once(partial(async_browse_media, home, base), pause=0.0):
        assert [child.title for child in found.children] == ["2026-01-01"]


async def events_until(socket: MockHAClientWebSocket, last: str) -> list[dict[str, Any]]:
    """Return the events up to the first with this type or file name."""
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(WITHIN):
        while not events or last not in (events[-1]["type"], events[-1].get("filename")):
            events.append((await socket.receive_json())["event"])
    return events


@pytest.mark.parametrize("by_limit", [False, True])
async def test_many_deletions_push_one_reset(
    all_entities: None,
    home: HomeAssistant,
    camera: CameraInstance,
    hass_ws_client: WebSocketGenerator,
    *,
    by_limit: bool,
) -> None:
    entry_id = camera.entry.entry_id
    socket = await hass_ws_client()
    await socket.send_json_auto_id({"type": "retrocam/media/subscribe", "entry_id": entry_id})
    assert (await socket.receive_json())["success"]
    left = 20
    with loop_lag() as lag:
        if by_limit:
            await camera.media.async_limit_counts(snapshots=left, recordings=0)
        else:
            names = NAMES[: FILES - left]
            ids = [content_id(entry_id, MediaKind.SNAPSHOTS, name) for name in names]
            answer = await answer_of(home, "delete_media", CAMERA, media_content_id=ids)
            assert answer["deleted"] == FILES - left
        await until(lambda: state_of(home, "sensor.porch_snapshots").state == str(left))
    assert lag.longest < STRETCH
    # A few are pushed one by one.
    few = [content_id(entry_id, MediaKind.SNAPSHOTS, name) for name in NAMES[-2:]]
    await answer_of(home, "delete_media", CAMERA, media_content_id=few)
    events = await events_until(socket, NAMES[-1])
    assert [event["type"] for event in events] == ["reset", "deleted", "deleted"]
    assert [event.get("filename") for event in events[1:]] == NAMES[-2:]


async def test_many_single_changes_push_one_reset(
    home: HomeAssistant, camera: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    entry_id = camera.entry.entry_id
    socket = await hass_ws_client()
    await socket.send_json_auto_id({"type": "retrocam/media/subscribe", "entry_id": entry_id})
    assert (await socket.receive_json())["success"]
    library = camera.media.snapshots

    def delete_one_by_one() -> None:
        for name in NAMES[: 5 * MAX_NAMED]:
            library.delete([name])

    # As after a blocked loop: all changes arrive in one iteration.
    worker = threading.Thread(target=delete_one_by_one)
    worker.start()
    worker.join()
    events = await events_until(socket, NAMES[5 * MAX_NAMED - 1])
    assert len(events) <= MAX_NAMED + 2
    assert [event["type"] for event in events].count("reset") == 1


@pytest.mark.parametrize("name", ["ascii_frame", "take_snapshot"])
async def test_snapshot_queue_is_limited(
    home: HomeAssistant, camera: CameraInstance, name: str
) -> None:
    with loop_lag() as lag:
        answers = await asyncio.gather(
            *(answer_of(home, name, CAMERA) for _ in range(200)), return_exceptions=True
        )
    assert lag.longest < STRETCH
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refused) == 200 - 1 - MAX_WAITING
    for error in refused:
        assert isinstance(error, HomeAssistantError)
        assert error.translation_key == "busy"
        assert "busy" in str(error)
    assert await answer_of(home, name, CAMERA)


async def test_concurrent_clips_are_limited(home: HomeAssistant, camera: CameraInstance) -> None:
    async with asyncio.TaskGroup() as group:
        clips = [
            group.create_task(answer_of(home, "record", CAMERA, lookback=0, duration=600))
            for _ in range(MAX_CLIPS)
        ]
        await until(lambda: camera.recorder.active == MAX_CLIPS)
        with pytest.raises(HomeAssistantError) as error:
            await answer_of(home, "record", CAMERA, lookback=0, duration=1)
        assert error.value.translation_key == "busy"
        await until(lambda: camera.ring.available > 0)
        await answer_of(home, "stop_recording", CAMERA)
    assert all(clip.result()["path"] for clip in clips)


async def test_only_last_of_many_plays_starts(
    home: HomeAssistant, player: AsciiPlayer, film: str
) -> None:
    await play(home, film)  # what a first look-up loads is not measured
    sessions: set[int] = set()
    player.session.listeners.add(lambda status: sessions.add(status.session))
    with loop_lag() as lag:
        answers = await asyncio.gather(*(play(home, film) for _ in range(100)))
    assert lag.longest < STRETCH
    assert [answer["state"] for answer in answers[:-1]] == ["superseded"] * 99
    assert answers[-1]["state"] == "playing"
    # The first did not have to wait.
    assert len(sessions) <= 2


async def test_only_last_of_many_seeks_runs(
    home: HomeAssistant, player: AsciiPlayer, film: str
) -> None:
    await play(home, film)
    told = [player.status]
    player.session.listeners.add(told.append)
    await asyncio.gather(*(player.async_seek(float(second % 17)) for second in range(100)))

    def played(status: Status) -> bool:
        return status.state is Phase.PLAYING and status.epoch == told[-1].epoch

    # Of what was told: a busy machine may look at the player when the film is over.
    await until(lambda: any(played(status) and status.position >= 14 for status in told))
    assert len({status.epoch for status in told}) <= 4
