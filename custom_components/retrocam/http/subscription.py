"""WebSocket subscriptions to what one entry's instance tells, across reloads."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.websocket_api import ActiveConnection, event_message
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..cameras import CameraInstance, RetrocamConfigEntry
from ..cameras.entry_tracking import async_track_instance
from ..rights import may_read


class Subscription:
    """Sends events to one subscriber, while the user may read the camera. All in the event loop.

    The entry may be unloaded, and may be reloaded meanwhile.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        connection: ActiveConnection,
        msg_id: int,
        entry: RetrocamConfigEntry,
    ) -> None:
        self._hass = hass
        self._connection = connection
        self._id = msg_id
        self._entry = entry
        self.refresh_token_id = connection.refresh_token_id
        """Sign URLs for its user: events have no current connection."""
        self.is_new = True
        """Whether an instance that is attached now was loaded before the subscription."""

    @callback
    def async_start(self, attach: Callable[[CameraInstance, Subscription], CALLBACK_TYPE]) -> None:
        """Answer the command; `attach` sends what each instance tells, and returns what ends that."""
        self._connection.send_result(self._id)
        self._connection.subscriptions[self._id] = async_track_instance(
            self._hass, self._entry, lambda instance: attach(instance, self)
        )
        self.is_new = False

    @property
    def may_read(self) -> bool:
        """Whether the user may read the camera now."""
        return may_read(self._hass, self._connection.user, self._entry.entry_id)

    def send(self, event: dict[str, Any]) -> bool:
        """Send an event if the user may read the camera; return whether."""
        if is_sent := self.may_read:
            self._connection.send_message(event_message(self._id, event))
        return is_sent
