"""Footage as HLS over HTTP from the tape into memory, over a restart, and with a drive that hangs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
import time

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.part_waits import PartWaits
from custom_components.retrocam.workload import DECODES

from ..conftest import LoadEntry
from ..core.footage.hls import Parsed, parse
from ..core.footage.runs import shown
from ..core.tape.taping import files_of
from ..leaks import own_threads
from ..players import FROM_START, decoded, decoded_by_ffmpeg
from ..stream.stalling import StallingDirectory, beats
from ..waiting import until
from .footage_clients import Past, player_of
from .taped import DATA, OPTIONS, add_taped, beyond


@pytest.fixture
async def camera(load: LoadEntry) -> CameraInstance:
    """A demo camera with a tape, and less in memory than on it."""
    return await add_taped(load)


@pytest.fixture
async def session(home: HomeAssistant) -> AsyncIterator[ClientSession]:
    async with ClientSession() as opened:
        yield opened


async def test_playlist_runs_from_the_tape_over_a_restart_into_memory(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    # The ring forgets: what it had is read while it has it.
    before = shown(camera.ring)
    entry = camera.entry
    assert await home.config_entries.async_reload(entry.entry_id)
    after: CameraInstance = entry.runtime_data
    await until(lambda: beyond(after) > beyond(camera) + 3 and after.ring.available > 3)
    start, end = before[3].time, shown(after.ring)[-5].time
    player = player_of(home, session, after, f"?start={start}&end={end}")
    parsed = parse(await player.playlist())
    assert parsed.ended
    names = [one.uri.rpartition("/")[2] for one in parsed.segments]
    assert names[0].startswith("t")
    assert not names[-1].startswith("t")
    assert [one.discontinuity for one in parsed.segments[1:]].count(True) == 1
    numbers = await decoded_by_ffmpeg(player.url)
    steps = [later - one for one, later in pairwise(numbers)]
    seams = [index for index, step in enumerate(steps, 1) if step != 1]
    assert len(seams) == 1
    old, new = numbers[: seams[0]], numbers[seams[0] :]
    assert before[0].number <= old[0] <= before[3].number
    assert old[-1] >= before[-1].number
    assert new[-1] >= shown(after.ring)[0].number


async def test_open_playlist_runs_on_from_the_tape_into_the_present(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    frames = shown(camera.ring)
    await until(lambda: camera.ring.segments[0].start > frames[-1].position)
    player = player_of(home, session, camera, f"?start={frames[0].time}")
    parsed = parse(await player.playlist())
    assert not parsed.ended
    last = parsed.segments[-1]
    later = parse(await player.playlist(f"&_HLS_msn={last.number}&_HLS_part={len(last.parts)}"))
    assert (later.segments[-1].number, len(later.segments[-1].parts)) != (
        last.number,
        len(last.parts),
    )
    agree(parsed, later)
    count = len(frames) + 60
    numbers = await decoded(FROM_START["FFmpeg"], player.url, count)
    assert numbers == list(range(numbers[0], numbers[0] + count))
    assert numbers[0] <= frames[0].number


def agree(one: Parsed, later: Parsed) -> None:
    """Check that a playlist says of segments what it said before."""
    said = {listed.number: listed for listed in later.segments}
    for listed in one.segments[1:]:
        if listed.uri:
            assert (said[listed.number].uri, said[listed.number].duration) == (
                listed.uri,
                listed.duration,
            )


async def test_what_a_player_was_named_is_served_when_memory_has_dropped_it(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    player = player_of(home, session, camera)
    first = parse(await player.playlist()).segments[0]
    number = camera.ring.segments[0].number
    whole = await (await player.get(first.uri)).read()
    section = await (await player.get(first.section)).read()
    camera.footage._stream.clear()
    await until(lambda: camera.ring.segments[0].number > number)
    await until(lambda: all(one.number != number for one in camera.tape._unwritten()))
    response = await player.get(first.uri)
    assert (response.status, await response.read()) == (200, whole)
    assert await (await player.get(first.section)).read() == section


async def test_signature_opens_no_other_time_of_the_tape(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    await until(lambda: beyond(camera) > 13)
    oldest = camera.footage.spans()[0].start
    whole = parse(
        await player_of(home, session, camera, f"?start={oldest}&end={time.time()}").playlist()
    )
    end = whole.segments[1].date
    player = player_of(home, session, camera, f"?start={oldest}&end={end}")
    parsed = parse(await player.playlist())
    signature = player.url.rpartition("authSig=")[2]
    assert (await player.get(parsed.segments[0].uri)).status == 200
    others = [one for one in whole.segments if one.uri and one.date > end + 0.5]
    assert others[0].uri.rpartition("/")[2].startswith("t")
    for other in others:
        bare = other.uri.partition("?")[0]
        assert (await player.get(bare)).status == 403
        assert (await player.get(f"{bare}?authSig={signature}")).status == 403
    stranger = f"media/{camera.footage.epoch}/t1.s0.m4s"
    assert (await player.get(stranger)).status == 403
    assert (await player.get(f"{stranger}?authSig={signature}")).status == 410


async def test_too_long_a_playlist_is_refused(
    home: HomeAssistant,
    camera: CameraInstance,
    session: ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = time.time() - 7200
    monkeypatch.setattr(camera.tape.footage, "first_after", lambda _: began)
    player = player_of(home, session, camera, f"?start=5&end={time.time()}")
    response = await session.get(player.url)
    answer = await response.json()
    assert (response.status, answer["code"]) == (404, "not_held")
    assert "3600 s" in answer["message"]


async def test_camera_that_is_away_is_not_waited_for(
    home: HomeAssistant,
    camera: CameraInstance,
    session: ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits = list[float]()
    wait = PartWaits.async_wait

    async def counted(parts: PartWaits, condition: Callable[[], bool], seconds: float) -> bool:
        waits.append(seconds)
        return await wait(parts, condition, seconds)

    oldest = camera.footage.spans()[0].start
    options = {**OPTIONS, "tape": {"tape_enabled": False}, "lookback": {"lookback_enabled": False}}
    home.config_entries.async_update_entry(camera.entry, options=options)
    assert await home.config_entries.async_reload(camera.entry.entry_id)
    after: CameraInstance = camera.entry.runtime_data
    await after.tape.async_maintain()
    assert after.footage.spans()[0].start == oldest
    assert not after.ring.segments
    await until(lambda: time.time() > oldest + 10)
    monkeypatch.setattr(PartWaits, "async_wait", counted)
    # Neither by a playlist that ends a while ago, nor by one that runs on into the present.
    for query in (f"&end={oldest + 2}", ""):
        parsed = parse(await player_of(home, session, after, f"?start={oldest}{query}").playlist())
        assert parsed.segments[0].uri.startswith("media/")
        assert parsed.ended is bool(query)
    assert waits == []


async def test_file_that_is_read_stays(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    folder = camera.media.directory
    assert await home.config_entries.async_reload(camera.entry.entry_id)
    after: CameraInstance = camera.entry.runtime_data
    await until(lambda: len(files_of(folder)) == 2 and beyond(after) > 3)
    oldest = after.footage.spans()[0]
    player = player_of(home, session, after, f"?start={oldest.start}&end={oldest.start + 2}")
    uri = parse(await player.playlist()).segments[0].uri
    store = after.tape._store
    store.limits = type(store.limits)(hours=1, size=1, min_free=0)
    await asyncio.to_thread(store.apply_limits)
    assert len(files_of(folder)) == 2
    # It is no longer listed, but plays on for who was told of it.
    assert after.footage.spans()[0].start > oldest.start
    after.footage.taped.clear()
    await asyncio.to_thread(store.apply_limits)
    assert len(files_of(folder)) == 1
    assert (await player.get(uri)).status == 410


async def test_hanging_drive_holds_neither_memory_nor_other_cameras(
    home: HomeAssistant,
    load: LoadEntry,
    session: ClientSession,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> None:
    async with StallingDirectory.mounted(tmp_path) as drive:
        home.config.media_dirs = {"local": str(drive.path)}
        entry = await load({**DATA, "name": "Yard"}, title="Yard", options=OPTIONS)
        yard: CameraInstance = entry.runtime_data
        await until(lambda: beyond(yard) > 3)
        oldest, now = yard.footage.spans()[0].start, time.time()
        past = player_of(home, session, yard, f"?start={oldest}&end={now}")
        uri = parse(await past.playlist()).segments[0].uri
        drive.pause()
        try:
            hanging = [
                asyncio.create_task(request)
                for _ in range(10)
                for request in (past.get(), past.get(uri))
            ]
            await until(lambda: any("tape reader" in name for name in own_threads()))
            await beats(100)
            # What is in memory plays, and what runs on into the present begins there.
            present = parse(await player_of(home, session, yard).playlist())
            player = player_of(home, session, yard)
            for one in present.segments:
                assert not one.uri or (await player.get(one.uri)).status == 200
            open_one = parse(await player_of(home, session, yard, f"?start={oldest}").playlist())
            assert open_one.segments[-1].parts
            # Pictures of the tape hang as well, more than are decoded at once in all.
            frames = Past(await hass_client(), yard)
            hanging += [
                asyncio.create_task(frames.frame(at=oldest + number / 4))
                for number in range(2 * DECODES)
            ]
            await beats(100)
            picture = await frames.frame(at=time.time() - 1.5)
            assert picture.status == 200
            assert not any(task.done() for task in hanging)
            assert len([name for name in own_threads() if "tape reader" in name]) <= 12
            assert not drive.rescued
        finally:
            drive.resume()
        answers = await asyncio.gather(*hanging)
        assert [await answer.text() for answer in answers if answer.status != 200] == []
        assert await home.config_entries.async_unload(entry.entry_id)
