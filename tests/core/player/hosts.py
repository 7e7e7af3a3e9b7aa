"""Which of this machine's addresses may be connected to."""

from ipaddress import IPv4Address

from custom_components.retrocam.core.player.addresses import Address


def only_second(address: Address) -> bool:
    """Let 127.0.0.2 play the public internet."""
    return address == IPv4Address("127.0.0.2")
