"""Helpers for players: actions and states."""

from typing import Any

from homeassistant.core import HomeAssistant, State

from ..calling import answer_of
from ..waiting import until

PLAYER = "media_player.screen"
SCREEN = "camera.screen"


async def play(hass: HomeAssistant, media: str, **data: Any) -> dict[str, Any]:
    """Call the action `play`, and return its response."""
    return await answer_of(hass, "play", PLAYER, media=media, **data)


async def act(hass: HomeAssistant, action: str, **data: Any) -> None:
    """Call an action of the media player."""
    await hass.services.async_call(
        "media_player", action, {"entity_id": PLAYER, **data}, blocking=True
    )


def state_of(hass: HomeAssistant, entity_id: str = PLAYER) -> State:
    """Return the state of an existing entity."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state


async def request(home: HomeAssistant, media: str, **data: Any) -> None:
    """Let the media player play or queue media."""
    await act(home, "play_media", media_content_id=media, media_content_type="video", **data)


def title(home: HomeAssistant) -> str | None:
    """Return what the media player shows."""
    shown: str | None = state_of(home).attributes.get("media_title")
    return shown


def queue_of(home: HomeAssistant) -> tuple[int | None, int]:
    """Return position and size of the queue."""
    attributes = state_of(home).attributes
    return attributes["queue_position"], attributes["queue_size"]


async def until_title(home: HomeAssistant, wanted: str) -> None:
    """Wait until media of this title play."""
    await until(lambda: title(home) == wanted and state_of(home).state == "playing")
