"""Authentication of guests of all share pages, with rate limits for PINs.

An unknown link is treated as one with an unknown PIN: attempts are hashed, counted and answered in the
same way and time.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
import logging
import secrets
import time
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..core.errors import LockedOutError, WrongPinError
from ..core.job_limiter import JobLimiter
from ..core.share.credentials import (
    COST,
    GuestSession,
    HashCost,
    RevokedSessions,
    ShareCredentials,
    check_pin,
    hash_pin,
)
from ..core.share.rate_limit import PinRateLimiter
from .base import RetrocamConfigEntry
from .share_access import load_credentials

_LOGGER = logging.getLogger(__name__)

STORE_KEY: Final = f"{DOMAIN}.share"
STORE_VERSION: Final = 1
SAVE_DELAY: Final = 1.0
"""Seconds for which changes are collected into one write."""
MAX_HASHING: Final = 2
"""PINs hashed at once: each takes a core and 16 MiB."""
MAX_WAITING: Final = 38
"""PINs that may wait to be hashed; further ones are refused."""
RETRY_AFTER: Final = 5
"""Seconds after which refused ones may try again."""

SHARE_AUTH: HassKey[ShareAuth] = HassKey(f"{DOMAIN}_share_auth")


@dataclass(frozen=True, slots=True)
class Guest:
    """The owner of a valid cookie."""

    entry: RetrocamConfigEntry
    """Entry of the page; it need not be loaded."""
    credentials: ShareCredentials
    session: GuestSession

    @property
    def token(self) -> str:
        """The token of the guest's pages."""
        return self.credentials.token(self.session)


class ShareAuth:
    """Authenticates guests. All methods run in the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        *,
        cost: HashCost = COST,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` returns UNIX time, s; `cost` is that of hashes of new PINs."""
        self._hass = hass
        self.clock = clock
        self.cost = cost
        self.pin_limiter = PinRateLimiter()
        self._revoked = RevokedSessions()
        self._store: Store[dict[str, Any]] = Store(hass, STORE_VERSION, STORE_KEY, private=True)
        self._decoy = ShareCredentials.generate("")
        self._hashing = JobLimiter(running=MAX_HASHING, waiting=MAX_WAITING)

    async def async_load(self) -> None:
        """Load lockouts and revoked sessions."""
        stored = await self._store.async_load() or {}
        try:
            self.pin_limiter = PinRateLimiter(stored.get("lockouts"))
            self._revoked = RevokedSessions(stored.get("revoked"))
        except AttributeError, TypeError, ValueError:
            _LOGGER.warning("The stored lockouts of share pages cannot be read and are discarded")
        pin = secrets.token_hex(8)
        self._decoy = ShareCredentials.generate(
            await self._hass.async_add_executor_job(hash_pin, pin, self.cost)
        )

    def find(self, slug: str) -> tuple[RetrocamConfigEntry | None, ShareCredentials]:
        """Return the entry and credentials of a link; credentials that match no PIN if unknown.

        The entry need not be loaded: sessions outlive a reload.
        """
        result: tuple[RetrocamConfigEntry | None, ShareCredentials] = None, self._decoy
        for entry in self._entries():
            credentials = load_credentials(entry)
            if credentials is not None and compare_digest(credentials.slug, slug):
                result = entry, credentials
        return result

    def enter(self, slug: str, cookie: str) -> Guest | None:
        """Return the owner of a cookie; None if it is not valid for this page."""
        entry, credentials = self.find(slug)
        session = credentials.verify(cookie, self.clock())
        if entry is None or session is None or session.guest in self._revoked:
            return None
        return Guest(entry, credentials, session)

    async def async_unlock(
        self, slug: str, pin: str, address: str, on_wrong: CALLBACK_TYPE = lambda: None
    ) -> tuple[ShareCredentials, GuestSession]:
        """Check a PIN and begin a session; `on_wrong` is called if the PIN is wrong.

        Raises WrongPinError, and LockedOutError without checking. A cancelled request is still checked:
        otherwise disconnecting would hide a guess, and a right PIN would stay counted as a wrong one.
        """
        now = self.clock()
        if wait := self.pin_limiter.retry_after(address, slug, now):
            raise LockedOutError(wait)
        if self._hashing.is_full:
            raise LockedOutError(RETRY_AFTER)
        entry, credentials = self.find(slug)
        self.pin_limiter.count_failure(address, slug, now, keep=self._links)
        self._save()

        async def check() -> bool:
            if (
                await self._async_check(pin, credentials)
                and entry is not None
                and load_credentials(entry) == credentials
            ):
                self.pin_limiter.withdraw_failure(address, slug)
                self._save()
                return True
            if entry is not None and entry.state is ConfigEntryState.LOADED:
                entry.runtime_data.async_update_listeners()
            on_wrong()
            return False

        if not await asyncio.shield(self._hass.async_create_task(check(), "retrocam PIN")):
            raise WrongPinError("not the PIN of this page")
        return credentials, GuestSession.start(self.clock())

    @callback
    def async_leave(self, guest: Guest) -> None:
        """Revoke a guest's session, and end its streams."""
        self._revoked.revoke(guest.session, self.clock())
        self._save()
        if guest.entry.state is ConfigEntryState.LOADED:
            guest.entry.runtime_data.share.async_end(guest.session.guest)

    @callback
    def async_forget(self, slug: str) -> None:
        """Reset the rate limit of a link whose PIN was changed, or that was removed."""
        self.pin_limiter.reset_link(slug)
        self._save()

    async def async_clear(self) -> None:
        """Remove all state and the file: the last entry was removed."""
        self.pin_limiter, self._revoked = PinRateLimiter(), RevokedSessions()
        await self._store.async_remove()

    def guesses(self, entry: RetrocamConfigEntry) -> int:
        """Return the number of recent wrong PINs at an entry's page."""
        credentials = load_credentials(entry)
        if credentials is None:
            return 0
        return self.pin_limiter.failure_count(credentials.slug, self.clock())

    @property
    def _links(self) -> set[str]:
        loaded = map(load_credentials, self._entries())
        return {credentials.slug for credentials in loaded if credentials is not None}

    def _entries(self) -> list[RetrocamConfigEntry]:
        return self._hass.config_entries.async_entries(DOMAIN)

    async def _async_check(self, pin: str, credentials: ShareCredentials) -> bool:
        async with self._hashing.enter():
            return await self._hass.async_add_executor_job(check_pin, pin, credentials.pin_hash)

    def _save(self) -> None:
        self._store.async_delay_save(self._stored, SAVE_DELAY)

    @callback
    def _stored(self) -> dict[str, Any]:
        return {"lockouts": self.pin_limiter.as_dict(), "revoked": self._revoked.as_dict()}
