"""Where the player may connect to, checked at the moment of connecting.

Names are resolved here and nowhere else, and the connection goes to the very address that was checked:
a name that answers differently the second time (DNS rebinding), a redirect, or an entry of a playlist
can so not reach what is not allowed.
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
"""Turns a host name and a port into IP addresses, best first. Raises OSError."""


class Origin(NamedTuple):
    """What a URL is served by (RFC 6454): its host as DNS spells it, its port, and whether by TLS."""

    host: str
    port: int
    tls: bool

    @classmethod
    def at(cls, host: str, port: int, *, tls: bool) -> Origin:
        """Return the origin of a host, of which international names are encoded."""
        # What cannot be encoded is compared as it is written: it equals nothing that can be looked up.
        with contextlib.suppress(UnicodeError):
            host = host.encode("idna").decode()
        return cls(host.lower(), port, tls)


_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address that a gateway connects to."""


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to the public internet, also where it wraps another one."""
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
"""RFC 6177: a site is commonly given a /56 of IPv6, and its devices have addresses that look public."""


def source_towards(address: Address) -> Address | None:
    """Return from which of its addresses this machine would connect; None if it could not.

    Asks the routing table; nothing is sent.
    """
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return ip_address(probe.getsockname()[0].partition("%")[0])
    except OSError:
        return None


def is_foreign(
    address: Address, source: Callable[[Address], Address | None] = source_towards
) -> bool:
    """Tell whether an address is public, and neither this machine's nor of the site that it is in."""
    if not is_public(address):
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    own = source(address)
    if isinstance(address, IPv6Address) and isinstance(own, IPv6Address):
        return int(address) >> _SITE_BITS != int(own) >> _SITE_BITS
    return address != own


def is_any(address: Address) -> bool:
    """Allow every address that can be connected to."""
    return not address.is_multicast


def look_up(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver. Blocks; raises OSError."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@functools.cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


class Network:
    """The connections of one job; closing it ends them all, and any wait for them.

    `connect` and `wait` are called in the job's threads, `close` in any. Once closed it stays closed.
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
        """Connect only to what `allowed` accepts; `timeout` in s holds for each step on a socket.

        The `trusted` origin may have any address, and keeps those of its first look-up.
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
        """Whether the job was given up."""
        return self._closed.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, and return at once with True when the network is closed."""
        return self._closed.wait(seconds)

    def connect(
        self, host: str, port: int, *, tls: bool, timeout: float | None = None
    ) -> socket.socket:
        """Connect to the first allowed address of `host` that answers.

        Raises BlockedAddressError when there are only addresses that are not allowed, OSError when none
        answers, PlayNetworkError when the network is closed.
        """
        answers = self._lookup(host, port)
        trusted = self._trusted_of(Origin.at(host, port, tls=tls), answers)
        allowed = [text for text in answers if text in trusted or self._is_allowed(text)]
        if not allowed:
            raise BlockedAddressError("the host has no address that may be connected to")
        limit = self._timeout if timeout is None else timeout
        for address in allowed[:-1]:
            try:
                return self._connect(address, host, port, tls=tls, timeout=limit)
            except OSError:
                if self.closed:
                    raise
        return self._connect(allowed[-1], host, port, tls=tls, timeout=limit)

    def forget(self, sock: socket.socket) -> None:
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
            _shut_down(sock)

    def _is_allowed(self, text: str) -> bool:
        return self._allowed(_address(text))

    def _trusted_of(self, origin: Origin, answers: Sequence[str]) -> frozenset[str]:
        """Return the addresses at which `origin` is trusted: none, but for the trusted one."""
        if origin != self._trusted:
            return frozenset()
        with self._lock:
            if self._trusted_addresses is None:
                self._trusted_addresses = frozenset(
                    text for text in answers if is_any(_address(text))
                )
            return self._trusted_addresses

    def _connect(
        self, address: str, host: str, port: int, *, tls: bool, timeout: float
    ) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout)
            self._keep(sock)
            sock.connect((address, port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                # The wrapped socket takes over the descriptor: from here on it is the one to close.
                wrapped = (self._tls or _tls_context()).wrap_socket(
                    sock, server_hostname=host, do_handshake_on_connect=False
                )
                with self._lock:
                    self._sockets.discard(sock)
                sock = wrapped
                self._keep(sock)
                wrapped.do_handshake()
        except BaseException:
            self.forget(sock)
            raise
        return sock

    def _keep(self, sock: socket.socket) -> None:
        with self._lock:
            if self._closed.is_set():
                raise PlayNetworkError("the job was given up")
            self._sockets.add(sock)


def _address(text: str) -> Address:
    return ip_address(text.partition("%")[0])


def _shut_down(sock: socket.socket) -> None:
    try:
        # Not SSLSocket.shutdown: that takes the TLS state away under the thread that reads.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # not connected yet, or already gone: a connect in progress ends with its time limit
