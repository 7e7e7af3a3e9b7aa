"""Lock-outs for who guesses: by address and by link, longer with each wrong PIN.

`now` is UNIX time in s, since lock-outs outlast a restart. Only wrong PINs count, and each counts when
it is tried, before anything slow is done: many tried at once are as many as one after the other. What
is tried during a lock-out is not looked at, so that it tells nothing, and does not count.

Links that do not exist are counted like those that do.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
import math
from typing import Any, Final

MOST_KEPT: Final = 4096
"""Addresses, and links, that are remembered at once."""

type Failures = dict[str, tuple[int, float]]
"""How often, and when last, UNIX s."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a lock-out begins, and how it grows. Times in s."""

    free: int
    """Wrong PINs before it."""
    first: float
    """How long the first one is; each further wrong PIN doubles it."""
    longest: float
    forgotten: float
    """How long after the last wrong PIN they are forgotten."""

    def length(self, failures: int) -> float:
        """Return how long the lock-out after so many wrong PINs is."""
        if failures < self.free:
            return 0.0
        return min(self.longest, self.first * 2.0 ** min(failures - self.free, 64))


BY_ADDRESS: Final = Rule(free=5, first=60.0, longest=86_400.0, forgotten=2 * 86_400.0)
BY_LINK: Final = Rule(free=20, first=60.0, longest=86_400.0, forgotten=7 * 86_400.0)
"""From however many addresses, some 1,450 PINs a year, with pauses until they are forgotten: a chance of
0.17 % to find six random digits (`tests/core/share/test_pins.py`)."""


def address_key(address: str) -> str:
    """Return what an address is counted under: IPv6 by its /64, of which a household has all."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64)) + "/64"
    return str(parsed)


class Lockouts:
    """Counts wrong PINs. For one thread."""

    def __init__(
        self,
        stored: Mapping[str, Any] | None = None,
        *,
        by_address: Rule = BY_ADDRESS,
        by_link: Rule = BY_LINK,
    ) -> None:
        """Begin with what `stored` returned."""
        known = stored or {}
        self._rules = (by_address, by_link)
        self._addresses = _read(known.get("addresses"))
        self._links = _read(known.get("links"))

    def retry_after(self, address: str, link: str, now: float) -> int:
        """Return the whole seconds until a PIN may be tried again; 0 at once."""
        left = (
            _left(rule, failures.get(key), now)
            for rule, failures, key in self._counted(address, link)
        )
        return math.ceil(max(left))

    def count(self, address: str, link: str, now: float, *, known: Container[str] = ()) -> None:
        """Count a PIN as wrong, before it is looked at. Links in `known` are never dropped for room."""
        for rule, failures, key in self._counted(address, link):
            count, last = failures.pop(key, (0, now))
            if now - last >= rule.forgotten:
                count = 0
            failures[key] = (count + 1, now)  # and so is the last one to be dropped
            _make_room(failures, rule, now, known if failures is self._links else ())

    def was_right(self, address: str, link: str) -> None:
        """Take back one count: the PIN was right."""
        for _, failures, key in self._counted(address, link):
            count, last = failures.get(key, (0, 0.0))
            if count > 1:
                failures[key] = (count - 1, last)
            else:
                failures.pop(key, None)

    def failures(self, link: str, now: float) -> int:
        """Return how often a wrong PIN was tried at a link, as far as it is not forgotten."""
        count, last = self._links.get(link, (0, 0.0))
        return count if now - last < self._rules[1].forgotten else 0

    def forget(self, link: str) -> None:
        """Begin anew with a link, whose PIN is another one now."""
        self._links.pop(link, None)

    def stored(self) -> dict[str, Any]:
        """Return what is to be kept in a file."""
        return {"addresses": dict(self._addresses), "links": dict(self._links)}

    def _counted(self, address: str, link: str) -> tuple[tuple[Rule, Failures, str], ...]:
        by_address, by_link = self._rules
        return (
            (by_address, self._addresses, address_key(address)),
            (by_link, self._links, link),
        )


def _left(rule: Rule, failure: tuple[int, float] | None, now: float) -> float:
    """Return the seconds that a lock-out still lasts; a clock set back makes it no longer."""
    if failure is None:
        return 0.0
    count, last = failure
    length = rule.length(count)
    return max(0.0, min(length, last + length - now))


def _make_room(failures: Failures, rule: Rule, now: float, kept: Container[str]) -> None:
    """Drop what is forgotten when there are too many, then the oldest."""
    if len(failures) <= MOST_KEPT:
        return
    for key, (_, last) in list(failures.items()):
        if now - last >= rule.forgotten:
            del failures[key]
    for key in list(failures):
        if len(failures) <= MOST_KEPT:
            return
        if key not in kept:
            del failures[key]


def _read(stored: Mapping[str, Any] | None) -> Failures:
    return {str(key): (int(count), float(last)) for key, (count, last) in (stored or {}).items()}
