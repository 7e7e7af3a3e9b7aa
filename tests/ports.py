"""A port of the loopback that stays ours while nothing listens on it."""

from _socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket as Held  # noqa: N812  # a class

__all__ = ["Held", "kept_port"]


def kept_port() -> Held:
    """Bind a socket to a free port of the loopback that never listens.

    While a server is away, the system would give its port to any connection or server. This lets only
    those have it that bind it by its number and may share it, as the server does. Not by `socket`, which
    is forbidden in most tests.
    """
    kept = Held(AF_INET, SOCK_STREAM)
    kept.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept
