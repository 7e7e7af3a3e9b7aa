"""Share pages and their guests, over real connections."""

from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
from typing import Any, Final, Self

from aiohttp import ClientResponse, ClientSession, CookieJar, TCPConnector
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.retrocam.cameras.share_access import SHARE_LOCK
from custom_components.retrocam.core.share.credentials import HashCost, ShareCredentials, hash_pin
from custom_components.retrocam.share.base import COOKIE
from custom_components.retrocam.share.page import FILES, PAGE, read_page

from ..viewers import QUIET, url_of

PIN: Final = "135790"
WRONG: Final = "246801"
FAST: Final = HashCost(n=4, r=1, p=1)
UNKNOWN_SLUG: Final = "A" * 22
"""A slug without a page."""
GUEST_PATHS: Final = (
    "/info",
    "/cells",
    "/mjpeg",
    "/audio/1/0/0.aac",
    "/snapshots",
    "/snapshots/20260101T000000.000Z.jpg",
    "/thumbnails/20260101T000000.000Z.jpg",
    "/footage",
    "/footage/frame?at=1767225600",
    "/footage/playlist.m3u8",
    "/footage/media/0/0.m4s",
)
"""Paths that require the cookie."""


def sharing(credentials: ShareCredentials | None = None, **share: bool) -> dict[str, Any]:
    """Return the options of a quiet camera with a share page."""
    credentials = credentials or ShareCredentials.generate(hash_pin(PIN, FAST))
    return {**QUIET, "share": {"share_enabled": True, **share}, SHARE_LOCK: credentials.as_dict()}


def credentials_of(entry: MockConfigEntry) -> ShareCredentials:
    """Return the credentials in an entry's options."""
    return ShareCredentials.from_dict(entry.options[SHARE_LOCK])


def page_path(entry: MockConfigEntry) -> str:
    """Return the path of an entry's share page."""
    return f"/retrocam/{credentials_of(entry).slug}"


def build_page(hass: HomeAssistant, dist: Any) -> None:
    """Replace the built page by a small one."""
    (dist / PAGE).write_text(
        '<!doctype html><script src="{{base}}/assets/share.js"></script><body data-token="{{token}}">'
    )
    (dist / "share.js").write_text("'use strict';" + " " * 2000)
    (dist / "share-icon.svg").write_text("<svg/>")
    (dist / "retrocam.js").write_text("cards")
    hass.data[FILES] = read_page(dist)


@dataclass(slots=True)
class Browser:
    """A browser: a connection pool and a cookie jar."""

    session: ClientSession
    root: str
    """The URL of the share page."""

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, hass: HomeAssistant, path: str) -> AsyncIterator[Self]:
        """Open a share page for the block."""
        jar = CookieJar(unsafe=True)
        connector = TCPConnector(force_close=True)
        async with ClientSession(cookie_jar=jar, connector=connector) as session:
            yield cls(session, url_of(hass, path))

    @property
    def cookie(self) -> str | None:
        """The value of the page's cookie."""
        found = self.session.cookie_jar.filter_cookies(URL(self.root))
        return found[COOKIE].value if COOKIE in found else None

    async def get(self, path: str = "", **more: Any) -> ClientResponse:
        """GET a path below the page, and read the response."""
        async with self.session.get(self.root + path, **more) as response:
            await response.read()
        return response

    async def post(self, path: str, body: Any = None, **more: Any) -> ClientResponse:
        """POST JSON to a path below the page, and read the response."""
        async with self.session.post(
            self.root + path, json={} if body is None else body, **more
        ) as response:
            await response.read()
        return response

    async def unlock(self, pin: str = PIN, **more: Any) -> ClientResponse:
        """Enter a PIN."""
        return await self.post("/unlock", {"pin": pin}, **more)


def visible_response(response: ClientResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return status, body and headers of a response, without Date."""
    headers = sorted((k, v) for k, v in response.headers.items() if k != "Date")
    assert response._body is not None
    return response.status, response._body, headers


async def change_share(hass: HomeAssistant, entry: MockConfigEntry, **share: Any) -> None:
    """Change the share page by the options flow."""
    flow = hass.config_entries.options
    result = await flow.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    sections: dict[str, Any] = {str(key): {} for key in result["data_schema"].schema}
    given = {**entry.options["share"], **share}
    result = await flow.async_configure(result["flow_id"], {**sections, **QUIET, "share": given})
    if result.get("step_id") == "share_link":
        result = await flow.async_configure(result["flow_id"], {})
    assert result["type"] == "create_entry", result
    await hass.async_block_till_done()


def proxy_headers(address: str, proto: str = "http") -> dict[str, str]:
    """Return the headers of a proxy for a client's address and protocol."""
    return {"X-Forwarded-For": address, "X-Forwarded-Proto": proto}
