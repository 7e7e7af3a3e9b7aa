"""What a user asks of a player, and what Home Assistant says of it."""

from typing import Any

from homeassistant.core import HomeAssistant, State

from ..calling import answer_of

PLAYER = "media_player.screen"
SCREEN = "camera.screen"


async def play(hass: HomeAssistant, media: str, **data: Any) -> dict[str, Any]:
    """Play something by the action, and return what it answers."""
    return await answer_of(hass, "play", PLAYER, media=media, **data)


async def act(hass: HomeAssistant, action: str, **data: Any) -> None:
    """Have the media player do something."""
    await hass.services.async_call(
        "media_player", action, {"entity_id": PLAYER, **data}, blocking=True
    )


def state_of(hass: HomeAssistant, entity_id: str = PLAYER) -> State:
    """Return the state of an entity that must be there."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state
