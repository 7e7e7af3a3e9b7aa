"""Outputs of a player: ASCII stream, audio, camera image and video."""

from functools import partial

import av
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import numpy as np
from numpy.typing import NDArray
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.pattern.marks import FLASH
from custom_components.retrocam.urls import signed

from ..core.player.server import MediaServer
from ..http.cell_clients import Client, Seen, cells_url
from ..waiting import until
from .players import SCREEN, act, play, state_of


def brightness(seen: Seen) -> float:
    """Return the mean luma of the flashing area."""
    luma = seen.packet.codes[: 120 * 50].reshape(50, 120)
    return float(luma[FLASH.within(120, 50)].mean())


async def test_ascii_stream_rate_and_init_message(
    home: HomeAssistant, player: AsciiPlayer, film: str
) -> None:
    await play(home, film)
    async with Client.looking(cells_url(home, player)) as client:
        await client.until(lambda: len(client.seen) > 72)
        assert client.socket.protocol == "retrocam.cells.v1"
        assert client.socket.compress == 0
    init = client.init
    assert (init["cols"], init["rows"], init["fps"]) == (120, 50, 24.0)
    assert init["title"] == "film"
    assert init["duration"] == pytest.approx(20.0, abs=0.1)
    assert init["aspect"] == pytest.approx(16 / 9, rel=0.01)
    assert not init["live"]
    assert client.state == "playing"
    # 25 fps are limited to 24: one frame in 25 is dropped.
    steps = np.diff([seen.packet.pts_us for seen in client.seen[:73]])
    assert steps.min() > 0
    # The rate of the film, or less on a busy machine.
    assert 18 <= 72e6 / steps.sum() <= 24.7
    kinds = [seen.packet.type for seen in client.seen]
    assert kinds[0] == 0
    assert len({seen.packet.codes.tobytes() for seen in client.seen}) > 60


async def test_audio_and_video_are_in_sync_for_late_clients(
    home: HomeAssistant, player: AsciiPlayer, film: str, hass_client: ClientSessionGenerator
) -> None:
    await play(home, film)
    http = await hass_client()
    for _ in range(2):
        async with Client.looking(cells_url(home, player)) as client:
            await client.until(lambda: client.seen)
            start_us = client.seen[-1].packet.pts_us
            path = client.init["audio"].format(start_us=start_us)
            async with http.get(path) as response:
                assert response.status == 200
                assert response.content_type == "audio/aac"
                await client.until(partial(passed, client, start_us + 1_900_000))
                sound = await response.content.readexactly(40_000)
        flashes = rises(
            np.array([brightness(seen) for seen in client.seen]),
            np.array([seen.packet.pts_us for seen in client.seen]) / 1e6,
        )
        loudness, times = heard(sound, start_us)
        beeps = rises(loudness, times)
        both = [flash for flash in flashes if times[0] + 0.1 < flash < times[-1] - 0.1]
        assert both
        for flash in both:
            assert min(abs(flash - beep) for beep in beeps) < 0.040


def passed(client: Client, position_us: int) -> bool:
    return client.seen[-1].packet.pts_us > position_us


def rises(level: NDArray[np.float64], times: NDArray[np.float64]) -> list[float]:
    """Return the times at which `level` rises above the middle of its range."""
    high = level > (level.min() + level.max()) / 2
    return [float(times[i]) for i in range(1, len(high)) if high[i] and not high[i - 1]]


def heard(adts: bytes, start_us: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Decode ADTS; return the peak level and the position of each 5 ms."""
    codec = av.CodecContext.create("aac", "r")
    pieces = [
        frame.to_ndarray()[0] for packet in codec.parse(adts) for frame in codec.decode(packet)
    ]
    samples = np.concatenate(pieces)
    step = 240
    count = len(samples) // step
    loudness = np.abs(samples[: count * step]).reshape(count, step).max(axis=1).astype(np.float64)
    return loudness, start_us / 1e6 + np.arange(count) * step / 48_000


async def test_audio_of_other_epochs_is_not_found(
    home: HomeAssistant,
    player: AsciiPlayer,
    film: str,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    await play(home, film)
    http = await hass_client()
    entry_id = player.entry.entry_id
    status = player.status
    there = f"/api/retrocam/audio/{entry_id}/{status.session}/{status.epoch}/0.aac"
    for path in (
        f"/api/retrocam/audio/{entry_id}/{status.session}/{status.epoch + 1}/0.aac",
        f"/api/retrocam/audio/{entry_id}/{status.session + 1}/{status.epoch}/0.aac",
        f"/api/retrocam/audio/nobody/{status.session}/{status.epoch}/0.aac",
        f"/api/retrocam/audio/{entry_id}/x/y/z.aac",
    ):
        assert (await http.get(path)).status == 404
    stranger = await hass_client_no_auth()
    assert (await stranger.get(there)).status == 403
    response = await stranger.get(signed(home, there))
    assert response.status == 200
    response.close()
    await act(home, "media_stop")
    assert (await http.get(there)).status == 404


async def test_ascii_stream_reports_errors(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer
) -> None:
    async with Client.looking(cells_url(home, player)) as client:
        await client.until(lambda: client.state == "idle")
        player.async_set_style(preset="tall")
        await client.until(lambda: client.init["cols"] == 80)
        with pytest.raises(HomeAssistantError):
            await play(home, f"{server.root}/nothing.mp4")
        await client.until(lambda: client.state == "error")
        assert client.states[-1]["error"]["code"] == "not_found"
        assert "resolving" in [state["state"] for state in client.states]


async def test_camera_image_shows_the_media(
    home: HomeAssistant,
    player: AsciiPlayer,
    film: str,
    hass_client: ClientSessionGenerator,
) -> None:
    http = await hass_client()
    response = await http.get(f"/api/camera_proxy/{SCREEN}")
    idle = jpeg.decode(await response.read())
    assert (idle.width, idle.height) == (960, 540)
    await play(home, film)
    await act(home, "media_pause")
    response = await http.get(f"/api/camera_proxy/{SCREEN}")
    shown = jpeg.decode(await response.read())
    assert (shown.width, shown.height) == (960, 540)
    dark, bright = (jpeg.planes(frame)[0] for frame in (idle, shown))
    assert dark.max() > 100  # the name
    assert dark.mean() < 2
    assert bright.mean() > 10
    assert bright.std() > 20  # glyphs on black


async def test_player_is_published_as_video(
    home: HomeAssistant, player: AsciiPlayer, film: str
) -> None:
    await play(home, film)
    url = player.stream_source

    def watch() -> list[av.VideoFrame]:
        with av.open(url, timeout=20) as container:
            frames = container.decode(video=0)
            return [next(frames) for _ in range(30)]

    frames = await home.async_add_executor_job(watch)
    assert {(frame.width, frame.height) for frame in frames} == {(960, 540)}
    pictures = {jpeg.planes(frame)[0].tobytes() for frame in frames}
    assert len(pictures) > 20
    await until(lambda: not player.publisher.running)


async def test_preset_and_charset_change_during_playback(
    home: HomeAssistant, player: AsciiPlayer, film: str
) -> None:
    await play(home, film)
    publisher = player.publisher
    async with (
        Client.looking(cells_url(home, player)) as client,
        Client.looking(cells_url(home, player, "?preset=tall")) as other,
    ):
        await client.until(lambda: client.seen)
        await act(home, "media_pause")
        for option, entity, key, value in (
            ("medium", "select.screen_grid", "cols", 200),
            ("shape", "select.screen_characters", "charset", "shape"),
        ):
            count = len(client.seen)
            await home.services.async_call(
                "select", "select_option", {"entity_id": entity, "option": option}, blocking=True
            )
            await client.until(lambda: client.init[key] == value)  # noqa: B023  # awaited here
            # The paused frame is shown again with the new preset.
            await client.until(lambda: len(client.seen) > count)  # noqa: B023  # awaited in this round
            assert state_of(home, entity).state == option
        assert client.init["planes"] == ["y", "cb", "cr", "g"]
        await other.until(lambda: other.seen and other.init["charset"] == "shape")
        assert (other.init["cols"], other.init["rows"]) == (80, 120)
    assert player.entry.options["player"] == {"preset": "medium", "charset": "shape"}
    assert player.publisher is not publisher
    answer = await play(home, film, preset="low")
    assert answer["state"] == "playing"
    assert player.style.preset == "low"
