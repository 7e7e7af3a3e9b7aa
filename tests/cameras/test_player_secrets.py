"""Passwords and keys of what is played: no state, log or error holds them."""

from collections.abc import Callable
import logging
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest

from custom_components.retrocam.actions.play_media import describe_player
from custom_components.retrocam.cameras.player import PlayerInstance

from ..core.player.clips import clip
from ..core.player.server import MediaServer, Page
from ..http.cell_clients import Client, cells_url
from .players import PLAYER, act, play, state_of

USER, PASSWORD, KEY = "keeper", "hunter2hunter2", "hush4hush"
type Secretive = Callable[[str], str]


@pytest.fixture
def secretive(home: HomeAssistant, player: PlayerInstance, server: MediaServer) -> Secretive:
    """Makes URLs with a user, a password and a key of paths of the server."""
    root = server.root.replace("://", f"://{USER}:{PASSWORD}@")
    home.config.allowlist_external_urls = {f"{root}/"}
    return lambda path: f"{root}{path}?key={KEY}"


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "custom_components.retrocam")
    return caplog


def logged(logs: pytest.LogCaptureFixture) -> str:
    """Return the lines of yt-dlp and ours; Home Assistant's own name what is called for."""
    ours = [each for each in logs.records if each.name.startswith("custom_components")]
    return "\n".join(map(logging.Formatter().format, ours))


def assert_hidden(*texts: Any) -> None:
    for text in map(str, texts):
        for secret in (USER, PASSWORD, KEY, "authSig"):
            assert secret not in text, text[max(0, text.find(secret) - 200) :][:300]


@pytest.mark.parametrize("path", ["/film.mp4", "/film", "/"])
async def test_what_plays_is_told_of_without_what_opens_it(
    home: HomeAssistant,
    player: PlayerInstance,
    *,
    server: MediaServer,
    secretive: Secretive,
    logs: pytest.LogCaptureFixture,
    path: str,
) -> None:
    server.add(f"{path}?key={KEY}", Page(clip(20.0), "video/mp4"))
    assert (await play(home, secretive(path)))["state"] == "playing"
    assert all(asked.headers["Authorization"] for asked in server.log)
    assert state_of(home).attributes["media_content_id"] == f"{server.root}{path}"
    assert_hidden(state_of(home).attributes, describe_player(player))
    await act(home, "media_stop")
    assert "Extracting URL" in logged(logs)
    assert_hidden(logged(logs))


async def test_what_cannot_be_played_is_told_of_without_what_opens_it(
    home: HomeAssistant,
    player: PlayerInstance,
    *,
    server: MediaServer,
    secretive: Secretive,
    logs: pytest.LogCaptureFixture,
) -> None:
    server.add(f"/page?key={KEY}", Page(b"<html>Only words.</html>", "text/html"))
    media = secretive("/page")
    async with Client.looking(cells_url(home, player)) as client:
        with pytest.raises(HomeAssistantError) as raised:
            await play(home, media)
        await client.until(lambda: client.state == "error")
        assert_hidden(client.states)
    step = {"action": "retrocam.play", "target": {"entity_id": PLAYER}, "data": {"media": media}}
    assert await async_setup_component(home, "script", {"script": {"film": {"sequence": [step]}}})
    with pytest.raises(HomeAssistantError):
        await home.services.async_call("script", "film", blocking=True)
    assert "cannot play" in str(raised.value)
    assert "The look-up failed" in logs.text
    assert "Error executing script" in logs.text
    assert_hidden(raised.value, logs.text, state_of(home).attributes, describe_player(player))


async def test_the_signature_of_a_local_file_is_told_to_nobody(
    home: HomeAssistant,
    player: PlayerInstance,
    media_directory: Path,
    logs: pytest.LogCaptureFixture,
) -> None:
    (media_directory / "holiday.mp4").write_bytes(clip(20.0))
    for media in ("media-source://media_source/local/holiday.mp4", "/media/local/holiday.mp4"):
        await play(home, media)
        said = state_of(home).attributes
        assert said["media_content_id"].endswith("/media/local/holiday.mp4")
        assert_hidden(said, describe_player(player))
        await act(home, "media_stop")
    assert_hidden(logged(logs))
