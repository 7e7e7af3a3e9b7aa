"""Address checks and connections of the player.

Names are resolved here and nowhere else, and the socket connects to the very address that was checked.
This also covers DNS rebinding, redirects and entries of a playlist.
"""

from collections.abc import Callable, Sequence
import contextlib
import functools
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
import socket
import ssl
import threading
from typing import Final, NamedTuple

from ...errors import BlockedAddressError, PlayNetworkError

type Address = IPv4Address | IPv6Address
type Lookup = Callable[[str, int], Sequence[str]]
"""Resolves a host name and a port to IP addresses, best first. Raises OSError."""


class Origin(NamedTuple):
    """Host in ASCII, port, and whether by TLS: the origin of a URL (RFC 6454)."""

    host: str
    port: int
    tls: bool

    @classmethod
    def at(cls, host: str, port: int, *, tls: bool) -> Origin:
        """Return the origin of a host, IDNA-encoded and in lower case."""
        # A name that cannot be encoded stays as it is: it never equals a name that resolves.
        with contextlib.suppress(UnicodeError):
            host = host.encode("idna").decode()
        return cls(host.lower(), port, tls)


_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that a gateway connects to."""


def is_public(address: Address) -> bool:
    """Return whether an address, or the IPv4 address embedded in it, is on the public internet."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


_SITE_BITS: Final = 128 - 56
"""RFC 6177: sites commonly get an IPv6 /56, in which devices have public addresses."""


def source_address_for(address: Address) -> Address | None:
    """Return this machine's source address for connections to `address`, None without a route.

    Asks the routing table; sends nothing.
    """
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return _parse(probe.getsockname()[0])
    except OSError:
        return None


def is_off_site(
    address: Address, source: Callable[[Address], Address | None] = source_address_for
) -> bool:
    """Return whether an address is public, not this machine's, and not in its IPv6 site."""
    if not is_public(address):
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    own = source(address)
    if isinstance(address, IPv6Address) and isinstance(own, IPv6Address):
        return int(address) >> _SITE_BITS != int(own) >> _SITE_BITS
    return address != own


def is_any(address: Address) -> bool:
    """Allow all unicast addresses."""
    return not address.is_multicast


def look_up(host: str, port: int) -> Sequence[str]:
    """Resolve by the system's resolver. Blocks; raises OSError."""
    results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(result[4][0]) for result in results))


@functools.cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


class Network:
    """The connections of one job. `close` ends them and all waits, for good.

    `connect` and `wait` are called in the job's threads, `close` in any thread.
    """

    def __init__(
        self,
        allowed: Callable[[Address], bool] = is_public,
        *,
        trusted: Origin | None = None,
        lookup: Lookup = look_up,
        timeout: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Connect to addresses that `allowed` accepts, with `timeout` in s for each socket operation.

        The `trusted` origin may have any unicast address, but only those of its first look-up.
        """
        self._allowed = allowed
        self._trusted = trusted
        self._trusted_addresses: frozenset[str] | None = None
        self._lookup = lookup
        self._timeout = timeout
        self._tls = tls
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """Whether the network was closed."""
        return self._closed.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep. Returns True, at once, when the network is closed."""
        return self._closed.wait(seconds)

    def connect(self, origin: Origin, *, timeout: float | None = None) -> socket.socket:
        """Connect to the first allowed address of `origin` that answers.

        Raises BlockedAddressError when no address is allowed, OSError when none answers,
        PlayNetworkError when the network is closed.
        """
        addresses = self._allowed_addresses(origin)
        if not addresses:
            raise BlockedAddressError("no address of the host may be connected to")
        limit = self._timeout if timeout is None else timeout
        while True:
            try:
                return self._connect(addresses.pop(0), origin, limit)
            except OSError:
                if self.closed or not addresses:
                    raise

    def close_socket(self, sock: socket.socket) -> None:
        """Close one connection."""
        with self._lock:
            self._sockets.discard(sock)
        sock.close()

    def close(self) -> None:
        """End all connections; threads that wait for them wake up with an error."""
        with self._lock:
            self._closed.set()
            sockets, self._sockets = self._sockets, set()
        for sock in sockets:
            # Fails when not connected, or no longer: a pending connect ends with its time limit.
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown: it removes the TLS state under the thread that reads.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _allowed_addresses(self, origin: Origin) -> list[str]:
        addresses = self._lookup(origin.host, origin.port)
        trusted: frozenset[str] = frozenset()
        if origin == self._trusted:
            with self._lock:
                if self._trusted_addresses is None:
                    self._trusted_addresses = frozenset(
                        text for text in addresses if is_any(_parse(text))
                    )
                trusted = self._trusted_addresses
        return [text for text in addresses if text in trusted or self._allowed(_parse(text))]

    def _connect(self, address: str, origin: Origin, timeout: float) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            if origin.tls:
                # Before connecting: the wrapped socket takes over the descriptor.
                sock = (self._tls or _tls_context()).wrap_socket(
                    sock, server_hostname=origin.host, do_handshake_on_connect=False
                )
            sock.settimeout(timeout)
            self._register(sock)
            sock.connect((address, origin.port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
        except BaseException:
            self.close_socket(sock)
            raise
        return sock

    def _register(self, sock: socket.socket) -> None:
        with self._lock:
            if self.closed:
                raise PlayNetworkError("the network is closed")
            self._sockets.add(sock)


def _parse(text: str) -> Address:
    """Parse an address without its IPv6 zone."""
    return ip_address(text.partition("%")[0])
