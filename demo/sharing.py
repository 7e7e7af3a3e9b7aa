"""The demo's share pages: the player and a camera, for guests with the PIN."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from custom_components.retrocam.core.share.pins import random_pin

from .client import Client
from .setting import DEMO_NAME, PLAYER_NAME

SHARED: Final = (PLAYER_NAME, DEMO_NAME)
"""The entries that the demo shares."""


@dataclass(frozen=True, slots=True)
class SharedPage:
    """A share page's path and PIN."""

    url: str
    pin: str


async def share_demo(client: Client) -> dict[str, SharedPage]:
    """Share the demo's player and camera with one new PIN; return the pages by name."""
    entries = {entry["title"]: entry["entry_id"] for entry in await client.entries()}
    pin = random_pin()
    pages = {name: await share(client, entries[name], pin) for name in SHARED}
    for name, key in zip(SHARED, ("media_player", "camera"), strict=True):
        # Changing the options has reloaded it.
        await client.wait_for_state(await client.entity_id(entries[name], key))
    return pages


def guest_of(pages: dict[str, SharedPage]) -> Callable[[Client, str], Awaitable[dict[str, Any]]]:
    """Return the guest job: unlock each page, first with a wrong PIN, then with the right one."""

    async def guest(client: Client, _entry_id: str) -> dict[str, Any]:
        refused, kinds = [], []
        for page in pages.values():
            wrong = {"pin": f"{(int(page.pin) + 1) % 1_000_000:06}"}
            async with client.session.post(f"{page.url}/unlock", json=wrong) as response:
                refused.append(response.status)
            right = {"pin": page.pin}
            async with client.session.post(f"{page.url}/unlock", json=right) as response:
                response.raise_for_status()
                cookie = response.headers["Set-Cookie"].partition(";")[0]
            headers = {"Cookie": cookie}
            async with client.session.get(f"{page.url}/info", headers=headers) as response:
                response.raise_for_status()
                kinds.append((await response.json())["kind"])
        return {"share_wrong_pin": refused, "share_pages": kinds}

    return guest


async def share(client: Client, entry_id: str, pin: str | None = None) -> SharedPage:
    """Enable an entry's share page with all rights and a new PIN."""
    pin = pin or random_pin()
    placeholders = await client.change_options(
        entry_id,
        "share",
        share_enabled=True,
        share_pin=pin,
        share_control=True,
        share_history=True,
        share_rewind=True,
    )
    # The form shows Home Assistant's network address; the demo listens on this machine only.
    return SharedPage(client.url + urlsplit(placeholders["share_link"]).path, pin)
