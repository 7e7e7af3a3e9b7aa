"""The lock of a share page: which PINs and cookies open it, and which do not."""

from dataclasses import replace
import itertools
import re
import string

from hypothesis import given, strategies as st
import pytest

from custom_components.retrocam.core.share.credentials import (
    LIFETIME,
    RENEWED_AFTER,
    SLUG_PATTERN,
    HashCost,
    Lock,
    Pass,
    Revoked,
    check_pin,
    hash_pin,
)

FAST = HashCost(n=4, r=1, p=1)
NOW = 1_800_000_000.0


@pytest.fixture
def lock() -> Lock:
    return Lock.draw(hash_pin("1234", FAST))


def test_only_the_pin_opens_and_it_stands_nowhere(lock: Lock) -> None:
    assert check_pin("1234", lock.pin_hash)
    for wrong in ("1235", "12345", "123", "", "١٢٣٤", "1234 "):
        assert not check_pin(wrong, lock.pin_hash)
    assert "1234" not in str(lock.stored() | {"key": "", "slug": ""})
    # Salted: the same PIN is another text each time.
    assert hash_pin("1234", FAST) != hash_pin("1234", FAST)


def test_the_usual_cost_is_slow_in_memory_and_time() -> None:
    stored = hash_pin("1234")
    assert stored.startswith("scrypt$16384$8$1$")
    assert check_pin("1234", stored)


def test_a_hash_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        check_pin("1234", hash_pin("1234", FAST).replace("scrypt", "md5"))


def test_links_have_128_bits_of_their_own() -> None:
    slugs = {Lock.draw("").slug for _ in range(100)}
    assert len(slugs) == 100
    assert all(re.fullmatch(SLUG_PATTERN, slug) for slug in slugs)


def test_a_cookie_opens_for_30_days(lock: Lock) -> None:
    entry = Pass.draw(NOW)
    cookie = lock.sign(entry)
    for now in (NOW, NOW + LIFETIME - 1):
        assert lock.verify(cookie, now) == entry
    for now in (NOW + LIFETIME, NOW + 10 * LIFETIME):
        assert lock.verify(cookie, now) is None


def test_a_renewed_cookie_is_the_same_guest_s_for_longer(lock: Lock) -> None:
    entry = Pass.draw(NOW)
    assert not entry.is_old(NOW + RENEWED_AFTER - 1)
    later = NOW + RENEWED_AFTER
    assert entry.is_old(later)
    renewed = entry.renewed(later)
    assert renewed.guest == entry.guest
    assert not renewed.is_old(later)
    assert lock.verify(lock.sign(renewed), later + LIFETIME - 1) == renewed


def test_cookies_of_other_locks_pins_and_links_open_nothing(lock: Lock) -> None:
    cookie = lock.sign(Pass.draw(NOW))
    others = [
        Lock.draw(lock.pin_hash),
        replace(lock, slug=Lock.draw("").slug),
        replace(lock, key=Lock.draw("").key),
        lock.changed(),
        lock.changed(pin_hash=hash_pin("1234", FAST)),
        lock.changed(new_link=True),
    ]
    assert lock.verify(cookie, NOW) is not None
    for other in others:
        assert other.verify(cookie, NOW) is None
    assert lock.changed(new_link=True).slug != lock.slug


def test_no_changed_character_is_let_through(lock: Lock) -> None:
    cookie = lock.sign(Pass.draw(NOW))
    letters = string.digits + string.ascii_letters + "._-"
    for at, letter in itertools.product(range(len(cookie)), letters):
        forged = cookie[:at] + letter + cookie[at + 1 :]
        if forged != cookie:
            assert lock.verify(forged, NOW) is None
    guest, expires, seal = cookie.split(".")
    for forged in (
        f"{guest}.{int(expires) + 86_400}.{seal}",
        f"{guest}.{expires}.",
        f"{guest}.{expires}.{seal.upper()}" if seal.upper() != seal else "",
        f"{guest}.0{expires}.{seal}",
        f"{cookie}\n",
        f" {cookie}",
        seal,
    ):
        assert lock.verify(forged, NOW) is None


@given(st.text())
def test_no_other_text_is_a_cookie(text: str) -> None:
    lock = Lock(slug="s" * 22, pin_hash="", key="00" * 32, generation=1)
    assert lock.verify(text, NOW) is None


def test_a_lock_is_read_as_it_was_stored(lock: Lock) -> None:
    assert Lock.from_stored(lock.stored()) == lock
    with pytest.raises(KeyError):
        Lock.from_stored({})


def test_who_has_left_stays_out_also_after_a_restart() -> None:
    revoked = Revoked()
    entry = Pass.draw(NOW)
    assert entry.guest not in revoked
    revoked.add(entry, NOW)
    again = Revoked(revoked.stored())
    assert entry.guest in again
    # A cookie that was renewed just before has expired by then: there is no need to remember it.
    again.add(Pass.draw(NOW), NOW + LIFETIME)
    assert entry.guest not in again
    assert len(again.stored()) == 1


def test_who_has_left_cannot_fill_the_memory() -> None:
    revoked = Revoked({f"guest {number}": int(NOW) + number + 1 for number in range(4096)})
    entry = Pass.draw(NOW)
    revoked.add(entry, NOW)
    assert len(revoked.stored()) == 4096
    assert entry.guest in revoked
    assert "guest 0" not in revoked
