"""Actions of guests."""

from typing import Any

from custom_components.retrocam.cameras.player import AsciiPlayer

from ...core.player.hosts import loopback
from ..guests import Browser


def put_on_the_internet(player: AsciiPlayer) -> None:
    """Treat the addresses of this machine as public."""
    player.session.resolver.public = loopback


async def act(guest: Browser, action: str, **data: Any) -> tuple[int, dict[str, Any]]:
    response = await guest.post(f"/{action}", data)
    return response.status, await response.json()
