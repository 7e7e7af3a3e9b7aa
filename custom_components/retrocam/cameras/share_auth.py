"""The door of all share pages: who may enter which, and who has to wait before the next PIN.

A link that does not exist is treated as one whose PIN nobody knows: its PINs are hashed, counted and
answered in the same way, in the same time.
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
from ..core.share.credentials import COST, HashCost, Lock, Pass, Revoked, check_pin, hash_pin
from ..core.share.rate_limit import Lockouts
from .base import RetrocamConfigEntry
from .share_access import open_lock

_LOGGER = logging.getLogger(__name__)

STORE_KEY: Final = f"{DOMAIN}.share"
STORE_VERSION: Final = 1
SAVE_DELAY: Final = 1.0
"""Seconds in which what is to be kept is gathered into one write."""
MOST_HASHING: Final = 2
"""PINs that are looked at at once: each takes a core and 16 MiB."""
MOST_WAITING: Final = 40
"""PINs that may wait for that; more are sent away for a moment."""
BUSY: Final = 5
"""Seconds after which those may come back."""

DOOR: HassKey[Door] = HassKey(f"{DOMAIN}_door")


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a cookie that is valid now."""

    entry: RetrocamConfigEntry
    """Whose page it opens; it need not be loaded."""
    lock: Lock
    allowed: Pass


class Door:
    """Lets guests in. All methods run in the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        *,
        cost: HashCost = COST,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Know nobody yet; `clock` gives UNIX time in s."""
        self._hass = hass
        self.clock = clock
        self.cost = cost
        """Of the hashes of new PINs."""
        self.lockouts = Lockouts()
        self._revoked = Revoked()
        self._store: Store[dict[str, Any]] = Store(hass, STORE_VERSION, STORE_KEY, private=True)
        self._decoy = Lock.draw("")
        self._slots = asyncio.Semaphore(MOST_HASHING)
        self._waiting = 0

    async def async_load(self) -> None:
        """Read who was locked out when Home Assistant stopped."""
        stored = await self._store.async_load() or {}
        try:
            self.lockouts = Lockouts(stored.get("lockouts"))
            self._revoked = Revoked(stored.get("revoked"))
        except AttributeError, TypeError, ValueError:
            _LOGGER.warning("Who was locked out of the share pages cannot be read: all begin anew")
        pin = secrets.token_hex(8)
        self._decoy = Lock.draw(await self._hass.async_add_executor_job(hash_pin, pin, self.cost))

    def find(self, slug: str) -> tuple[RetrocamConfigEntry | None, Lock]:
        """Return the entry of a link, and its lock: one that nothing opens if there is no such page.

        The entry need not be loaded: a guest whose page is loaded anew stays its guest.
        """
        found: tuple[RetrocamConfigEntry | None, Lock] = None, self._decoy
        for entry in self._entries():
            lock = open_lock(entry)
            if lock is not None and compare_digest(lock.slug, slug):
                found = entry, lock
        return found

    def enter(self, slug: str, cookie: str) -> Guest | None:
        """Return whom a cookie belongs to, None if it does not open this page."""
        entry, lock = self.find(slug)
        allowed = lock.verify(cookie, self.clock())
        if entry is None or allowed is None or allowed.guest in self._revoked:
            return None
        return Guest(entry, lock, allowed)

    async def async_unlock(
        self, slug: str, pin: str, address: str, on_wrong: CALLBACK_TYPE = lambda: None
    ) -> tuple[Lock, Pass]:
        """Let a guest in who knows the PIN; `on_wrong` is called when it is not the right one.

        Raises LockedOutError before anything is looked at, and WrongPinError. Whoever asks may leave
        meanwhile: the PIN is judged all the same, or leaving would hide a guess, and a right PIN
        would stay counted as a wrong one.
        """
        now = self.clock()
        if wait := self.lockouts.retry_after(address, slug, now):
            raise LockedOutError(wait)
        if self._waiting >= MOST_WAITING:
            raise LockedOutError(BUSY)
        entry, lock = self.find(slug)
        self.lockouts.count(address, slug, now, known=self._links)
        self._save()

        async def judge() -> bool:
            if (
                await self._async_check(pin, lock)
                and entry is not None
                and open_lock(entry) == lock
            ):
                self.lockouts.was_right(address, slug)
                self._save()
                return True
            if entry is not None and entry.state is ConfigEntryState.LOADED:
                entry.runtime_data.async_tell()
            on_wrong()
            return False

        if not await asyncio.shield(self._hass.async_create_task(judge(), "retrocam PIN")):
            raise WrongPinError("not the PIN of this page")
        return lock, Pass.draw(self.clock())

    @callback
    def async_leave(self, guest: Guest) -> None:
        """Make a guest's cookies worthless, and end what is open."""
        self._revoked.add(guest.allowed, self.clock())
        self._save()
        if guest.entry.state is ConfigEntryState.LOADED:
            guest.entry.runtime_data.share.async_end(guest.allowed.guest)

    @callback
    def async_forget(self, slug: str) -> None:
        """Begin anew with a link whose PIN was changed, or that is gone."""
        self.lockouts.forget(slug)
        self._save()

    async def async_clear(self) -> None:
        """Forget all, also on the disk: the last entry was removed."""
        self.lockouts, self._revoked = Lockouts(), Revoked()
        await self._store.async_remove()

    @callback
    def guesses(self, entry: RetrocamConfigEntry) -> int:
        """Return how often a wrong PIN was tried at the page of an entry lately."""
        lock = open_lock(entry)
        return 0 if lock is None else self.lockouts.failures(lock.slug, self.clock())

    @property
    def _links(self) -> set[str]:
        return {lock.slug for entry in self._entries() if (lock := open_lock(entry)) is not None}

    def _entries(self) -> list[RetrocamConfigEntry]:
        return self._hass.config_entries.async_entries(DOMAIN)

    async def _async_check(self, pin: str, lock: Lock) -> bool:
        self._waiting += 1
        try:
            async with self._slots:
                return await self._hass.async_add_executor_job(check_pin, pin, lock.pin_hash)
        finally:
            self._waiting -= 1

    @callback
    def _save(self) -> None:
        self._store.async_delay_save(self._stored, SAVE_DELAY)

    @callback
    def _stored(self) -> dict[str, Any]:
        return {"lockouts": self.lockouts.stored(), "revoked": self._revoked.stored()}
