"""What a guest asks of a share page that lets guests control."""

from typing import Any

from custom_components.retrocam.cameras.player import PlayerInstance

from ...core.player.hosts import loopback
from ..guests import Browser


def put_on_the_internet(player: PlayerInstance) -> None:
    """Let this machine pass for one of the public internet."""
    player.session.resolver.public = loopback


async def act(guest: Browser, action: str, **data: Any) -> tuple[int, dict[str, Any]]:
    response = await guest.post(f"/{action}", data)
    return response.status, await response.json()
