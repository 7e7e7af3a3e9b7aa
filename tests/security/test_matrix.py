"""Every caller tries everything: the responses match the matrix, and nothing lacks a row."""

from dataclasses import fields
import re
from typing import Any, Final

from homeassistant.components.media_source import MediaSource
from homeassistant.core import HomeAssistant, SupportsResponse

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.media.ids import MediaId
from custom_components.retrocam.media.items import MediaKind
from custom_components.retrocam.media.tape_ids import TapeId
from custom_components.retrocam.panel import URL_BASE
from custom_components.retrocam.urls import SHARE_ACTION_PATH

from .conftest import DAY, SPAN, House, People
from .matrix import ACTIONS, COLUMNS, COMMANDS, MEDIA, SHARE_VIEWS, VIEWS, Matrix, rows
from .people import Person, said

BODIES: Final[dict[str, dict[str, Any]]] = {
    "seek": {"position": 1},
    "preset": {"preset": "low"},
    "layout": {"layout": "quad"},
}
"""The bodies posted to a share page."""
DATA: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "record": ({"lookback": 0, "duration": 0}, "nothing_to_record"),
    "extend_recording": ({"duration": 1}, "not_recording"),
    "stop_recording": ({}, "not_recording"),
    "set_layout": ({"layout": "quad"}, "not_a_grid"),
    "export_timelapse": (
        {"start": "2026-01-03 12:00:00", "end": "2026-01-03 11:00:00"},
        "invalid_span",
    ),
    "delete_media": ({"media_content_id": []}, "ok"),
    "play": ({"media": "rtsp://camera/stream"}, "play_unsupported"),
}
"""The data and the responses of the actions, chosen to be cheap."""


def registered(hass: HomeAssistant) -> set[str]:
    """Return the method and the path of every view of Retrocam.

    Excludes preflights, which Home Assistant answers itself, and the built cards, which are public, and
    missing in a checkout without a build.
    """
    found = set()
    for resource in hass.http.app.router.resources():
        path = resource.canonical
        if re.match(r"/(api/)?retrocam(_\w+)?(/|$)", path):
            found |= {f"{route.method} {path}" for route in resource if route.method != "OPTIONS"}
    return found - {f"{method} {URL_BASE}" for method in ("GET", "HEAD")}


def spread(routes: set[str]) -> set[str]:
    """Return routes with a row for each action of a share page."""
    words = re.search(r"{action:([a-z|]+)}", SHARE_ACTION_PATH)
    assert words is not None
    return {route.replace("{action}", action) for route in routes for action in words[1].split("|")}


async def tried(matrix: Matrix, people: People, attempt: Any) -> Matrix:
    """Return the actual matrix: the responses for each caller and row."""
    return {
        row: " ".join([str(await attempt(people[column], row)) for column in COLUMNS])
        for row in matrix
    }


def test_every_view_has_a_row(home: HomeAssistant, house: House) -> None:
    assert spread(registered(home)) == {*rows(VIEWS), *rows(SHARE_VIEWS)}


async def test_views(house: House, people: People) -> None:
    names = {
        "flow_id": "flow",
        "index": "latest?wait=30",
        "name": "0.m4s",
        "kind": "snapshots",
        "filename": house.files[MediaKind.SNAPSHOTS],
        **dict.fromkeys(("session", "epoch", "start_us"), "0"),
    }

    async def attempt(person: Person, row: str) -> int:
        method, _, path = row.partition(" ")
        return await person.http(method, path.format_map(person.targets | names))

    assert await tried(rows(VIEWS), people, attempt) == rows(VIEWS)


async def test_share_views(house: House, people: People) -> None:
    names = {
        "name": "share.js",
        "filename": house.files[MediaKind.SNAPSHOTS],
        **dict.fromkeys(("session", "epoch", "start_us"), "0"),
    }

    async def attempt(person: Person, row: str) -> int:
        method, _, path = row.partition(" ")
        body = BODIES.get(path.rpartition("/")[2], {})
        return await person.http(method, path.format_map(person.targets | names), body)

    assert await tried(rows(SHARE_VIEWS), people, attempt) == rows(SHARE_VIEWS)


async def test_commands(home: HomeAssistant, people: People) -> None:
    handlers = home.data["websocket_api"]
    assert {name for name in handlers if name.startswith(f"{DOMAIN}/")} == set(rows(COMMANDS))

    async def attempt(person: Person, row: str) -> str:
        if row == "retrocam/instances":
            answer = await person.ask(row)
            listed = str(answer.get("result"))
            return said(answer) if person.token is None or _is_in(person, listed) else "hidden"
        about = "player_id" if "player" in row else "entry_id"
        kind = {"kind": "snapshots"} if row.endswith("/list") else {}
        return said(await person.ask(row, entry_id=person.targets[about], **kind))

    assert await tried(rows(COMMANDS), people, attempt) == rows(COMMANDS)


async def test_actions(home: HomeAssistant, people: People) -> None:
    services = home.services.async_services_for_domain(DOMAIN)
    assert set(services) == set(rows(ACTIONS))

    async def attempt(person: Person, row: str) -> str:
        target = person.targets["player" if row == "play" else "camera"]
        response = services[row].supports_response is not SupportsResponse.NONE
        data, answer = DATA.get(row, ({}, "ok"))
        word = said(await person.act(DOMAIN, row, response=response, entity_id=target, **data))
        return {"unauthorized": "no", "read_denied": "read", answer: "in"}.get(word, word)

    assert await tried(rows(ACTIONS), people, attempt) == rows(ACTIONS)


def test_every_kind_of_media_id_has_a_row() -> None:
    questions = {name.removeprefix("async_") for name in vars(MediaSource) if "async_" in name}
    # Of other integrations only; it checks as `resolve_media` does.
    questions -= {"get_media_image"}
    *parts, span, name = [f"{{{field.name}}}" for field in fields(MediaId)]
    paths = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    paths += ["/".join([*parts, last]) for last in (span, name)]
    tape = ["{entry_id}/tape", *(f"{{{field.name}}}" for field in fields(TapeId)[1:])]
    paths += ["/".join(tape[:depth]) for depth in range(1, len(tape) + 1)]
    assert set(rows(MEDIA)) == {f"{ask} {path}".strip() for ask in questions for path in paths}


async def test_media(house: House, people: People) -> None:
    async def attempt(person: Person, row: str) -> str:
        question, _, path = row.partition(" ")
        answers = set()
        for kind in MediaKind:
            names = {
                "kind": kind,
                "day": DAY,
                "span": SPAN,
                "hour": SPAN,
                "name": house.files[kind],
            }
            answers.add(await _asked(person, question, path.format_map(person.targets | names)))
        assert len(answers) == 1, (row, answers)
        return answers.pop()

    assert await tried(rows(MEDIA), people, attempt) == rows(MEDIA)


async def _asked(person: Person, question: str, path: str) -> str:
    """Request an id of the media source."""
    more = {"search_query": "porch"} if question == "search_media" else {}
    media_id = f"media-source://{DOMAIN}/{path}".rstrip("/")
    answer = await person.ask(f"media_source/{question}", media_content_id=media_id, **more)
    word = said(answer)
    if word not in {"ok", "auth"}:
        return "no"
    if word == "ok" and not path and not _is_in(person, str(answer["result"])):
        return "hidden"
    return word


def _is_in(person: Person, listed: str) -> bool:
    return person.targets["entry_id"] in listed
