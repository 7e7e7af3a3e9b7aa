"""Footage, MJPEG and media files in FFmpeg, mpv, GStreamer and VLC, by the numbers of the frames."""

from itertools import groupby, pairwise
from typing import Final

import pytest

from ...players import FROM_START, MJPEG_PLAYERS, PLAYERS, Player, decoded
from .conftest import FPS, Home

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="package")]

NEAR: Final = 13.0
"""Seconds ago from which all players begin: two or three whole segments of 6 s."""
FAR: Final = 26.0
GOP: Final = 1.0
"""Longest distance of the camera's keyframes in s."""

TAIL: Final = {"GStreamer": 4, "GStreamer's playbin3": 4, "VLC": 1}
"""Most frames that a player leaves out at the end of a file.

Over HTTP, GStreamer 1.22 ends with the frame that is shown last, which B-frames follow; it does so with
FFmpeg's files, too.
"""

ON_PLAYERS: Final = {name: player for name, player in PLAYERS.items() if name != "VLC"}
"""VLC damages frames at the end of the segments of an open playlist: docs/players.md."""
each_player = pytest.mark.parametrize("player", PLAYERS.values(), ids=list(PLAYERS))


def is_run(numbers: list[int]) -> bool:
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def plays_into_the_present(home: Home, player: Player, ago: float) -> None:
    """Play from some seconds ago until frames come that did not exist at the beginning."""
    now = await home.held_for(ago + GOP)
    start = now - ago
    first, last = await home.number_at(start), await home.number_at(now - 0.5)
    url = await home.url("footage_playlist", f"&start={start:.3f}")
    numbers = await decoded(player, url, last - first + 3 * FPS)
    assert first - GOP * FPS <= numbers[0] <= first
    assert is_run(numbers)


@pytest.mark.parametrize("player", ON_PLAYERS.values(), ids=list(ON_PLAYERS))
async def test_footage_runs_on_into_the_present(home: Home, player: Player) -> None:
    await plays_into_the_present(home, player, NEAR)


@pytest.mark.parametrize("player", FROM_START.values(), ids=list(FROM_START))
async def test_open_playlist_from_its_start(home: Home, player: Player) -> None:
    await plays_into_the_present(home, player, FAR)


@each_player
async def test_closed_playlist_shows_each_frame_once(home: Home, player: Player) -> None:
    now = await home.held_for(NEAR)
    start, end = now - NEAR + GOP, now - GOP
    first, last = await home.number_at(start), await home.number_at(end)
    url = await home.url("footage_playlist", f"&start={start:.3f}&end={end:.3f}")
    numbers = await decoded(player, url)
    assert is_run(numbers)
    assert first - GOP * FPS <= numbers[0] <= first
    assert last - 1 <= numbers[-1] <= last + GOP * FPS


@pytest.mark.parametrize("served_by", ["Retrocam", "Home Assistant"])
@pytest.mark.parametrize("player", MJPEG_PLAYERS.values(), ids=list(MJPEG_PLAYERS))
async def test_mjpeg(home: Home, player: Player, served_by: str) -> None:
    if served_by == "Retrocam":
        url = await home.url("mjpeg")
    else:
        state = await home.client.wait_for_state(home.camera)
        token = state["attributes"]["access_token"]
        url = f"{home.client.url}/api/camera_proxy_stream/{home.camera}?token={token}"
    frames = [number for number, _ in groupby(await decoded(player, url, 20))]
    assert len(frames) >= 10  # the first one is sent twice, and each that nothing follows
    assert all(before < after for before, after in pairwise(frames))


@each_player
async def test_clip(home: Home, player: Player) -> None:
    await home.held_for(5)
    clip = await home.act("record", lookback=4, duration=0)
    numbers = await decoded(player, home.client.url + clip["url"])
    assert is_run(numbers)
    # VLC leaves out the last frame.
    assert len(numbers) == pytest.approx(clip["duration"] * FPS, abs=1.5)


@pytest.fixture(scope="package")
def timelapses() -> list[str]:
    """The URL of the timelapse that the first test exports."""
    return []


@pytest.mark.parametrize("name", PLAYERS)
async def test_timelapse(home: Home, name: str, timelapses: list[str]) -> None:
    if not timelapses:
        taken = [await home.act("take_snapshot") for _ in range(8)]
        span = {"start": taken[0]["timestamp"], "end": taken[-1]["timestamp"]}
        timelapse = await home.act("export_timelapse", fps=2, **span)
        assert timelapse["frames"] >= 6
        timelapses.append(home.client.url + timelapse["url"])
    whole = await decoded(PLAYERS["FFmpeg"], timelapses[0])
    assert all(before < after for before, after in pairwise(whole))
    shown = await decoded(PLAYERS[name], timelapses[0])
    # VLC leaves out the first or the last one.
    first = whole.index(shown[0]) if name == "VLC" else 0
    assert shown == whole[first : first + len(shown)]
    assert len(shown) >= len(whole) - TAIL.get(name, 0)
