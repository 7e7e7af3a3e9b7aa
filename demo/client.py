"""A client of Home Assistant's HTTP and WebSocket API, which acts like a user of its UI."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from itertools import count
from typing import Any, Final, Self

import aiohttp

USERNAME: Final = "demo"
PASSWORD: Final = "demo"  # noqa: S105  # a temporary instance on the loopback address


class Client:
    """A logged-in user."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        """Connect to the Home Assistant at `url`."""
        self.url = url
        self.session = session
        self._ids = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._events: dict[int, asyncio.Queue[Any]] = {}
        """The events of each subscription."""
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.tokens: dict[str, Any] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def logged_in(cls, url: str) -> AsyncIterator[Self]:
        """Onboard a new Home Assistant, or log in to an existing one, for a `with` block."""
        async with aiohttp.ClientSession() as session:
            client = cls(url, session)
            code = await client._onboard() or await client._login()
            await client._get_token(code)
            async with session.ws_connect(f"{url}/api/websocket", max_msg_size=0) as socket:
                client._socket = socket
                await socket.receive_json()
                await socket.send_json(
                    {"type": "auth", "access_token": client.tokens["access_token"]}
                )
                if (await socket.receive_json())["type"] != "auth_ok":
                    raise RuntimeError("Home Assistant rejected the token")
                reader = asyncio.create_task(client._read(socket))
                try:
                    yield client
                finally:
                    reader.cancel()

    @property
    def headers(self) -> dict[str, str]:
        """The authentication headers."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def hold(self, token: str) -> None:
        """Switch to a long-lived token: the access token of a login expires after half an hour."""
        self.tokens["access_token"] = token

    async def get(self, path: str) -> Any:
        """Return the JSON at `path`."""
        async with self.session.get(self.url + path, headers=self.headers) as response:
            response.raise_for_status()
            return await response.json()

    async def get_bytes(self, path: str) -> bytes:
        """Return the body at `path`."""
        async with self.session.get(self.url + path, headers=self.headers) as response:
            response.raise_for_status()
            return await response.read()

    async def post(self, path: str, data: dict[str, Any]) -> Any:
        """Post JSON to `path` and return the JSON of the response."""
        async with self.session.post(self.url + path, json=data, headers=self.headers) as response:
            if response.status >= 400:
                raise RuntimeError(f"{path}: {response.status} {await response.text()}")
            return await response.json()

    async def command(self, kind: str, /, **data: Any) -> Any:
        """Send a WebSocket command and return its result."""
        return await self._ask(next(self._ids), kind, data)

    @contextlib.asynccontextmanager
    async def subscription(self, kind: str, /, **data: Any) -> AsyncIterator[asyncio.Queue[Any]]:
        """Subscribe during a `with` block, and return the queue of the events."""
        number = next(self._ids)
        events = self._events[number] = asyncio.Queue()
        await self._ask(number, kind, data)
        try:
            yield events
        finally:
            await self.command("unsubscribe_events", subscription=number)
            del self._events[number]

    async def _ask(self, number: int, kind: str, data: dict[str, Any]) -> Any:
        assert self._socket is not None  # noqa: S101  # set by `logged_in`
        self._asked[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "type": kind, **data})
        answer = await self._asked[number]
        if not answer["success"]:
            raise RuntimeError(f"{kind}: {answer['error']}")
        return answer["result"]

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Dispatch responses as they arrive; without a reader, pings would stay unanswered."""
        async for message in socket:
            answer = message.json()
            if answer["type"] == "result":
                asked = self._asked.pop(answer["id"])
                # Who asked may have given up.
                if not asked.done():
                    asked.set_result(answer)
            elif answer["type"] == "event" and answer["id"] in self._events:
                self._events[answer["id"]].put_nowait(answer["event"])
        for future in self._asked.values():
            if future.done():
                continue
            future.set_exception(ConnectionError("Home Assistant has closed the connection"))

    async def call_action(self, domain: str, action: str, data: dict[str, Any]) -> Any:
        """Call an action with a response, and return it."""
        answer = await self.post(f"/api/services/{domain}/{action}?return_response", data)
        return answer["service_response"]

    async def entries(self) -> list[dict[str, Any]]:
        """Return Retrocam's config entries."""
        found: list[dict[str, Any]] = await self.command("config_entries/get", domain="retrocam")
        return found

    async def add_entry(self, *steps: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        """Run the config flow through `steps` and return the entry; a failing step raises."""
        path = "/api/config/config_entries/flow"
        answer = await self.post(path, {"handler": "retrocam", "show_advanced_options": False})
        for step, data in steps:
            if answer["type"] == "menu":
                answer = await self.post(f"{path}/{answer['flow_id']}", {"next_step_id": step})
            if answer.get("step_id") != step:
                raise RuntimeError(f"expected the step {step}, got {answer}")
            answer = await self.post(f"{path}/{answer['flow_id']}", data)
        if answer["type"] != "create_entry":
            raise RuntimeError(f"the flow created no entry: {answer}")
        result: dict[str, Any] = answer["result"]
        return result

    async def change_options(self, entry_id: str, section: str, **values: Any) -> dict[str, str]:
        """Change fields of one section of an entry's options and leave the others unchanged.

        Returns the description placeholders of the last form, by name.
        """
        path = "/api/config/config_entries/options/flow"
        answer = await self.post(path, {"handler": entry_id})
        data = filled(answer["data_schema"])
        data[section] |= values
        placeholders: dict[str, str] = {}
        while answer["type"] == "form":
            if answer["errors"]:
                raise RuntimeError(f"the options were rejected: {answer['errors']}")
            placeholders |= answer["description_placeholders"] or {}
            answer = await self.post(f"{path}/{answer['flow_id']}", data)
            data = {}
        return placeholders

    async def entity_id(self, entry_id: str, key: str) -> str:
        """Return the id of an entry's entity by its key."""
        for entity in await self.command("config/entity_registry/list"):
            if entity["platform"] == "retrocam" and entity["unique_id"] == f"{entry_id}_{key}":
                return str(entity["entity_id"])
        raise LookupError(key)

    async def wait_for_state(self, entity_id: str, *, timeout: float = 60) -> dict[str, Any]:  # noqa: ASYNC109  # clearer at the call site
        """Return the state of an entity once it exists and is available."""
        async with asyncio.timeout(timeout):
            while True:
                with contextlib.suppress(aiohttp.ClientResponseError):
                    state: dict[str, Any] = await self.get(f"/api/states/{entity_id}")
                    if state["state"] != "unavailable":
                        return state
                await asyncio.sleep(0.2)  # polls another process

    async def wait_for_lookback(self, entry_id: str, seconds: float) -> None:
        """Wait until a camera can look back that far, as its card shows it."""
        async with self.subscription("retrocam/lookback/subscribe", entry_id=entry_id) as events:
            while (await events.get())["available"] < seconds:
                pass

    async def wait_until_loaded(self) -> None:
        """Wait until Home Assistant runs, and all Retrocam entries are loaded."""
        while (await self.command("get_config"))["state"] != "RUNNING":  # noqa: ASYNC110  # polls another process
            await asyncio.sleep(0.1)  # polling interval
        while {entry["state"] for entry in await self.entries()} - {"loaded"}:  # noqa: ASYNC110  # the same
            await asyncio.sleep(0.1)  # polling interval

    async def _onboard(self) -> str | None:
        """Create the first user; return None if there is one already."""
        async with self.session.post(
            f"{self.url}/api/onboarding/users",
            json={
                "client_id": f"{self.url}/",
                "name": "Demo",
                "username": USERNAME,
                "password": PASSWORD,
                "language": "en",
            },
        ) as response:
            return (await response.json())["auth_code"] if response.status == 200 else None

    async def _login(self) -> str:
        flow = {
            "client_id": f"{self.url}/",
            "handler": ["homeassistant", None],
            "redirect_uri": f"{self.url}/",
        }
        async with self.session.post(f"{self.url}/auth/login_flow", json=flow) as response:
            flow_id = (await response.json())["flow_id"]
        answer = {
            "client_id": f"{self.url}/",
            "username": USERNAME,
            "password": PASSWORD,
        }
        async with self.session.post(
            f"{self.url}/auth/login_flow/{flow_id}", json=answer
        ) as response:
            return str((await response.json())["result"])

    async def _get_token(self, code: str) -> None:
        data = {
            "client_id": f"{self.url}/",
            "grant_type": "authorization_code",
            "code": code,
        }
        async with self.session.post(f"{self.url}/auth/token", data=data) as response:
            response.raise_for_status()
            self.tokens = await response.json()


def filled(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Fill in a form with its suggested values, else with its defaults."""
    data: dict[str, Any] = {}
    for field in fields:
        suggested = (field.get("description") or {}).get("suggested_value", field.get("default"))
        if field.get("type") == "expandable":
            data[field["name"]] = filled(field["schema"])
        elif suggested is not None:
            data[field["name"]] = suggested
    return data
