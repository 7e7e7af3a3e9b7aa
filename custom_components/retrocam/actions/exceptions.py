"""What actions and entities raise, in the user's language: the keys are those of `exceptions`."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..cameras import CameraInstance
from ..const import DOMAIN
from ..core.errors import RetrocamError
from ..core.texts import shown


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for what cannot be meant; it quotes no more than can be shown."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={name: shown(value) for name, value in placeholders.items()},
    )


def failed(instance: CameraInstance, error: RetrocamError) -> HomeAssistantError:
    """Return the error for what an instance could not do, by the code of the error that says why."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=error.code,
        translation_placeholders={"name": instance.name},
    )
