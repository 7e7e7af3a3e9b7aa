"""Films of a player, and what it shows."""

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
import pytest

from ..core.player.clips import clip
from ..core.player.server import MediaServer, Page
from .players import PLAYER


@pytest.fixture
def films(server: MediaServer) -> list[str]:
    """Five films, `f0` to `f4`."""
    page = Page(clip(20.0), "video/mp4")
    return [server.add(f"/f{number}.mp4", page) for number in range(5)]


@pytest.fixture
def short(server: MediaServer) -> list[str]:
    """Films of less than a second, `s0` to `s4`."""
    page = Page(clip(0.6), "video/mp4")
    return [server.add(f"/s{number}.mp4", page) for number in range(5)]


@pytest.fixture
def titles(home: HomeAssistant) -> list[str]:
    """Titles that were shown, in order."""
    shown: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        title = state.attributes.get("media_title") if state is not None else None
        if event.data["entity_id"] == PLAYER and title and title not in shown[-1:]:
            shown.append(title)

    home.bus.async_listen("state_changed", note)
    return shown
