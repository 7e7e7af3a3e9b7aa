"""Lock-outs: what guessing comes to, from one address and from many."""

from collections.abc import Callable, Iterator
from itertools import cycle
import json

import pytest

from custom_components.retrocam.core.share.credentials import (
    LIFETIME,
    HashCost,
    Lock,
    Pass,
    check_pin,
    hash_pin,
)
from custom_components.retrocam.core.share.rate_limit import (
    BY_ADDRESS,
    BY_LINK,
    MOST_KEPT,
    Lockouts,
    address_key,
)

NOW = 1_800_000_000.0
FAST = HashCost(n=2, r=1, p=1)
DAY = 86_400.0
PINS = [f"{number:04}" for number in range(10_000)]


def wrong(lockouts: Lockouts, count: int, address: str = "192.0.2.1", link: str = "link") -> None:
    for _ in range(count):
        lockouts.count(address, link, NOW)


def test_five_wrong_pins_lock_an_address_out_and_each_further_one_doubles_it() -> None:
    lockouts = Lockouts()
    for _ in range(5):
        assert lockouts.retry_after("192.0.2.1", "link", NOW) == 0
        lockouts.count("192.0.2.1", "link", NOW)
    now, lengths = NOW, []
    for _ in range(12):
        lengths.append(lockouts.retry_after("192.0.2.1", "other", now))
        now += lengths[-1]
        assert lockouts.retry_after("192.0.2.1", "other", now - 1) == 1
        assert lockouts.retry_after("192.0.2.1", "other", now) == 0
        lockouts.count("192.0.2.1", "other", now)
    assert lengths[:3] == [60, 120, 240]
    assert lengths[-1] == DAY
    assert lockouts.retry_after("192.0.2.2", "link", now) == 0


def test_twenty_wrong_pins_from_anywhere_lock_a_link_out() -> None:
    lockouts = Lockouts()
    for number in range(20):
        assert lockouts.retry_after("198.51.100.1", "link", NOW) == 0
        wrong(lockouts, 1, f"192.0.2.{number}")
    assert lockouts.retry_after("198.51.100.1", "link", NOW) == 60
    assert lockouts.retry_after("198.51.100.1", "another link", NOW) == 0


def test_a_lockout_outlasts_a_restart() -> None:
    lockouts = Lockouts()
    wrong(lockouts, 7)
    again = Lockouts(json.loads(json.dumps(lockouts.stored())))
    assert again.retry_after("192.0.2.1", "link", NOW) == 240
    assert again.failures("link", NOW) == 7


def test_wrong_pins_are_forgotten_in_the_end() -> None:
    lockouts = Lockouts()
    wrong(lockouts, 4)
    later = NOW + BY_LINK.forgotten
    assert lockouts.failures("link", later - 1) == 4
    assert lockouts.failures("link", later) == 0
    lockouts.count("192.0.2.1", "link", later)
    assert lockouts.failures("link", later) == 1
    assert lockouts.retry_after("192.0.2.1", "link", later) == 0


def test_a_right_pin_takes_back_its_own_count_only() -> None:
    lockouts = Lockouts()
    wrong(lockouts, 4)
    lockouts.count("192.0.2.1", "link", NOW)
    assert lockouts.retry_after("192.0.2.1", "link", NOW) == 60
    lockouts.was_right("192.0.2.1", "link")
    assert lockouts.retry_after("192.0.2.1", "link", NOW) == 0
    assert lockouts.failures("link", NOW) == 4
    fresh = Lockouts()
    fresh.count("192.0.2.1", "link", NOW)
    fresh.was_right("192.0.2.1", "link")
    assert fresh.stored() == {"addresses": {}, "links": {}}


def test_another_pin_begins_anew() -> None:
    lockouts = Lockouts()
    wrong(lockouts, 20)
    lockouts.forget("link")
    assert lockouts.failures("link", NOW) == 0
    assert lockouts.retry_after("198.51.100.1", "link", NOW) == 0


def test_a_clock_that_is_set_back_makes_no_lockout_longer() -> None:
    lockouts = Lockouts()
    wrong(lockouts, 5)
    assert lockouts.retry_after("192.0.2.1", "link", NOW - 10 * DAY) == 60


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
def test_a_household_counts_as_one(address: str, key: str) -> None:
    assert address_key(address) == key


def test_a_flood_does_not_fill_the_memory_and_drops_no_link_that_exists() -> None:
    lockouts = Lockouts()
    wrong(lockouts, 19, link="known")
    for number in range(3 * MOST_KEPT):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        lockouts.count(address, f"link {number}", NOW, known={"known"})
    stored = lockouts.stored()
    assert len(stored["addresses"]) == len(stored["links"]) == MOST_KEPT
    assert lockouts.failures("known", NOW) == 19
    # What has been forgotten goes first.
    lockouts.count("192.0.2.9", "last", NOW + BY_LINK.forgotten, known={"known"})
    assert lockouts.stored()["links"].keys() == {"last"}


def addresses(count: int) -> Iterator[str]:
    return cycle([f"198.51.{number >> 8}.{number & 255}" for number in range(count)])


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize("patient", [False, True], ids=["as fast as can be", "waiting"])
def test_ten_thousand_pins_never_open_and_never_lock_a_guest_out(
    count: int, *, patient: bool
) -> None:
    lock, lockouts, now = Lock.draw(hash_pin("5678", FAST)), Lockouts(), NOW
    cookie = lock.sign(Pass.draw(NOW))
    tried = 0
    opened = False
    for pin, address in zip(PINS, addresses(count), strict=False):
        wait = lockouts.retry_after(address, lock.slug, now)
        if patient:
            now += wait
        elif wait:
            now += 0.1
            continue
        if now > NOW + 30 * DAY:
            break
        lockouts.count(address, lock.slug, now, known={lock.slug})
        tried += 1
        opened = opened or check_pin(pin, lock.pin_hash)
        assert now >= NOW + LIFETIME or lock.verify(cookie, now) is not None
    assert not opened
    # In 30 days, from wherever: the free ones, eleven while it grows, and one a day.
    limit = 20 + 11 + 30 if patient else 20 + 6
    assert 5 <= tried <= limit


def test_many_at_once_are_no_more_than_one_after_the_other() -> None:
    lockouts = Lockouts()
    admitted = 0
    looking: list[Callable[[], None]] = []
    for _ in range(100):
        if not lockouts.retry_after("192.0.2.1", "link", NOW):
            admitted += 1
            lockouts.count("192.0.2.1", "link", NOW)
            looking.append(lambda: None)  # the slow hash, which is not done yet
    assert admitted == len(looking) == BY_ADDRESS.free
