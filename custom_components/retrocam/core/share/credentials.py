"""Credentials of a share page: link, PIN, and cookies of the guests that entered the PIN.

Reads no clock: `now` is UNIX time in s. The PIN is stored as a salted slow hash (scrypt, RFC 7914). A
cookie is a message with its HMAC-SHA256 (RFC 2104) over the link and the generation too, so that a new
PIN or link invalidates all cookies.
"""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
import hashlib
import hmac
import re
import secrets
from typing import Any, Final, Self

SLUG_PATTERN: Final = "[A-Za-z0-9_-]{22}"
"""128 random bits in URL-safe base64."""
LIFETIME: Final = 30 * 86_400
"""Validity of a cookie, s."""
RENEW_AFTER: Final = 86_400
"""Age of a cookie, in s, from which a visit renews it."""

_COOKIE: Final = re.compile(r"([A-Za-z0-9_-]{16})\.([1-9][0-9]{9,10})\.([0-9a-f]{64})")
_VISITOR: Final = re.compile("[A-Za-z0-9_-]{22}")
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class HashCost:
    """Parameters of scrypt: 128 * n * r bytes of memory, and time in proportion to n * r * p."""

    n: int
    r: int
    p: int


COST: Final = HashCost(n=2**14, r=8, p=1)
"""16 MiB and about 50 ms: what RFC 7914 suggests for interactive logins."""


def hash_pin(pin: str, cost: HashCost = COST) -> str:
    """Return the salted hash of a PIN with its parameters. Blocks as long as `cost` takes."""
    salt = secrets.token_bytes(_SALT_BYTES)
    encoded = (base64.urlsafe_b64encode(data).decode() for data in (salt, _scrypt(pin, salt, cost)))
    return "$".join(map(str, ("scrypt", cost.n, cost.r, cost.p, *encoded)))


def check_pin(pin: str, pin_hash: str) -> bool:
    """Compare a PIN with its hash in constant time. Blocks as `hash_pin`.

    Raises ValueError unless `hash_pin` made the hash.
    """
    kind, n, r, p, salt, expected = pin_hash.split("$")
    if kind != "scrypt":
        raise ValueError("a hash of another kind")
    actual = _scrypt(pin, base64.urlsafe_b64decode(salt), HashCost(int(n), int(r), int(p)))
    return hmac.compare_digest(actual, base64.urlsafe_b64decode(expected))


def _scrypt(pin: str, salt: bytes, cost: HashCost) -> bytes:
    maxmem = 256 * cost.n * cost.r + 1_000_000
    return hashlib.scrypt(pin.encode(), salt=salt, maxmem=maxmem, dklen=_HASH_BYTES, **asdict(cost))


@dataclass(frozen=True, slots=True)
class GuestSession:
    """The content of a cookie: one guest, from unlocking until expiry or leaving."""

    guest: str
    """Random; the same in renewed cookies."""
    expires: int
    """UNIX time, s."""

    @classmethod
    def start(cls, now: float) -> Self:
        """Return the session of a new guest."""
        return cls(secrets.token_urlsafe(12), int(now) + LIFETIME)

    def needs_renewal(self, now: float) -> bool:
        """Return whether the session is older than `RENEW_AFTER`."""
        return now >= self.expires - LIFETIME + RENEW_AFTER

    def renewed(self, now: float) -> Self:
        """Return the session with a full lifetime."""
        return replace(self, expires=int(now) + LIFETIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCredentials:
    """Secrets of one share page."""

    slug: str
    """Last segment of the link."""
    pin_hash: str
    key: str
    """Signs cookies, hexadecimal."""
    generation: int
    """Counts PINs and links; cookies of other generations are invalid."""

    @classmethod
    def generate(cls, pin_hash: str) -> Self:
        """Return credentials for a PIN, with a new link."""
        key = secrets.token_hex(_KEY_BYTES)
        return cls(slug=secrets.token_urlsafe(16), pin_hash=pin_hash, key=key, generation=1)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Restore what `as_dict` returned. Raises KeyError or ValueError for anything else."""
        return cls(
            slug=str(stored["slug"]),
            pin_hash=str(stored["pin_hash"]),
            key=str(stored["key"]),
            generation=int(stored["generation"]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the credentials for a JSON file."""
        return asdict(self)

    def rotated(self, *, pin_hash: str | None = None, new_link: bool = False) -> Self:
        """Return the credentials with another PIN or link, if given, and all cookies invalid."""
        return replace(
            self,
            pin_hash=self.pin_hash if pin_hash is None else pin_hash,
            slug=secrets.token_urlsafe(16) if new_link else self.slug,
            generation=self.generation + 1,
        )

    def sign(self, session: GuestSession) -> str:
        """Return the value of a guest's cookie."""
        return f"{session.guest}.{session.expires}.{self._signature(session)}"

    def verify(self, cookie: str, now: float) -> GuestSession | None:
        """Return the session of a cookie; None if forged, expired, or of other credentials."""
        match = _COOKIE.fullmatch(cookie)
        if match is None:
            return None
        session = GuestSession(match[1], int(match[2]))
        valid = hmac.compare_digest(match[3], self._signature(session)) and now < session.expires
        return session if valid else None

    def token(self, session: GuestSession) -> str:
        """Return the token that shows a request to come from a page of this guest."""
        payload = f"retrocam token 1|{self.slug}|{self.generation}|{session.guest}"
        return _hmac(bytes.fromhex(self.key), payload)

    def _signature(self, session: GuestSession) -> str:
        payload = (
            f"retrocam share 1|{self.slug}|{self.generation}|{session.guest}|{session.expires}"
        )
        return _hmac(bytes.fromhex(self.key), payload)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The cookie of a browser that shows the page, before and after the PIN. It grants nothing."""

    secret: str

    @classmethod
    def of_cookie(cls, cookie: str) -> Self | None:
        """Return the visitor of a cookie; None for anything that `new` does not make."""
        return cls(cookie) if _VISITOR.fullmatch(cookie) else None

    @classmethod
    def new(cls) -> Self:
        """Return a visitor that nobody knows."""
        return cls(secrets.token_urlsafe(16))

    def token(self, slug: str) -> str:
        """Return the token that the page of a link carries for this visitor."""
        return _hmac(self.secret.encode(), f"retrocam page 1|{slug}")


def _hmac(key: bytes, payload: str) -> str:
    return hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()


class RevokedSessions:
    """Guests that left: their cookies are refused, though correctly signed."""

    _MAX_GUESTS: Final = 4096

    def __init__(self, stored: Mapping[str, int] | None = None) -> None:
        """Restore what `as_dict` returned."""
        self._expiry = dict(stored or {})
        """UNIX time in s when the last cookie of a guest expires."""

    def revoke(self, session: GuestSession, now: float) -> None:
        """Refuse a guest until all its cookies have expired."""
        alive = {guest: expires for guest, expires in self._expiry.items() if expires > now}
        # The cookie may have been renewed meanwhile.
        alive[session.guest] = int(now) + LIFETIME
        excess = max(0, len(alive) - self._MAX_GUESTS)
        self._expiry = dict(sorted(alive.items(), key=lambda item: item[1])[excess:])

    def __contains__(self, guest: str) -> bool:
        """Return whether a guest left."""
        return guest in self._expiry

    def as_dict(self) -> dict[str, int]:
        """Return the state for a JSON file."""
        return dict(self._expiry)
