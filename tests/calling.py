"""Calls of Retrocam's actions."""

from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.retrocam.const import DOMAIN


async def answer_of(
    hass: HomeAssistant, action: str, entity_id: str, **data: Any
) -> dict[str, Any]:
    """Call an action for one entity; return its answer."""
    response = await hass.services.async_call(
        DOMAIN, action, {"entity_id": entity_id, **data}, blocking=True, return_response=True
    )
    assert response is not None
    answer = response[entity_id]
    assert isinstance(answer, dict)
    return answer
