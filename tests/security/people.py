"""The callers of the matrix: real users and guests, over real connections."""

from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass, field
from typing import Any, Final, Self

from aiohttp import ClientSession, CookieJar, TCPConnector
from aiohttp.client_exceptions import WSServerHandshakeError
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.models import Group, User
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket

from ..viewers import url_of

ONE: Final = "retrocam-one-camera"
BLIND: Final = "retrocam-control-only"
CLIENT: Final = "https://example.org/app"


def add_groups(hass: HomeAssistant) -> None:
    """Add groups that the UI cannot create, as `.storage/auth` may contain them."""
    own = ("camera.porch", "media_player.screen", "camera.screen")
    policies: dict[str, dict[str, Any]] = {
        ONE: {"entities": {"entity_ids": dict.fromkeys(own, True)}},
        BLIND: {"entities": {"all": {"control": True}}},
    }
    groups = hass.auth._store._groups
    for name, policy in policies.items():
        groups[name] = Group(name=name, policy=policy, id=name)


async def add_users(hass: HomeAssistant) -> dict[str, User]:
    """Add one user of each kind; the first one is the owner."""
    add_groups(hass)
    groups = {
        "admin": GROUP_ID_ADMIN,
        "user": GROUP_ID_USER,
        "reader": GROUP_ID_READ_ONLY,
        "blind": BLIND,
        "one": ONE,
    }
    return {
        name: await hass.auth.async_create_user(name, group_ids=[group])
        for name, group in groups.items()
    }


async def log_in(hass: HomeAssistant, user: User) -> str:
    """Return an access token of a user."""
    refresh = await hass.auth.async_create_refresh_token(user, CLIENT)
    return hass.auth.async_create_access_token(refresh)


@dataclass(slots=True)
class Person:
    """A caller, with or without a login, and what the caller requests."""

    hass: HomeAssistant
    session: ClientSession
    token: str | None
    targets: dict[str, str] = field(default_factory=dict)
    """The values of the placeholders in a row."""
    socket: MockHAClientWebSocket | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, hass: HomeAssistant, token: str | None = None) -> AsyncIterator[Self]:
        """Connect a caller during a `with` block."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with ClientSession(
            cookie_jar=CookieJar(unsafe=True),
            connector=TCPConnector(force_close=True),
            headers=headers,
        ) as session:
            yield cls(hass, session, token)

    async def http(self, method: str, path: str, body: Any = None) -> int:
        """Return the status of a response; 101 for an open WebSocket."""
        url = url_of(self.hass, path)
        if method == "GET" and path.partition("?")[0].rpartition("/cells")[1]:
            try:
                async with self.session.ws_connect(url):
                    return 101
            except WSServerHandshakeError as err:
                return err.status
        more = {"json": body} if method == "POST" else {}
        async with self.session.request(method, url, **more) as response:
            return response.status

    async def ask(self, command: str, **data: Any) -> dict[str, Any]:
        """Send a WebSocket command and return its result message, or the rejection of the login."""
        if self.socket is None:
            return await self._ask_without_login({"id": 1, "type": command, **data})
        await self.socket.send_json_auto_id({"type": command, **data})
        while (message := await self.socket.receive_json())["type"] != "result":
            pass
        answer: dict[str, Any] = message
        return answer

    async def _ask_without_login(self, message: dict[str, Any]) -> dict[str, Any]:
        url = url_of(self.hass, "/api/websocket")
        async with self.session.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "auth_required"
            await socket.send_json(message)
            answer: dict[str, Any] = await socket.receive_json()
            return answer

    async def act(self, domain: str, action: str, *, response: bool, **data: Any) -> dict[str, Any]:
        """Call an action and return its result message."""
        return await self.ask(
            "call_service",
            domain=domain,
            service=action,
            service_data=data,
            return_response=response,
        )


def said(message: dict[str, Any]) -> str:
    """Return a result as a word: `ok`, `auth`, or the key or the code of the error."""
    if message["type"] == "auth_invalid":
        return "auth"
    if message["success"]:
        return "ok"
    error = message["error"]
    if error["code"] == "home_assistant_error" and error["message"] == "Unauthorized":
        return "unauthorized"
    return str(error.get("translation_key") or error["code"])
