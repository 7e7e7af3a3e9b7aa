"""Translated errors of actions and entities; the keys are those of the section `exceptions`."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..cameras import CameraInstance
from ..const import DOMAIN
from ..core.texts import for_display


def validation_error(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for invalid input; placeholders are shortened and made printable."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={name: for_display(value) for name, value in placeholders.items()},
    )


def action_error(instance: CameraInstance, code: str) -> HomeAssistantError:
    """Return the error for a failed action of an instance; `code` is that of a RetrocamError."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=code,
        translation_placeholders={"name": instance.name},
    )
