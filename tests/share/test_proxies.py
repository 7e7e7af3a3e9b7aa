"""The share page behind a real nginx that replaces Host, or gets the forwarded headers wrong.

Requests carry what browsers send: Origin with POST and WebSocket, Sec-Fetch-Site over https only, the
cookies, and the token of the page.
"""

from collections.abc import AsyncIterator, Iterator
import contextlib
from dataclasses import dataclass, field
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
import re
from typing import Any

from aiohttp import ClientResponse, ClientSession, DummyCookieJar, WSServerHandshakeError
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL
from custom_components.retrocam.core.share.credentials import Visitor
from custom_components.retrocam.share.base import COOKIE, VISITOR_COOKIE

from ..conftest import LoadEntry
from .guests import PIN, build_page, page_path, sharing
from .nginx import Proxy, nginx, trusting

pytestmark = pytest.mark.usefixtures("behind_a_proxy")


@dataclass(slots=True)
class Tab:
    """A browser's tab with the share page, by its own rules for cookies and headers."""

    session: ClientSession
    proxy: Proxy
    path: str
    scheme: str = "http"
    origin: str = ""
    """Of the page that runs; by default the share page itself."""
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    async def ask(self, method: str, path: str = "", **more: Any) -> ClientResponse:
        own = self.proxy.origin(self.scheme)
        headers = {"Host": own.partition("://")[2], "X-Retrocam-Token": self.token}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            headers["Origin"] = self.origin or own
        if self.scheme == "https":
            headers["Sec-Fetch-Site"] = "cross-site" if self.origin else "same-origin"
        port = self.proxy.port if self.scheme == "http" else self.proxy.tls_port
        url = f"{self.scheme}://127.0.0.1:{port}{self.path}{path}"
        async with self.session.request(
            method, url, headers={k: v for k, v in headers.items() if v}, ssl=trusting(), **more
        ) as response:
            await response.read()
        for line in response.headers.getall("Set-Cookie", []):
            self.keep(next(iter(SimpleCookie(line).values())))
        return response

    def keep(self, cookie: Morsel[str]) -> None:
        """Keep a cookie; browsers drop one that is `secure` and comes over http."""
        if cookie["secure"] and self.scheme == "http":
            return
        self.cookies[cookie.key] = cookie.value

    async def open(self) -> str:
        """Load the page, and take its token; return the page."""
        page = await (await self.ask("GET")).text()
        found = re.search('data-token="([0-9a-f]{64})"', page)
        assert found is not None, page
        self.token = found[1]
        return page

    async def unlock(self, pin: str = PIN) -> int:
        return (await self.ask("POST", "/unlock", json={"pin": pin})).status

    async def info(self) -> dict[str, Any]:
        """Read the info, and take the token of the guest."""
        answer: dict[str, Any] = await (await self.ask("GET", "/info")).json()
        self.token = answer["token"]
        return answer

    async def cells(self) -> int:
        """Open the WebSocket; return its status."""
        own = self.proxy.origin(self.scheme)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Host": own.partition("://")[2], "Origin": self.origin or own}
        port = self.proxy.port if self.scheme == "http" else self.proxy.tls_port
        try:
            async with self.session.ws_connect(
                f"{self.scheme}://127.0.0.1:{port}{self.path}/cells?token={self.token}",
                protocols=[SUBPROTOCOL],
                headers={**headers, "Cookie": cookies},
                ssl=trusting(),
            ) as socket:
                assert (await socket.receive_json())["type"] == "init"
                return 101
        except WSServerHandshakeError as err:
            return err.status


FORWARDED = "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto"
LINES = {
    "nothing set: Host is that of proxy_pass": "",
    "Host without port": "proxy_set_header Host $host;",
    "Host of another name": "proxy_set_header Host ha.internal;",
    "Host passed on": "proxy_set_header Host $http_host;",
    "all set": f"proxy_set_header Host $http_host; {FORWARDED} $scheme;",
    "protocol always https": f"{FORWARDED} https;",
    "protocol always http": f"{FORWARDED} http;",
    "host of an enemy forwarded": "proxy_set_header X-Forwarded-Host evil.example;",
}


@pytest.fixture
async def screen(home: HomeAssistant, load: LoadEntry, tmp_path: Path) -> MockConfigEntry:
    """A shared player with control; Home Assistant trusts the proxy."""
    await home.async_add_executor_job(build_page, home, tmp_path)
    options = sharing(share_control=True)
    return await load({"kind": "ascii_player", "name": "Screen"}, title="Screen", options=options)


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        yield session


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_guest_comes_in_and_acts_behind_any_proxy(
    home: HomeAssistant,
    screen: MockConfigEntry,
    session: ClientSession,
    tmp_path: Path,
    scheme: str,
) -> None:
    for name, lines in LINES.items():
        with _before(home, tmp_path, lines) as proxy:
            tab = Tab(session, proxy, page_path(screen), scheme)
            await tab.open()
            if not lines:
                assert await tab.unlock("111111") == 401
            assert await tab.unlock() == 204, name
            assert COOKIE in tab.cookies, name
            await tab.info()
            assert (await tab.ask("POST", "/stop", json={})).status == 200, name
            assert await tab.cells() == 101, name
            # Another tab of the same browser has the same token, and does not invalidate it.
            visitor = tab.cookies[VISITOR_COOKIE]
            await tab.open()
            assert tab.cookies[VISITOR_COOKIE] == visitor
            await tab.info()
            assert (await tab.ask("POST", "/lock", json={})).status == 204
            assert (await tab.ask("GET", "/info")).status == 401


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_other_sites_stay_outside_behind_a_proxy_that_replaces_host(
    home: HomeAssistant,
    screen: MockConfigEntry,
    session: ClientSession,
    tmp_path: Path,
    scheme: str,
) -> None:
    with _before(home, tmp_path, "") as proxy:
        guest = Tab(session, proxy, page_path(screen), scheme)
        await guest.open()
        page_token = guest.token
        assert await guest.unlock() == 204
        await guest.info()
        enemy = Tab(session, proxy, page_path(screen), scheme)
        await enemy.open()
        # A page elsewhere, in the guest's browser: with its cookies, and what the enemy was given.
        for origin in ("http://evil.example", "null", "https://evil.example"):
            for token in ("", enemy.token, "é", guest.token[:-1], page_token[::-1]):
                forged = Tab(session, proxy, guest.path, scheme, origin, guest.cookies, token)
                assert await forged.unlock() == 403
                assert (await forged.ask("POST", "/stop", json={})).status == 403
                assert (await forged.ask("POST", "/lock", json={})).status == 403
                assert await forged.cells() == 403
        # A cookie planted by a neighbour of the host makes its token good for the PIN, not as a guest.
        planted = guest.cookies | {VISITOR_COOKIE: enemy.cookies[VISITOR_COOKIE]}
        forged = Tab(session, proxy, guest.path, "http", "http://x.example", planted, enemy.token)
        assert (await forged.ask("POST", "/stop", json={})).status == 403
        assert await forged.cells() == 403
        # The tokens of a guest are not those of the page, nor of another guest.
        other = Tab(session, proxy, page_path(screen), "http")
        await other.open()
        assert await other.unlock() == 204
        other.token = guest.token
        assert (await other.ask("POST", "/stop", json={})).status == 403
        assert (await guest.ask("POST", "/stop", json={})).status == 200


async def test_refusal_names_its_reason(
    home: HomeAssistant, screen: MockConfigEntry, session: ClientSession, tmp_path: Path
) -> None:
    with _before(home, tmp_path, "proxy_set_header Cookie '';") as proxy:
        tab = Tab(session, proxy, page_path(screen))
        await tab.open()
        refused = await tab.ask("POST", "/unlock", json={"pin": PIN})
        assert (refused.status, (await refused.json())["error"]) == (403, "other_host")


async def test_page_of_a_rebound_name_has_no_rights_of_a_guest(
    home: HomeAssistant, screen: MockConfigEntry, session: ClientSession, tmp_path: Path
) -> None:
    """DNS rebinding: a page of another name is same-origin, but has none of the cookies."""
    with _before(home, tmp_path, "proxy_set_header Host $http_host;") as proxy:
        tab = Tab(session, proxy, page_path(screen), origin="http://evil.example:1")
        tab.token = Visitor.new().token(tab.path.rpartition("/")[2])
        assert (await tab.ask("GET", "/info")).status == 401
        assert (await tab.ask("POST", "/stop", json={})).status == 401
        assert await tab.cells() == 401
        assert await tab.unlock() == 403


@contextlib.contextmanager
def _before(home: HomeAssistant, folder: Path, lines: str) -> Iterator[Proxy]:
    assert home.config.api is not None
    with nginx(folder / "nginx", home.config.api.port, lines) as proxy:
        yield proxy
