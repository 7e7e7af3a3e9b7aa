"""Rate limit of PIN attempts, from one address and from many."""

from collections.abc import Callable, Iterator
from itertools import cycle
import json

import pytest

from custom_components.retrocam.core.share.credentials import (
    LIFETIME,
    GuestSession,
    HashCost,
    ShareCredentials,
    check_pin,
    hash_pin,
)
from custom_components.retrocam.core.share.rate_limit import (
    BY_ADDRESS,
    BY_LINK,
    MAX_KEPT,
    PinRateLimiter,
    address_key,
)

NOW = 1_800_000_000.0
FAST = HashCost(n=2, r=1, p=1)
DAY = 86_400.0
PINS = [f"{number:04}" for number in range(10_000)]


def wrong(
    pin_limiter: PinRateLimiter, count: int, address: str = "192.0.2.1", link: str = "link"
) -> None:
    for _ in range(count):
        pin_limiter.count_failure(address, link, NOW)


def test_address_is_locked_out_after_five_failures_and_doubles() -> None:
    pin_limiter = PinRateLimiter()
    for _ in range(5):
        assert pin_limiter.retry_after("192.0.2.1", "link", NOW) == 0
        pin_limiter.count_failure("192.0.2.1", "link", NOW)
    now, lengths = NOW, []
    for _ in range(12):
        lengths.append(pin_limiter.retry_after("192.0.2.1", "other", now))
        now += lengths[-1]
        assert pin_limiter.retry_after("192.0.2.1", "other", now - 1) == 1
        assert pin_limiter.retry_after("192.0.2.1", "other", now) == 0
        pin_limiter.count_failure("192.0.2.1", "other", now)
    assert lengths[:3] == [60, 120, 240]
    assert lengths[-1] == DAY
    assert pin_limiter.retry_after("192.0.2.2", "link", now) == 0


def test_link_is_locked_out_after_twenty_failures() -> None:
    pin_limiter = PinRateLimiter()
    for number in range(20):
        assert pin_limiter.retry_after("198.51.100.1", "link", NOW) == 0
        wrong(pin_limiter, 1, f"192.0.2.{number}")
    assert pin_limiter.retry_after("198.51.100.1", "link", NOW) == 60
    assert pin_limiter.retry_after("198.51.100.1", "another link", NOW) == 0


def test_lockout_survives_a_restart() -> None:
    pin_limiter = PinRateLimiter()
    wrong(pin_limiter, 7)
    restored = PinRateLimiter(json.loads(json.dumps(pin_limiter.as_dict())))
    assert restored.retry_after("192.0.2.1", "link", NOW) == 240
    assert restored.failure_count("link", NOW) == 7


def test_failures_are_forgotten() -> None:
    pin_limiter = PinRateLimiter()
    wrong(pin_limiter, 4)
    later = NOW + BY_LINK.reset_after
    assert pin_limiter.failure_count("link", later - 1) == 4
    assert pin_limiter.failure_count("link", later) == 0
    pin_limiter.count_failure("192.0.2.1", "link", later)
    assert pin_limiter.failure_count("link", later) == 1
    assert pin_limiter.retry_after("192.0.2.1", "link", later) == 0


def test_right_pin_withdraws_only_its_own_failure() -> None:
    pin_limiter = PinRateLimiter()
    wrong(pin_limiter, 4)
    pin_limiter.count_failure("192.0.2.1", "link", NOW)
    assert pin_limiter.retry_after("192.0.2.1", "link", NOW) == 60
    pin_limiter.withdraw_failure("192.0.2.1", "link")
    assert pin_limiter.retry_after("192.0.2.1", "link", NOW) == 0
    assert pin_limiter.failure_count("link", NOW) == 4
    fresh = PinRateLimiter()
    fresh.count_failure("192.0.2.1", "link", NOW)
    fresh.withdraw_failure("192.0.2.1", "link")
    assert fresh.as_dict() == {"addresses": {}, "links": {}}


def test_new_pin_resets_the_link() -> None:
    pin_limiter = PinRateLimiter()
    wrong(pin_limiter, 20)
    pin_limiter.reset_link("link")
    assert pin_limiter.failure_count("link", NOW) == 0
    assert pin_limiter.retry_after("198.51.100.1", "link", NOW) == 0


def test_clock_set_back_prolongs_no_lockout() -> None:
    pin_limiter = PinRateLimiter()
    wrong(pin_limiter, 5)
    assert pin_limiter.retry_after("192.0.2.1", "link", NOW - 10 * DAY) == 60


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("somewhere", "somewhere"),
    ],
)
def test_ipv6_addresses_count_by_prefix(address: str, key: str) -> None:
    assert address_key(address) == key


def test_flood_is_limited_and_evicts_no_existing_link() -> None:
    pin_limiter = PinRateLimiter()
    wrong(pin_limiter, 19, link="known")
    for number in range(3 * MAX_KEPT):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        pin_limiter.count_failure(address, f"link {number}", NOW, keep={"known"})
    stored = pin_limiter.as_dict()
    assert len(stored["addresses"]) == len(stored["links"]) == MAX_KEPT
    assert pin_limiter.failure_count("known", NOW) == 19
    # Forgotten failures are evicted first.
    pin_limiter.count_failure("192.0.2.9", "last", NOW + BY_LINK.reset_after, keep={"known"})
    assert pin_limiter.as_dict()["links"].keys() == {"last"}


def addresses(count: int) -> Iterator[str]:
    return cycle([f"198.51.{number >> 8}.{number & 255}" for number in range(count)])


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize("patient", [False, True], ids=["impatient", "patient"])
def test_brute_force_fails_and_locks_no_guest_out(count: int, *, patient: bool) -> None:
    credentials, pin_limiter, now = (
        ShareCredentials.generate(hash_pin("5678", FAST)),
        PinRateLimiter(),
        NOW,
    )
    cookie = credentials.sign(GuestSession.start(NOW))
    tried = 0
    opened = False
    for pin, address in zip(PINS, addresses(count), strict=False):
        wait = pin_limiter.retry_after(address, credentials.slug, now)
        if patient:
            now += wait
        elif wait:
            now += 0.1
            continue
        if now > NOW + 30 * DAY:
            break
        pin_limiter.count_failure(address, credentials.slug, now, keep={credentials.slug})
        tried += 1
        opened = opened or check_pin(pin, credentials.pin_hash)
        assert now >= NOW + LIFETIME or credentials.verify(cookie, now) is not None
    assert not opened
    # In 30 days, from any address: the free ones, 11 while the lock-out grows, and one a day.
    limit = 20 + 11 + 30 if patient else 20 + 6
    assert 5 <= tried <= limit


def test_parallel_attempts_count_like_successive_ones() -> None:
    pin_limiter = PinRateLimiter()
    admitted = 0
    looking: list[Callable[[], None]] = []
    for _ in range(100):
        if not pin_limiter.retry_after("192.0.2.1", "link", NOW):
            admitted += 1
            pin_limiter.count_failure("192.0.2.1", "link", NOW)
            looking.append(lambda: None)  # the slow hash, still pending
    assert admitted == len(looking) == BY_ADDRESS.free_attempts
