"""Clients of footage: one that is logged in, and a player."""

from typing import Any

from aiohttp import ClientResponse, ClientSession
from homeassistant.core import HomeAssistant

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.urls import FOOTAGE_PLAYLIST_PATH, signed

from ..viewers import url_of


class Past:
    """A logged-in client of the footage of one instance."""

    def __init__(self, client: ClientSession, instance: CameraInstance) -> None:
        self._client = client
        self._path = f"/api/retrocam/footage/{instance.entry.entry_id}"

    async def list(self, **query: Any) -> dict[str, Any]:
        """Return what is held."""
        response = await self._client.get(self._path, params=query)
        assert response.status == 200
        answer: dict[str, Any] = await response.json()
        return answer

    async def frame(self, method: str = "GET", **query: Any) -> ClientResponse:
        """Request a frame, and read the response."""
        return await self.request("/frame", method, **query)

    async def request(self, path: str, method: str = "GET", **query: Any) -> ClientResponse:
        """Request a path below that of the footage, and read the response."""
        response = await self._client.request(method, self._path + path, params=query)
        await response.read()
        return response


class Player:
    """A client without a login, which follows the URLs that it was given."""

    def __init__(self, hass: HomeAssistant, session: ClientSession, path: str) -> None:
        self._session = session
        self.url = url_of(hass, path)

    async def get(self, uri: str = "", method: str = "GET") -> ClientResponse:
        """Request a URL relative to that of the playlist, and read the response."""
        base = self.url.partition("?")[0].rpartition("/")[0]
        response = await self._session.request(method, f"{base}/{uri}" if uri else self.url)
        await response.read()
        return response

    async def playlist(self, more: str = "") -> str:
        """Return the playlist, with more parameters."""
        response = await self._session.get(self.url + more)
        assert response.status == 200, await response.text()
        assert response.content_type == "application/vnd.apple.mpegurl"
        return await response.text()


def path_of(template: str, instance: CameraInstance, query: str = "") -> str:
    return template.format(entry_id=instance.entry.entry_id) + query


def player_of(
    hass: HomeAssistant, session: ClientSession, instance: CameraInstance, query: str = ""
) -> Player:
    """Return a player of a signed playlist."""
    path = path_of(FOOTAGE_PLAYLIST_PATH, instance, query)
    return Player(hass, session, signed(hass, path))
