"""Rate limit of PIN attempts: lock-outs by address and by link, doubled by each further failure.

Times are UNIX times in s, since lock-outs outlast a restart. An attempt counts as a failure before the
slow hash is computed, so that parallel attempts count like successive ones; the count of a right PIN is
withdrawn. Attempts during a lock-out are neither checked, so that they reveal nothing, nor counted.

Links that do not exist count like those that do.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
import math
from typing import Any, Final

MAX_KEPT: Final = 4096
"""Addresses, and links, with failures that are stored."""

type Failures = dict[str, tuple[int, float]]
"""Number of failures, and the UNIX time of the last one, by address or link."""


@dataclass(frozen=True, slots=True)
class LockoutRule:
    """When lock-outs start and how they grow. Times in s."""

    free_attempts: int
    """Failures before the first lock-out."""
    first: float
    """Duration of the first lock-out; each further failure doubles it."""
    longest: float
    reset_after: float
    """Time after the last failure until all are forgotten."""

    def duration(self, failures: int) -> float:
        """Return the duration of the lock-out after a number of failures."""
        if failures < self.free_attempts:
            return 0.0
        return min(self.longest, self.first * 2.0 ** min(failures - self.free_attempts, 64))


BY_ADDRESS: Final = LockoutRule(5, first=60.0, longest=86_400.0, reset_after=2 * 86_400.0)
BY_LINK: Final = LockoutRule(20, first=60.0, longest=86_400.0, reset_after=7 * 86_400.0)
"""Allows about 1,450 PINs a year from any number of addresses, with pauses until failures are forgotten:
a chance of 0.17 % to guess six random digits (`tests/core/share/test_pins.py`)."""


def address_key(address: str) -> str:
    """Return the key of an address: for IPv6 its /64, all of which a household has."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or f"{IPv6Address(int(parsed) >> 64 << 64)}/64")


class PinRateLimiter:
    """Counts failed PIN attempts. Used by one thread."""

    def __init__(
        self, stored: Mapping[str, Any] | None = None, *, by_address: LockoutRule = BY_ADDRESS
    ) -> None:
        """Restore what `as_dict` returned. Raises AttributeError, TypeError or ValueError for others."""
        self._by_address = by_address
        self._addresses, self._links = (
            {str(key): (int(count), float(last)) for key, (count, last) in failures.items()}
            for failures in ((stored or {}).get(name) or {} for name in ("addresses", "links"))
        )

    def retry_after(self, address: str, link: str, now: float) -> int:
        """Return the whole seconds until the next attempt; 0 when it is allowed."""
        remaining = 0.0
        for rule, failures, key in self._entries(address, link):
            count, last = failures.get(key, (0, now))
            duration = rule.duration(count)
            # A clock that was set back prolongs no lock-out.
            remaining = max(remaining, min(duration, last + duration - now))
        return math.ceil(remaining)

    def count_failure(
        self, address: str, link: str, now: float, *, keep: Container[str] = ()
    ) -> None:
        """Count an attempt as failed, before it is checked. Links in `keep` are never evicted."""
        for rule, failures, key in self._entries(address, link):
            count, last = failures.pop(key, (0, now))
            if now - last >= rule.reset_after:
                count = 0
            failures[key] = (count + 1, now)  # at the end: evicted last
            _evict(failures, rule, now, keep if failures is self._links else ())

    def withdraw_failure(self, address: str, link: str) -> None:
        """Undo one count: the PIN was right."""
        for _, failures, key in self._entries(address, link):
            count, last = failures.pop(key, (0, 0.0))
            if count > 1:
                failures[key] = (count - 1, last)

    def failure_count(self, link: str, now: float) -> int:
        """Return the number of failures at a link that are not forgotten yet."""
        count, last = self._links.get(link, (0, 0.0))
        return count if now - last < BY_LINK.reset_after else 0

    def reset_link(self, link: str) -> None:
        """Forget the failures at a link, after its PIN was changed."""
        self._links.pop(link, None)

    def as_dict(self) -> dict[str, Any]:
        """Return the state for a JSON file."""
        return {"addresses": dict(self._addresses), "links": dict(self._links)}

    def _entries(self, address: str, link: str) -> tuple[tuple[LockoutRule, Failures, str], ...]:
        by_address = self._by_address, self._addresses, address_key(address)
        return by_address, (BY_LINK, self._links, link)


def _evict(failures: Failures, rule: LockoutRule, now: float, keep: Container[str]) -> None:
    """Drop forgotten failures when there are too many, then the oldest.

    They are in the order of their last failures, so that a flood makes no attempt expensive.
    """
    if len(failures) <= MAX_KEPT:
        return
    while failures:
        key, (_, last) = next(iter(failures.items()))
        if now - last < rule.reset_after:
            break
        del failures[key]
    while len(failures) > MAX_KEPT:
        oldest = next((key for key in failures if key not in keep), None)
        if oldest is None:
            return
        del failures[oldest]
