"""Registers actions that are called for entities, also for those whose camera is away.

Home Assistant calls an action only for entities that are available. Some of ours have their use just
then: what is held of a camera when its cable is cut can be saved, and its files can be listed.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import (
    HassJob,
    HassJobType,
    HomeAssistant,
    ServiceCall,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import DATA_DOMAIN_PLATFORM_ENTITIES
from homeassistant.helpers.service import entity_service_call

from ..cameras import CameraInstance
from ..const import DOMAIN
from ..entity import RetrocamEntity
from ..rights import async_acting_for, current_user, may_read_entity
from .exceptions import invalid

type Action = Callable[[Entity, ServiceCall], Awaitable[Any]]
type Use = Callable[[CameraInstance], bool]
"""Whether an action has its use for an instance whose camera is away."""


def never(_instance: CameraInstance) -> bool:
    """Be of no use: the camera is needed."""
    return False


def always(_instance: CameraInstance) -> bool:
    """Be of use at any time: the disk is all that is needed."""
    return True


def while_recording(instance: CameraInstance) -> bool:
    """Be of use for the clips that are being recorded."""
    return instance.recorder.active > 0


def while_held(instance: CameraInstance) -> bool:
    """Be of use for what the lookback holds."""
    return instance.lookback.is_recent


@callback
def async_register(
    hass: HomeAssistant,
    name: str,
    schema: dict[Any, Any] | None,
    action: Action,
    *,
    entity_domain: str,
    away: Use = never,
    supports_response: SupportsResponse = SupportsResponse.OPTIONAL,
    admin_only: bool = False,
) -> None:
    """Register `action` for our entities of a domain.

    Of those that are unavailable it is called for the ones of which `away` is true, and for the only
    one that is asked for by its id, which can then say what is wrong in the user's language.
    """

    async def call_for(entity: Entity, call: ServiceCall) -> Any:
        ours = cast(_Reached, entity).entity
        async with async_acting_for(hass, call.context):
            # Home Assistant has asked for control already; what is answered shows the camera, too.
            if not may_read_entity(current_user(), ours.entity_id):
                raise invalid("read_denied", name=instance_of(ours).name)
            return await action(ours, call)

    async def handle(call: ServiceCall) -> Any:
        ours = hass.data.get(DATA_DOMAIN_PLATFORM_ENTITIES, {}).get((entity_domain, DOMAIN), {})
        alone = _asked_for(call) if call.return_response or away is not never else None
        reached = {
            entity_id: _Reached(entity, away, alone=alone == entity_id)
            for entity_id, entity in ours.items()
        }
        entities = cast(Mapping[str, Entity], reached)
        return await entity_service_call(
            hass, entities, HassJob(call_for), call, admin_only=admin_only
        )

    hass.services.async_register(
        DOMAIN,
        name,
        handle,
        cv.make_entity_service_schema(schema),
        supports_response,
        job_type=HassJobType.Coroutinefunction,
    )


def instance_of(entity: Entity) -> CameraInstance:
    """Return the instance of an entity that an action was called for."""
    assert isinstance(entity, RetrocamEntity)  # noqa: S101  # the action takes no other
    return entity.instance


_TARGETS: Final = ("area_id", "device_id", "floor_id", "label_id")


def _asked_for(call: ServiceCall) -> str | None:
    """Return the id of the entity that alone is asked for, if there is one."""
    ids = call.data.get(ATTR_ENTITY_ID)
    if not isinstance(ids, list) or len(ids) != 1 or any(call.data.get(key) for key in _TARGETS):
        return None
    return str(ids[0])


class _Reached:
    """An entity as `entity_service_call` sees it."""

    def __init__(self, entity: Entity, away: Use, *, alone: bool) -> None:
        self.entity = entity
        self._away = away
        self._alone = alone

    @property
    def available(self) -> bool:
        return self.entity.available or self._alone or self._away(instance_of(self.entity))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.entity, name)
