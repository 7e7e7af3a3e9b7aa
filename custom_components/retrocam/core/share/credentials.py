"""The lock of a share page: its link, its PIN, and the cookies of guests who knew the PIN.

Nothing here keeps a state or reads a clock: `now` is UNIX time in s. The PIN is kept as a salted slow
hash (scrypt, RFC 7914). A cookie is a message with its HMAC-SHA256 (RFC 2104): it is bound to the link
and to the generation of the PIN, so that another PIN or link makes all cookies worthless at once.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
import hashlib
import hmac
import re
import secrets
from typing import Any, Final, Self

SLUG_PATTERN: Final = "[A-Za-z0-9_-]{22}"
"""128 random bits in URL-safe base64."""
LIFETIME: Final = 30 * 86_400
"""Seconds that a cookie opens its page."""
RENEWED_AFTER: Final = 86_400
"""Seconds after which a guest who comes again gets a fresh one."""

_COOKIE: Final = re.compile(r"([A-Za-z0-9_-]{16})\.([1-9][0-9]{9,10})\.([0-9a-f]{64})")
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class HashCost:
    """The parameters of scrypt: it takes 128 * n * r bytes, and time by n * r * p."""

    n: int
    r: int
    p: int


COST: Final = HashCost(n=2**14, r=8, p=1)
"""16 MiB and some 50 ms: what RFC 7914 names for interactive logins."""


def hash_pin(pin: str, cost: HashCost = COST) -> str:
    """Return the salted hash of a PIN, with all that checking it needs. Blocks for its cost."""
    salt = secrets.token_bytes(_SALT_BYTES)
    fields = ("scrypt", cost.n, cost.r, cost.p, _encode(salt), _encode(_scrypt(pin, salt, cost)))
    return "$".join(map(str, fields))


def check_pin(pin: str, stored: str) -> bool:
    """Tell, in a time that does not depend on the answer, whether this is the PIN. Blocks as `hash_pin`.

    Raises ValueError when `stored` was not made by `hash_pin`.
    """
    kind, n, r, p, salt, wanted = stored.split("$")
    if kind != "scrypt":
        raise ValueError("a hash of another kind")
    cost = HashCost(int(n), int(r), int(p))
    return hmac.compare_digest(_scrypt(pin, _decode(salt), cost), _decode(wanted))


def _scrypt(pin: str, salt: bytes, cost: HashCost) -> bytes:
    return hashlib.scrypt(
        pin.encode(),
        salt=salt,
        n=cost.n,
        r=cost.r,
        p=cost.p,
        maxmem=256 * cost.n * cost.r + 1_000_000,
        dklen=_HASH_BYTES,
    )


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)


@dataclass(frozen=True, slots=True)
class Pass:
    """What a cookie says: one guest, from unlocking until the end or `lock`."""

    guest: str
    """Random; the same in renewed cookies."""
    expires: int
    """UNIX s."""

    @classmethod
    def draw(cls, now: float) -> Self:
        """Return the pass of a new guest."""
        return cls(secrets.token_urlsafe(12), int(now) + LIFETIME)

    def is_old(self, now: float) -> bool:
        """Tell whether it is to be renewed."""
        return now >= self.expires - LIFETIME + RENEWED_AFTER

    def renewed(self, now: float) -> Self:
        """Return the same guest's pass with its whole life before it."""
        return replace(self, expires=int(now) + LIFETIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What opens one share page. All of it is secret."""

    slug: str
    """What the link ends with."""
    pin_hash: str
    key: str
    """What cookies are signed with, hexadecimal."""
    generation: int
    """Counts PINs and links: cookies of others are worthless."""

    @classmethod
    def draw(cls, pin_hash: str) -> Self:
        """Make a lock for a PIN, with a new link."""
        key = secrets.token_hex(_KEY_BYTES)
        return cls(slug=secrets.token_urlsafe(16), pin_hash=pin_hash, key=key, generation=1)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `stored` wrote. Raises KeyError or ValueError for anything else."""
        return cls(
            slug=str(stored["slug"]),
            pin_hash=str(stored["pin_hash"]),
            key=str(stored["key"]),
            generation=int(stored["generation"]),
        )

    def stored(self) -> dict[str, Any]:
        """Return what is to be kept in a file."""
        return {
            "slug": self.slug,
            "pin_hash": self.pin_hash,
            "key": self.key,
            "generation": self.generation,
        }

    def changed(self, *, pin_hash: str | None = None, new_link: bool = False) -> Self:
        """Return the lock with another PIN or link, or only without its guests."""
        return replace(
            self,
            pin_hash=self.pin_hash if pin_hash is None else pin_hash,
            slug=secrets.token_urlsafe(16) if new_link else self.slug,
            generation=self.generation + 1,
        )

    def sign(self, entry: Pass) -> str:
        """Return the value of a guest's cookie."""
        return f"{entry.guest}.{entry.expires}.{self._seal(entry)}"

    def verify(self, cookie: str, now: float) -> Pass | None:
        """Return what a cookie of this lock says, None if it is forged, expired or of another one."""
        found = _COOKIE.fullmatch(cookie)
        if found is None:
            return None
        entry = Pass(found[1], int(found[2]))
        if not hmac.compare_digest(found[3], self._seal(entry)) or now >= entry.expires:
            return None
        return entry

    def _seal(self, entry: Pass) -> str:
        said = f"retrocam share 1|{self.slug}|{self.generation}|{entry.guest}|{entry.expires}"
        return hmac.new(bytes.fromhex(self.key), said.encode(), hashlib.sha256).hexdigest()


class Revoked:
    """Guests who have left by `lock`: their cookies, though well signed, open nothing any more."""

    _MOST: Final = 4096

    def __init__(self, stored: Mapping[str, int] | None = None) -> None:
        """Begin with what `stored` returned."""
        self._until = dict(stored or {})

    def add(self, entry: Pass, now: float) -> None:
        """Refuse a guest from now on, until the cookies have expired by themselves."""
        alive = {guest: until for guest, until in self._until.items() if until > now}
        # A cookie may have been renewed since it was handed in.
        alive[entry.guest] = int(now) + LIFETIME
        excess = sorted(alive, key=alive.__getitem__)[: max(0, len(alive) - self._MOST)]
        self._until = {guest: until for guest, until in alive.items() if guest not in excess}

    def __contains__(self, guest: str) -> bool:
        """Tell whether a guest has left."""
        return guest in self._until

    def stored(self) -> dict[str, int]:
        """Return what is to be kept in a file."""
        return dict(self._until)
