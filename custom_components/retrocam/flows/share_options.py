"""The options of the share page: the form, the PIN and the link."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.selector import (
    BooleanSelector,
    QrCodeSelector,
    QrCodeSelectorConfig,
    QrErrorCorrectionLevel,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..cameras import RetrocamConfigEntry
from ..cameras.share_access import open_lock, stored_lock
from ..cameras.share_auth import DOOR
from ..core.share.credentials import Lock, hash_pin
from ..core.share.pins import LEAST, is_common, is_pin
from ..settings import Settings
from ..urls import share_path

_DEFAULTS: Final = Settings()
_KEPT: Final = ("share_enabled", "share_control", "share_history")
"""Fields that are stored as they are."""


class OptionsError(ValueError):
    """The form cannot be taken; the text is the key of the reason."""


def share_schema(link: str | None, offered: str | None = None) -> vol.Schema:
    """Return the section of the options form; with the link, once there is one.

    `offered` is a PIN that stands in the field, readable; the field is empty without one: a stored PIN
    never comes out.
    """
    pin = TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password")
    if offered is not None:
        pin = TextSelectorConfig(type=TextSelectorType.TEXT, autocomplete="off")
    fields: dict[Any, Any] = {
        vol.Required("share_enabled", default=_DEFAULTS.share_enabled): BooleanSelector(),
        vol.Optional("share_pin", description={"suggested_value": offered}): TextSelector(pin),
        vol.Required("share_control", default=_DEFAULTS.share_control): BooleanSelector(),
        vol.Required("share_history", default=_DEFAULTS.share_history): BooleanSelector(),
    }
    if link is not None:
        fields[vol.Optional("share_renew", default=False)] = BooleanSelector()
        fields |= link_fields(link)
    return vol.Schema(fields)


def link_fields(link: str) -> dict[Any, Any]:
    """Return the field that shows a link as a QR code."""
    code = QrCodeSelectorConfig(
        data=link, scale=4, error_correction_level=QrErrorCorrectionLevel.MEDIUM
    )
    return {vol.Optional("share_link"): QrCodeSelector(code)}


def share_link(hass: HomeAssistant, lock: Lock) -> str:
    """Return where guests find the page; only its path if Home Assistant does not know its address."""
    try:
        base = get_url(hass, prefer_external=True)
    except NoURLAvailableError:
        base = ""
    return base + share_path(lock.slug)


def kept(share: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the section is stored."""
    return {key: share[key] for key in _KEPT}


async def async_changed_lock(
    hass: HomeAssistant, entry: RetrocamConfigEntry, share: Mapping[str, Any], offered: str
) -> Lock | None:
    """Return the lock that the section asks for; None where there was none, and none is wanted.

    A PIN that was only `offered` is not wanted while the page stays off.
    Raises OptionsError without a PIN where one is needed, and for one that cannot be taken.
    """
    lock, was_open = stored_lock(entry.options), open_lock(entry) is not None
    pin, renew = share.get("share_pin") or "", bool(share.get("share_renew"))
    if pin == offered and not share["share_enabled"]:
        pin = ""
    if pin:
        _check_new(pin)
        pin_hash = await hass.async_add_executor_job(hash_pin, pin, hass.data[DOOR].cost)
        return lock.changed(pin_hash=pin_hash, new_link=renew) if lock else Lock.draw(pin_hash)
    if lock is None:
        if share["share_enabled"]:
            raise OptionsError("share_pin_missing")
        return None
    if renew or (was_open and not share["share_enabled"]):
        return lock.changed(new_link=renew)
    return lock


def _check_new(pin: str) -> None:
    """Raise OptionsError for a PIN that no page gets any more; stored ones go on as they are."""
    if not is_pin(pin):
        raise OptionsError("share_pin_invalid")
    if len(pin) < LEAST:
        raise OptionsError("share_pin_short")
    if is_common(pin):
        raise OptionsError("share_pin_common")


def forget_guesses(hass: HomeAssistant, old: Lock | None, new: Lock | None) -> None:
    """Begin anew with counting when the link or its PIN is another one."""
    if old is None or new is None:
        return
    if (old.slug, old.pin_hash) != (new.slug, new.pin_hash):
        hass.data[DOOR].async_forget(old.slug)
