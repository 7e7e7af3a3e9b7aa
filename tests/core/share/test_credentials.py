"""Credentials of a share page: PIN hash, links, cookies and revoked sessions."""

from dataclasses import replace
import itertools
import re
import string

from hypothesis import given, strategies as st
import pytest

from custom_components.retrocam.core.share.credentials import (
    LIFETIME,
    RENEW_AFTER,
    SLUG_PATTERN,
    GuestSession,
    HashCost,
    RevokedSessions,
    ShareCredentials,
    check_pin,
    hash_pin,
)

FAST = HashCost(n=4, r=1, p=1)
NOW = 1_800_000_000.0


@pytest.fixture
def credentials() -> ShareCredentials:
    return ShareCredentials.generate(hash_pin("1234", FAST))


def test_pin_is_checked_and_stored_only_as_a_salted_hash(credentials: ShareCredentials) -> None:
    assert check_pin("1234", credentials.pin_hash)
    for wrong in ("1235", "12345", "123", "", "١٢٣٤", "1234 "):
        assert not check_pin(wrong, credentials.pin_hash)
    assert "1234" not in str(credentials.as_dict() | {"key": "", "slug": ""})
    # Salted: the same PIN is another text each time.
    assert hash_pin("1234", FAST) != hash_pin("1234", FAST)


def test_default_cost_of_the_hash() -> None:
    pin_hash = hash_pin("1234")
    assert pin_hash.startswith("scrypt$16384$8$1$")
    assert check_pin("1234", pin_hash)


def test_unknown_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        check_pin("1234", hash_pin("1234", FAST).replace("scrypt", "md5"))


def test_links_are_random() -> None:
    slugs = {ShareCredentials.generate("").slug for _ in range(100)}
    assert len(slugs) == 100
    assert all(re.fullmatch(SLUG_PATTERN, slug) for slug in slugs)


def test_cookie_expires_after_30_days(credentials: ShareCredentials) -> None:
    session = GuestSession.start(NOW)
    cookie = credentials.sign(session)
    for now in (NOW, NOW + LIFETIME - 1):
        assert credentials.verify(cookie, now) == session
    for now in (NOW + LIFETIME, NOW + 10 * LIFETIME):
        assert credentials.verify(cookie, now) is None


def test_renewed_cookie_keeps_the_guest(credentials: ShareCredentials) -> None:
    session = GuestSession.start(NOW)
    assert not session.needs_renewal(NOW + RENEW_AFTER - 1)
    later = NOW + RENEW_AFTER
    assert session.needs_renewal(later)
    renewed = session.renewed(later)
    assert renewed.guest == session.guest
    assert not renewed.needs_renewal(later)
    assert credentials.verify(credentials.sign(renewed), later + LIFETIME - 1) == renewed


def test_cookies_of_other_credentials_are_refused(credentials: ShareCredentials) -> None:
    cookie = credentials.sign(GuestSession.start(NOW))
    others = [
        ShareCredentials.generate(credentials.pin_hash),
        replace(credentials, slug=ShareCredentials.generate("").slug),
        replace(credentials, key=ShareCredentials.generate("").key),
        credentials.rotated(),
        credentials.rotated(pin_hash=hash_pin("1234", FAST)),
        credentials.rotated(new_link=True),
    ]
    assert credentials.verify(cookie, NOW) is not None
    for other in others:
        assert other.verify(cookie, NOW) is None
    assert credentials.rotated(new_link=True).slug != credentials.slug


def test_forged_cookies_are_refused(credentials: ShareCredentials) -> None:
    cookie = credentials.sign(GuestSession.start(NOW))
    letters = string.digits + string.ascii_letters + "._-"
    for at, letter in itertools.product(range(len(cookie)), letters):
        forged = cookie[:at] + letter + cookie[at + 1 :]
        if forged != cookie:
            assert credentials.verify(forged, NOW) is None
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
        assert credentials.verify(forged, NOW) is None


@given(st.text())
def test_arbitrary_text_is_no_cookie(text: str) -> None:
    credentials = ShareCredentials(slug="s" * 22, pin_hash="", key="00" * 32, generation=1)
    assert credentials.verify(text, NOW) is None


def test_credentials_survive_storage(credentials: ShareCredentials) -> None:
    assert ShareCredentials.from_dict(credentials.as_dict()) == credentials
    with pytest.raises(KeyError):
        ShareCredentials.from_dict({})


def test_revoked_session_stays_revoked_after_a_restart() -> None:
    revoked = RevokedSessions()
    session = GuestSession.start(NOW)
    assert session.guest not in revoked
    revoked.revoke(session, NOW)
    restored = RevokedSessions(revoked.as_dict())
    assert session.guest in restored
    # All its cookies have expired by then.
    restored.revoke(GuestSession.start(NOW), NOW + LIFETIME)
    assert session.guest not in restored
    assert len(restored.as_dict()) == 1


def test_number_of_revoked_sessions_is_limited() -> None:
    revoked = RevokedSessions({f"guest {number}": int(NOW) + number + 1 for number in range(4096)})
    session = GuestSession.start(NOW)
    revoked.revoke(session, NOW)
    assert len(revoked.as_dict()) == 4096
    assert session.guest in revoked
    assert "guest 0" not in revoked
