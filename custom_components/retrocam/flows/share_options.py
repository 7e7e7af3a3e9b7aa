"""The section of the share page in the options form: fields, PIN and link."""

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
from ..cameras.share_access import load_credentials, stored_credentials
from ..cameras.share_auth import SHARE_AUTH
from ..core.share.credentials import ShareCredentials, hash_pin
from ..core.share.pins import MIN_DIGITS, is_common, is_pin
from ..settings import Settings
from ..urls import share_path

_DEFAULTS: Final = Settings()
STORED_FIELDS: Final = ("share_enabled", "share_control", "share_history", "share_rewind")
"""Fields that are stored unchanged."""


class OptionsError(ValueError):
    """The form is invalid; the message is a key of the section `error`."""


def share_schema(link: str | None, offered_pin: str | None = None) -> vol.Schema:
    """Return the section of the options form, with `link` if the page has one.

    The PIN field shows `offered_pin` in clear; without it the field is empty and masked, since only a
    hash of the PIN is stored.
    """
    pin = TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password")
    if offered_pin is not None:
        pin = TextSelectorConfig(type=TextSelectorType.TEXT, autocomplete="off")
    fields: dict[Any, Any] = {
        vol.Required("share_enabled", default=_DEFAULTS.share_enabled): BooleanSelector(),
        vol.Optional("share_pin", description={"suggested_value": offered_pin}): TextSelector(pin),
        vol.Required("share_control", default=_DEFAULTS.share_control): BooleanSelector(),
        vol.Required("share_history", default=_DEFAULTS.share_history): BooleanSelector(),
        vol.Required("share_rewind", default=_DEFAULTS.share_rewind): BooleanSelector(),
    }
    if link is not None:
        fields[vol.Optional("share_renew", default=False)] = BooleanSelector()
        fields |= link_fields(link)
    return vol.Schema(fields)


def link_fields(link: str) -> dict[Any, Any]:
    """Return the field that shows a link as QR code."""
    code = QrCodeSelectorConfig(
        data=link, scale=4, error_correction_level=QrErrorCorrectionLevel.MEDIUM
    )
    return {vol.Optional("share_link"): QrCodeSelector(code)}


def share_link(hass: HomeAssistant, credentials: ShareCredentials) -> str:
    """Return the URL of the page, or its path if Home Assistant does not know its own address."""
    try:
        base = get_url(hass, prefer_external=True)
    except NoURLAvailableError:
        base = ""
    return base + share_path(credentials.slug)


async def async_new_credentials(
    hass: HomeAssistant, entry: RetrocamConfigEntry, share: Mapping[str, Any], offered_pin: str
) -> ShareCredentials | None:
    """Return the credentials after the form; None for a page that never had a PIN and stays off.

    An unchanged `offered_pin` is ignored while the page is off.
    Raises OptionsError for an invalid PIN, and without a PIN if the page is on.
    """
    old, was_enabled = stored_credentials(entry.options), load_credentials(entry) is not None
    enabled, renew = share["share_enabled"], bool(share.get("share_renew"))
    pin = share.get("share_pin") or ""
    if pin and (enabled or pin != offered_pin):
        _check_pin(pin)
        pin_hash = await hass.async_add_executor_job(hash_pin, pin, hass.data[SHARE_AUTH].cost)
        if old is None:
            return ShareCredentials.generate(pin_hash)
        return old.rotated(pin_hash=pin_hash, new_link=renew)
    if old is None and enabled:
        raise OptionsError("share_pin_missing")
    if old is not None and (renew or (was_enabled and not enabled)):
        return old.rotated(new_link=renew)
    return old


def _check_pin(pin: str) -> None:
    """Raise OptionsError for a PIN that is not accepted for new pages; stored ones stay valid."""
    if not is_pin(pin):
        raise OptionsError("share_pin_invalid")
    if len(pin) < MIN_DIGITS:
        raise OptionsError("share_pin_short")
    if is_common(pin):
        raise OptionsError("share_pin_common")


def forget_guesses(
    hass: HomeAssistant, old: ShareCredentials | None, new: ShareCredentials | None
) -> None:
    """Reset the count of wrong PINs if the link or the PIN has changed."""
    if old is None or new is None:
        return
    if (old.slug, old.pin_hash) != (new.slug, new.pin_hash):
        hass.data[SHARE_AUTH].async_forget(old.slug)
