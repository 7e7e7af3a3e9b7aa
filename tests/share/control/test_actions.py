"""Tests of guests' actions, and of those that are rejected."""

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ...cameras.players import play, request
from ...conftest import LoadEntry
from ...core.player.server import MediaServer, Page
from ...http.cell_clients import Client
from ...waiting import until
from ..guests import Browser, page_path, sharing
from .acting import act, put_on_the_internet


async def test_guests_play_pause_seek_and_stop(
    home: HomeAssistant, screen: MockConfigEntry, guest: Browser, film: str
) -> None:
    put_on_the_internet(screen.runtime_data)
    assert await act(guest, "play") == (
        400,
        {"error": "bad_request", "message": "nothing to play again"},
    )
    status, answer = await act(guest, "play", media=film)
    assert (status, answer["state"], answer["title"]) == (200, "playing", "film")
    async with guest.session.ws_connect(
        guest.root + "/cells", protocols=["retrocam.cells.v1"]
    ) as socket:
        client = Client(socket)
        await client.until(lambda: client.seen)
        template = client.init["audio"]
        assert template.startswith(f"{page_path(screen)}/audio/")
        async with guest.session.get(
            guest.root.rpartition("/retrocam/")[0]
            + template.format(start_us=client.seen[-1].packet.pts_us)
        ) as sound:
            assert sound.status == 200
            assert sound.content_type == "audio/aac"
            assert await sound.content.readexactly(2) == b"\xff\xf1"
        assert await act(guest, "pause") == (200, {"state": "paused"})
        assert (await act(guest, "seek", position=12.5))[0] == 200
        await client.until(lambda: client.seen[-1].packet.pts_us >= 12_400_000)
        assert (await act(guest, "play"))[0] == 200
        await client.until(lambda: client.state == "playing")
        assert (await act(guest, "preset", preset="tall"))[1]["preset"] == "tall"
        await client.until(lambda: client.init["cols"] == 80)
        assert await act(guest, "stop") == (200, {"state": "idle"})
    info = await (await guest.get("/info")).json()
    assert (info["kind"], info["audio"], info["preset"]) == ("player", True, "tall")
    # What a guest had asked for, a guest may have again.
    status, answer = await act(guest, "play")
    assert (status, answer["state"]) == (200, "playing")


async def test_guest_plays_from_a_page_of_an_unknown_site(
    home: HomeAssistant, screen: MockConfigEntry, guest: Browser, film: str, server: MediaServer
) -> None:
    put_on_the_internet(screen.runtime_data)
    page = server.add("/page", Page(b'<html><video src="/film.mp4"></video></html>', "text/html"))
    assert (await act(guest, "play", media=page))[1]["state"] == "playing"
    # But not what the owner has played: it may have been allowed to the owner alone.
    assert (await play(home, page))["state"] == "playing"
    assert (await act(guest, "stop"))[0] == 200
    assert (await act(guest, "play"))[0] == 400


async def test_guest_plays_in_front_of_the_queue(
    home: HomeAssistant, screen: MockConfigEntry, guest: Browser, film: str
) -> None:
    put_on_the_internet(screen.runtime_data)
    items = screen.runtime_data.queue.items
    assert (await play(home, film))["state"] == "playing"
    await request(home, film + "?secret", enqueue="add")
    status, answer = await act(guest, "play", media=film)
    assert (status, answer["title"]) == (200, "film")
    assert (items.position, len(items), items.current.by_guest) == (2, 3, True)
    assert "secret" not in str(answer) + await (await guest.get("/info")).text()
    assert (await act(guest, "stop"))[0] == 200
    assert (await act(guest, "play"))[0] == 200
    assert (items.position, len(items)) == (2, 3)
    await guest.post("/stop", {})


async def test_audio_ends_with_the_cookie(
    home: HomeAssistant, screen: MockConfigEntry, guest: Browser, film: str
) -> None:
    put_on_the_internet(screen.runtime_data)
    await act(guest, "play", media=film)
    status = screen.runtime_data.status
    path = f"/audio/{status.session}/{status.epoch}/0.aac"
    async with guest.session.get(guest.root + path) as sound:
        assert sound.status == 200
        await sound.content.readexactly(100)
        await guest.post("/lock")
        await until(lambda: not screen.runtime_data.share.open_streams)
    assert (await guest.get(path)).status == 401


async def test_actions_require_the_control_option(
    home: HomeAssistant, load: LoadEntry, film: str, server: MediaServer
) -> None:
    entry = await load(
        {"kind": "ascii_player", "name": "Screen"}, title="Screen", options=sharing()
    )
    put_on_the_internet(entry.runtime_data)
    async with Browser.at(home, page_path(entry)) as guest:
        await guest.unlock()
        for action in ("play", "pause", "stop", "seek", "preset", "layout"):
            assert await act(guest, action, media=film) == (403, {"error": "forbidden"})
    assert server.log == []
    assert entry.runtime_data.status.session == 0


async def test_invalid_requests_are_rejected(
    screen: MockConfigEntry, guest: Browser, home: HomeAssistant
) -> None:
    for action, data in (
        ("seek", {}),
        ("seek", {"position": "x"}),
        ("seek", {"position": -1}),
        ("seek", {"position": 1e300}),
        ("preset", {"preset": "huge"}),
        ("preset", {"preset": ["low"]}),
        ("play", {"media": 5}),
        ("play", {"media": "x" * 2049}),
        ("play", {"url": "x"}),
        ("pause", {"x": 1}),
        ("layout", {"layout": "none"}),
    ):
        status, answer = await act(guest, action, **data)
        assert (status, answer["error"]) == (400, "bad_request"), (action, data)
    assert (await act(guest, "layout", layout="quad"))[1]["error"] == "not_supported"
    async with guest.session.post(guest.root + "/stop", data="stop=1") as form:
        assert form.status == 400


async def test_guests_set_the_layout_of_a_grid(home: HomeAssistant, load: LoadEntry) -> None:
    for name in ("Porch", "Yard"):
        await load({"kind": "demo", "name": name}, title=name, options=sharing())
    entry = await load(
        {"kind": "grid", "name": "All", "cameras": ["camera.porch", "camera.yard"]},
        title="All",
        options=sharing(share_control=True),
    )
    async with Browser.at(home, page_path(entry)) as guest:
        await guest.unlock()
        info = await (await guest.get("/info")).json()
        assert info["kind"] == "grid"
        assert info["members"] == [{"id": "0", "name": "Porch"}, {"id": "1", "name": "Yard"}]
        assert (info["layout"], info["main"]) == ("quad", "0")
        assert "main_plus_preview" in info["layouts"]
        status, answer = await act(guest, "layout", layout="single", main="1")
        assert (status, answer["layout"], answer["main"]) == (200, "single", "1")
        assert entry.runtime_data.main == "camera.yard"
        for data, error in (
            ({"main": "2"}, "not_a_member"),
            ({"main": "camera.porch"}, "not_a_member"),
            ({}, "bad_request"),
        ):
            assert (await act(guest, "layout", **data))[1]["error"] == error
        assert (await act(guest, "play", media="x"))[1]["error"] == "not_supported"
