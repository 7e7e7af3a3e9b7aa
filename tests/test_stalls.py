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
from custom_components.retrocam.cameras.base import MOST_WAITING
from custom_components.retrocam.cameras.player import PlayerInstance
from custom_components.retrocam.cameras.recorder import MOST_CLIPS
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.library.files import format_name
from custom_components.retrocam.core.library.reader import MOST_TOLD
from custom_components.retrocam.media.items import MOST_LISTED, MediaKind, content_id

from .calling import answer_of
from .cameras.players import play, state_of
from .conftest import LoadEntry
from .loop_lag import STRETCH, loop_lag
from .viewers import QUIET
from .waiting import until

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
    entry = await load({"kind": "demo", "name": "Porch"}, options=options)
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded)

    def fill() -> None:
        for name in NAMES:
            (instance.media.snapshots.directory / name).write_bytes(b"x")
        instance.media.snapshots.refresh()

    await instance.media.async_run(fill, MediaKind.SNAPSHOTS)
    return instance


async def all_at_once(ask: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Have all callers ask; return their answers. Fails if the loop was held for long meanwhile."""
    with loop_lag() as lag:
        answers = await asyncio.gather(*(ask() for _ in range(CALLERS)))
    assert lag.longest < STRETCH
    assert lag.turns > CALLERS
    return answers


async def test_pages_over_http_give_each_file_once(
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


async def test_pages_over_the_websocket_and_by_action_give_each_file_once(
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


async def test_files_of_one_millisecond_are_not_parted_by_a_page(camera: CameraInstance) -> None:
    library = camera.media.snapshots
    twin = NAMES[-2].replace("jpg", "png")

    def add() -> None:
        (library.directory / twin).write_bytes(b"x")
        library.refresh()

    await camera.media.async_run(add, MediaKind.SNAPSHOTS)
    assert [item.name for item in library.page(2)] == [NAMES[-1], twin, NAMES[-2]]
    assert [item.name for item in library.page(1)] == [NAMES[-1]]
    assert list(library.page(0)) == []


async def test_many_lists_at_once_leave_the_loop_free(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    path = f"/api/retrocam/snapshots/{camera.entry.entry_id}?limit={MOST_LISTED}"

    async def over_http() -> int:
        return len(await (await client.get(path)).json())

    assert set(await all_at_once(over_http)) == {MOST_LISTED}
    listed = partial(answer_of, home, "list_snapshots", CAMERA, limit=MOST_LISTED)
    assert {len(answer["items"]) for answer in await all_at_once(listed)} == {MOST_LISTED}


async def test_a_day_of_thousands_is_browsed_and_says_what_it_leaves_out(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    base = f"media-source://{DOMAIN}/{camera.entry.entry_id}/snapshots"
    for found in await all_at_once(partial(async_browse_media, home, f"{base}/2026-01-01")):
        assert len(found.children) + found.not_shown == FILES
        assert found.children[0].media_content_id.endswith(NAMES[-1])
    for found in await all_at_once(partial(async_browse_media, home, base)):
        assert [child.title for child in found.children] == ["2026-01-01"]


async def told_until(socket: MockHAClientWebSocket, last: str) -> list[dict[str, Any]]:
    """Return the events up to the first with this type or file name."""
    told: list[dict[str, Any]] = []
    async with asyncio.timeout(30):
        while not told or last not in (told[-1]["type"], told[-1].get("filename")):
            told.append((await socket.receive_json())["event"])
    return told


@pytest.mark.parametrize("by_limit", [False, True])
async def test_many_deletions_are_told_as_one_reset(
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
            await camera.media.async_keep(snapshots=left, recordings=0)
        else:
            names = NAMES[: FILES - left]
            ids = [content_id(entry_id, MediaKind.SNAPSHOTS, name) for name in names]
            answer = await answer_of(home, "delete_media", CAMERA, media_content_id=ids)
            assert answer["deleted"] == FILES - left
        await until(lambda: state_of(home, "sensor.porch_snapshots").state == str(left))
    assert lag.longest < STRETCH
    # Few are told one by one.
    few = [content_id(entry_id, MediaKind.SNAPSHOTS, name) for name in NAMES[-2:]]
    await answer_of(home, "delete_media", CAMERA, media_content_id=few)
    told = await told_until(socket, NAMES[-1])
    assert [event["type"] for event in told] == ["reset", "deleted", "deleted"]
    assert [event.get("filename") for event in told[1:]] == NAMES[-2:]


async def test_many_small_changes_at_once_become_one_reset_too(
    home: HomeAssistant, camera: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    entry_id = camera.entry.entry_id
    socket = await hass_ws_client()
    await socket.send_json_auto_id({"type": "retrocam/media/subscribe", "entry_id": entry_id})
    assert (await socket.receive_json())["success"]
    library = camera.media.snapshots

    def delete_one_by_one() -> None:
        for name in NAMES[: 5 * MOST_TOLD]:
            library.delete([name])

    # As if the loop had been held up meanwhile: all changes come in one turn.
    worker = threading.Thread(target=delete_one_by_one)
    worker.start()
    worker.join()
    told = await told_until(socket, NAMES[5 * MOST_TOLD - 1])
    assert len(told) <= MOST_TOLD + 2
    assert [event["type"] for event in told].count("reset") == 1


@pytest.mark.parametrize("name", ["ascii_frame", "take_snapshot"])
async def test_pictures_have_a_queue_with_a_limit(
    home: HomeAssistant, camera: CameraInstance, name: str
) -> None:
    with loop_lag() as lag:
        answers = await asyncio.gather(
            *(answer_of(home, name, CAMERA) for _ in range(200)), return_exceptions=True
        )
    assert lag.longest < STRETCH
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refused) == 200 - 1 - MOST_WAITING
    for error in refused:
        assert isinstance(error, HomeAssistantError)
        assert error.translation_key == "busy"
        assert "busy" in str(error)
    assert await answer_of(home, name, CAMERA)


async def test_clips_of_one_camera_at_once_have_a_limit(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    async with asyncio.TaskGroup() as group:
        clips = [
            group.create_task(answer_of(home, "record", CAMERA, lookback=0, duration=600))
            for _ in range(MOST_CLIPS)
        ]
        await until(lambda: camera.recorder.active == MOST_CLIPS)
        with pytest.raises(HomeAssistantError) as error:
            await answer_of(home, "record", CAMERA, lookback=0, duration=1)
        assert error.value.translation_key == "busy"
        await until(lambda: camera.ring.available > 0)
        await answer_of(home, "stop_recording", CAMERA)
    assert all(clip.result()["path"] for clip in clips)


async def test_of_many_plays_at_once_only_the_last_one_is_begun(
    home: HomeAssistant, player: PlayerInstance, film: str
) -> None:
    await play(home, film)  # what a first look-up loads is not measured
    sessions: set[int] = set()
    player.session.subscribe(lambda status: sessions.add(status.session))
    with loop_lag() as lag:
        answers = await asyncio.gather(*(play(home, film) for _ in range(100)))
    assert lag.longest < STRETCH
    assert [answer["state"] for answer in answers[:-1]] == ["superseded"] * 99
    assert answers[-1]["state"] == "playing"
    # The first one had nothing to wait for.
    assert len(sessions) <= 2


async def test_of_many_seeks_at_once_only_the_last_one_is_done(
    home: HomeAssistant, player: PlayerInstance, film: str
) -> None:
    await play(home, film)
    epochs = {player.status.epoch}
    player.session.subscribe(lambda status: epochs.add(status.epoch))
    await asyncio.gather(*(player.async_seek(float(second % 17)) for second in range(100)))
    await until(lambda: player.status.state.value == "playing" and player.status.position > 14)
    assert len(epochs) <= 4
