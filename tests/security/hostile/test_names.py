"""Names: of files, media, HTTP paths, entities."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

from homeassistant.components.media_player import BrowseError
from homeassistant.components.media_source import (
    Unresolvable,
    async_browse_media,
    async_resolve_media,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import voluptuous as vol
from yarl import URL

from custom_components.retrocam.core.errors import MediaNotFoundError
from custom_components.retrocam.core.library.files import format_name, parse_name
from custom_components.retrocam.media.ids import MediaId

from ...conftest import LoadEntry
from ...core.clips.clip_checks import library_in
from ...share.guests import Browser, page_path, sharing
from ...viewers import QUIET
from .limits import bounded, case_random, cases, try_all
from .mutations import with_number, with_odd
from .seeds import film

NAME = "20260101T000000.000Z.jpg"
ID = "{id}/snapshots/2026-01-01/" + NAME
PATHS = (
    "/api/retrocam/snapshots/{id}/" + NAME,
    "/api/retrocam/thumbnails/{id}/" + NAME,
    "/api/retrocam/recordings/{id}?limit=5&before=2026-01-01T00:00:00&after=0",
    "/api/retrocam/audio/{id}/1/1/1000000.aac",
    "/api/retrocam/mjpeg/{id}/viewer",
    "/api/retrocam/cells/{id}?preset=low",
    "/api/retrocam/live/{id}/token.ts",
    "/api/retrocam/preview/flow",
)
GUEST_PATHS = ("/snapshots/" + NAME, "/thumbnails/" + NAME, "/audio/1/1/0.aac", "/snapshots?limit=3",
               "/assets/share.js", "/cells?preset=low", "")  # fmt: skip


def changed(text: str, kind: str, number: int) -> str:
    """Return a mutation of a name."""
    rng = case_random(kind, number)
    for _ in range(rng.randint(1, 3)):
        text = rng.choice((with_number, with_odd))(text, rng)
        if rng.random() < 0.2:
            begin, end = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
            text = text[:begin] + text[begin:end] * rng.choice((0, 2, 3)) + text[end:]
    return text


async def test_only_canonical_file_names_are_parsed() -> None:
    def attempt(name: str) -> None:
        parsed = parse_name(name)
        assert parsed is None or format_name(*parsed) == name

    async with bounded():
        await try_all(attempt, (changed(NAME, "name", n) for n in cases(2000)), ())


async def test_invalid_media_ids_are_rejected() -> None:
    def attempt(identifier: str) -> None:
        assert MediaId.parse(str(MediaId.parse(identifier))) == MediaId.parse(identifier)

    async with bounded():
        ids = (changed(ID, "id", number) for number in cases(2000))
        await try_all(attempt, ids, (ValueError,))


async def test_folder_of_odd_names_loads(tmp_path: Path) -> None:
    for number in cases(300):
        name = changed("20260101T000000.000Z.mp4", "file", number).replace("/", "_")
        name = (
            name.replace("\0", "").encode("utf-8", "surrogatepass")[:200].decode("utf-8", "ignore")
        )
        if name not in ("", ".", ".."):
            (tmp_path / name).write_bytes(film())
    library = library_in(tmp_path)

    def attempt(_name: str) -> None:
        library.load()
        for item in library.page(9999):
            assert library.path(item.name).is_file()

    async with bounded():
        await try_all(attempt, [""], ())
        names = (changed(NAME, "path", number) for number in cases(300))
        assert not await try_all(library.path, names, (MediaNotFoundError,))


async def test_paths_are_answered(
    home: HomeAssistant,
    load: LoadEntry,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # pytest keeps log records, which hold the requests.
    caplog.set_level(logging.ERROR)
    options = sharing(share_history=True, share_control=True)
    entry = await load({"kind": "ascii_player", "name": "Screen"}, title="Screen", options=options)
    client = await hass_client()
    root = str(client.make_url("")).rstrip("/")
    statuses = set()

    async def ask(session: Any, path: str) -> None:
        # Characters that separate a URL from its query stay; a server accepts paths of 8 kB.
        url = URL(path[:7000], encoded=True)
        async with session.get(url, allow_redirects=False) as response:
            assert response.status < 500 or response.status == 503, path[:500]
            statuses.add(response.status)

    async with Browser.at(home, page_path(entry)) as guest, bounded():
        assert (await guest.unlock()).status == 204
        for number in cases(150):
            rng = case_random("which path", number)
            path = rng.choice(PATHS).replace("{id}", entry.entry_id)
            odd = quote(changed(path[14:], "http", number), safe="/?=&%", errors="surrogatepass")
            # aiohttp's test client would keep each response.
            await ask(client.session, root + path[:14] + odd)
            odd = quote(changed(rng.choice(GUEST_PATHS), "guest", number), safe="/?=&%")
            await ask(guest.session, guest.root + (odd if odd[:1] in ("", "/", "?") else f"/{odd}"))
    assert {200, 404} <= statuses


async def test_invalid_media_source_ids_are_rejected(home: HomeAssistant, load: LoadEntry) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    full = ID.replace("{id}", entry.entry_id)
    taken = 0
    async with bounded():
        for number in cases(200):
            await asyncio.sleep(0)
            rng = case_random("which id", number)
            some = "/".join(full.split("/")[: rng.randint(1, 4)])
            media_id = f"media-source://retrocam/{changed(some, 'source', number)}"
            try:
                await async_browse_media(home, media_id)
                taken += 1
            except BrowseError:
                pass
            with pytest.raises(Unresolvable):
                await async_resolve_media(home, media_id, None)
    assert taken < 200


async def test_invalid_ids_in_actions_are_rejected(home: HomeAssistant, load: LoadEntry) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    full = ID.replace("{id}", entry.entry_id)
    async with bounded():
        for number in cases(120):
            await asyncio.sleep(0)
            for action, field, value in (
                ("set_layout", "main", changed("camera.yard", "main", number)),
                ("delete_media", "media_content_id", [changed(full, "delete", number)]),
            ):
                data: dict[str, Any] = {"entity_id": "camera.porch", field: value}
                with pytest.raises((HomeAssistantError, vol.Invalid)) as caught:
                    await home.services.async_call("retrocam", action, data, blocking=True)
                str(caught.value).encode("utf-8", "surrogatepass")
            data = {"entity_id": changed("camera.yard", "entity", number), "duration": 1}
            # Home Assistant ignores unknown entities.
            with contextlib.suppress(vol.Invalid):
                await home.services.async_call("retrocam", "extend_recording", data, blocking=True)
