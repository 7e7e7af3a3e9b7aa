"""Passwords and keys in media URLs are redacted in states, logs and errors."""

from collections.abc import Callable
import logging
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest

from custom_components.retrocam.actions.play_media import describe_player
from custom_components.retrocam.cameras.player import AsciiPlayer

from ..core.player.clips import clip
from ..core.player.server import MediaServer, Page
from ..http.cell_clients import Client, cells_url
from .players import PLAYER, act, play, state_of

USER, PASSWORD, KEY = "keeper", "hunter2hunter2", "hush4hush"
type Secretive = Callable[[str], str]


@pytest.fixture
def secretive(home: HomeAssistant, player: AsciiPlayer, server: MediaServer) -> Secretive:
    """Return a function that adds a user, a password and a key to the URL of a path."""
    root = server.root.replace("://", f"://{USER}:{PASSWORD}@")
    home.config.allowlist_external_urls = {f"{root}/"}
    return lambda path: f"{root}{path}?key={KEY}"


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "custom_components.retrocam")
    return caplog


def logged(logs: pytest.LogCaptureFixture) -> str:
    """Return the log lines of yt-dlp and Retrocam; Home Assistant's own log the action's data."""
    ours = [record for record in logs.records if record.name.startswith("custom_components")]
    return "\n".join(map(logging.Formatter().format, ours))


def assert_hidden(*texts: Any) -> None:
    for text in map(str, texts):
        for secret in (USER, PASSWORD, KEY, "authSig"):
            assert secret not in text, text[max(0, text.find(secret) - 200) :][:300]


@pytest.mark.parametrize("path", ["/film.mp4", "/film", "/"])
async def test_state_and_log_of_playing_media_are_redacted(
    home: HomeAssistant,
    player: AsciiPlayer,
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


async def test_errors_of_media_are_redacted(
    home: HomeAssistant,
    player: AsciiPlayer,
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


async def test_signature_of_local_media_is_redacted(
    home: HomeAssistant,
    player: AsciiPlayer,
    media_directory: Path,
    logs: pytest.LogCaptureFixture,
) -> None:
    (media_directory / "holiday.mp4").write_bytes(clip(20.0))
    for media in ("media-source://media_source/local/holiday.mp4", "/media/local/holiday.mp4"):
        await play(home, media)
        attributes = state_of(home).attributes
        assert attributes["media_content_id"].endswith("/media/local/holiday.mp4")
        assert_hidden(attributes, describe_player(player))
        await act(home, "media_stop")
    assert_hidden(logged(logs))
