"""What a guest asks of a share page that lets guests control."""

from typing import Any

from custom_components.retrocam.core.player.addresses import Address, is_public
from custom_components.retrocam.instances.player import PlayerInstance

from ..guests import Browser


def put_on_the_internet(player: PlayerInstance) -> None:
    """Let this machine pass for one of the public internet."""

    def public(address: Address) -> bool:
        return address.is_loopback or is_public(address)

    player.session.resolver.public = public


async def act(guest: Browser, action: str, **data: Any) -> tuple[int, dict[str, Any]]:
    response = await guest.post(f"/{action}", data)
    return response.status, await response.json()
