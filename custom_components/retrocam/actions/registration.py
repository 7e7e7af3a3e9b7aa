"""Registration of entity actions, some of which work while the camera is unavailable.

Home Assistant calls an action only for available entities. Without its camera an instance can still
save what it holds of the past, and list and delete its files.
"""

from collections.abc import Awaitable, Callable, Mapping
import time
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
from .exceptions import validation_error

_MOMENT: Final = 0.001

type Action = Callable[..., Awaitable[Any]]
"""Takes a CameraInstance and the fields of the schema as keywords; returns the answer."""
type WorksOffline = Callable[[CameraInstance, Mapping[str, Any]], bool | None]
"""Whether an action with these fields works for an instance whose camera is unavailable; None if it is
of the present."""


def always(_instance: CameraInstance, _data: Mapping[str, Any]) -> bool:
    """Return True: the action requires only the disk."""
    return True


def while_recording(instance: CameraInstance, _data: Mapping[str, Any]) -> bool:
    """Return whether a clip is being recorded."""
    return instance.recorder.active > 0


def with_footage(instance: CameraInstance, data: Mapping[str, Any]) -> bool:
    """Return whether there is footage of a clip's past: between its times, or of its lookback."""
    start, end = data.get("start"), data.get("end")
    if start is not None and end is not None:
        return instance.footage.all.holds(start, end)
    lookback = instance.lookback
    return lookback.footage_is_recent or lookback.age < data.get("lookback", 0.0)


def with_picture(instance: CameraInstance, data: Mapping[str, Any]) -> bool | None:
    """Return whether there is footage of a snapshot of the past; None for one of the present."""
    ago = data.get("ago")
    at = data.get("at") if ago is None else time.time() - ago
    return None if at is None else instance.footage.all.holds(at, at + _MOMENT)


@callback
def async_register(
    hass: HomeAssistant,
    name: str,
    schema: dict[Any, Any],
    action: Action,
    *,
    entity_domain: str,
    works_offline: WorksOffline | None = None,
    supports_response: SupportsResponse = SupportsResponse.OPTIONAL,
    admin_only: bool = False,
) -> None:
    """Register `action` for Retrocam's entities of a domain.

    An unavailable entity is included if `works_offline`, or if it is the only target: then the action
    can raise a translated error. One of the present is only if there is an answer.
    """
    fields = [str(key) for key in schema]

    async def call_for(target: Entity, call: ServiceCall) -> Any:
        entity = cast(_Target, target).entity
        async with async_acting_for(hass, call.context):
            # Home Assistant has checked POLICY_CONTROL; answers show the camera, which is to read it.
            if not may_read_entity(current_user(), entity.entity_id):
                raise validation_error("read_denied", name=entity.instance.name)
            data = {key: call.data[key] for key in fields if key in call.data}
            return await action(entity.instance, **data)

    async def handle(call: ServiceCall) -> Any:
        entities = hass.data.get(DATA_DOMAIN_PLATFORM_ENTITIES, {}).get((entity_domain, DOMAIN), {})
        single = _single_target(call) if call.return_response or works_offline else None
        targets = {
            entity_id: _Target(entity, works_offline, call, single=single == entity_id)
            for entity_id, entity in entities.items()
        }
        return await entity_service_call(
            hass,
            cast(Mapping[str, Entity], targets),
            HassJob(call_for),
            call,
            admin_only=admin_only,
        )

    hass.services.async_register(
        DOMAIN,
        name,
        handle,
        cv.make_entity_service_schema(schema),
        supports_response,
        job_type=HassJobType.Coroutinefunction,
    )


_GROUPS: Final = ("area_id", "device_id", "floor_id", "label_id")


def _single_target(call: ServiceCall) -> str | None:
    """Return the only entity id that the call targets, if it is just one."""
    ids = call.data.get(ATTR_ENTITY_ID)
    if not isinstance(ids, list) or len(ids) != 1 or any(call.data.get(key) for key in _GROUPS):
        return None
    return str(ids[0])


class _Target:
    """An entity as `entity_service_call` sees it, `available` also where the action works offline."""

    def __init__(
        self,
        entity: Entity,
        works_offline: WorksOffline | None,
        call: ServiceCall,
        *,
        single: bool,
    ) -> None:
        assert isinstance(entity, RetrocamEntity)  # noqa: S101  # our platforms have no others
        self.entity = entity
        self._works_offline = works_offline
        self._call = call
        self._single = single

    @property
    def available(self) -> bool:
        if self.entity.available:
            return True
        works = None
        if self._works_offline is not None:
            works = self._works_offline(self.entity.instance, self._call.data)
        is_told = self._single and (works is not None or self._call.return_response)
        return bool(works) or is_told

    def __getattr__(self, name: str) -> Any:
        return getattr(self.entity, name)
