"""Issues, and the dialogs of their repairs."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.const import DOMAIN

FIX = "/api/repairs/issues/fix"


def found(hass: HomeAssistant, key: str, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return an entry's issue of this kind."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")


class Dialog:
    """The dialog of a repair, over HTTP like the frontend."""

    def __init__(self, client: Any, answer: dict[str, Any]) -> None:
        """Continue a flow from an answer."""
        self.client = client
        self.answer = answer

    @classmethod
    async def of(
        cls, hass_client: ClientSessionGenerator, key: str, entry: MockConfigEntry
    ) -> Dialog:
        """Start the repair of an entry's issue."""
        client = await hass_client()
        issue_id = f"{key}_{entry.entry_id}"
        response = await client.post(FIX, json={"handler": DOMAIN, "issue_id": issue_id})
        return cls(client, await response.json())

    async def submit(self, **data: Any) -> dict[str, Any]:
        """Submit a step, and return the next one."""
        flow_id = self.answer["flow_id"]
        response = await self.client.post(f"{FIX}/{flow_id}", json=data)
        answer: dict[str, Any] = await response.json()
        return answer

    def suggested(self) -> dict[str, Any]:
        """Return the suggested values."""
        return {
            field["name"]: field.get("description", {}).get("suggested_value")
            for field in self.answer["data_schema"]
        }
