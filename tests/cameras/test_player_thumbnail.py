"""Thumbnails: fetched by the player over checked connections, and served by Home Assistant."""

import asyncio
from collections.abc import Iterator
import io
from typing import Any

from homeassistant.components.media_player import BrowseMedia
from homeassistant.core import HomeAssistant
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator
import pytest_socket

from custom_components.retrocam.actions.play_media import describe_player
from custom_components.retrocam.cameras.player import PlayerInstance
from custom_components.retrocam.core.player.artwork import MOST_BYTES

from ..core.player.clips import clip
from ..core.player.server import MediaServer, Page, serving
from ..leaks import own_threads
from ..waiting import until
from .players import PLAYER, act, play, state_of


def picture(kind: str, width: int = 64, height: int = 36) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(made, kind)
    return made.getvalue()


@pytest.fixture
def inside(socket_enabled: None) -> Iterator[MediaServer]:
    """A server on the private network that nobody may ask for anything."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "127.0.0.2"], allow_unix_socket=True)
    with serving("127.0.0.2") as running:
        running.add("/secret.jpg", Page(picture("jpeg"), "image/jpeg"))
        yield running


def page_with(server: MediaServer, image: str, path: str = "/page.html") -> str:
    """Serve a page of a film and a thumbnail; return its URL."""
    server.add("/film.mp4", Page(clip(20.0), "video/mp4"))
    video = f"{server.root}/film.mp4"
    head = (
        f'<meta property="og:video" content="{video}"><meta property="og:image" content="{image}">'
    )
    text = f"<html><head><title>A film</title>{head}</head></html>"
    return server.add(path, Page(text.encode(), "text/html"))


async def settled(player: PlayerInstance) -> None:
    """Wait until no thumbnail is being fetched."""
    await until(lambda: not [name for name in own_threads() if "thumbnail" in name])


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
async def test_a_thumbnail_is_served_by_home_assistant(
    *,
    home: HomeAssistant,
    player: PlayerInstance,
    server: MediaServer,
    hass_client_no_auth: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    kind: str,
) -> None:
    image = picture(kind)
    # What a server calls it counts for nothing.
    url = server.add("/image", Page(image, "text/html"))
    await play(home, page_with(server, url))
    await until(lambda: "entity_picture" in state_of(home).attributes)
    path = state_of(home).attributes["entity_picture"]
    assert path.startswith(f"/api/media_player_proxy/{PLAYER}?token=")
    assert describe_player(player)["thumbnail"] == path
    client = await hass_client_no_auth()
    answer = await client.get(path)
    assert answer.content_type == f"image/{kind}"
    assert await answer.read() == image
    # It is fetched once, whoever looks at it.
    assert (await client.get(path)).status == 200
    assert len(server.asked("/image")) == 1
    assert server.root not in str(state_of(home).attributes | {"media_content_id": ""})
    await act(home, "media_stop")
    assert "entity_picture" not in state_of(home).attributes
    assert (await client.get(path)).status == 404
    assert describe_player(player)["thumbnail"] is None


LEADS = {
    "its address": lambda _server, inside: f"{inside.root}/secret.jpg",
    "a redirect": lambda server, inside: server.redirect("/hop.jpg", f"{inside.root}/secret.jpg"),
}


@pytest.mark.parametrize("lead", LEADS.values(), ids=LEADS.keys())
async def test_a_page_has_nothing_fetched_from_the_private_network(
    *,
    home: HomeAssistant,
    player: PlayerInstance,
    server: MediaServer,
    inside: MediaServer,
    hass_client: ClientSessionGenerator,
    lead: Any,
) -> None:
    await play(home, page_with(server, lead(server, inside)))
    await settled(player)
    assert inside.root not in str(state_of(home).attributes)
    assert inside.root not in str(describe_player(player))
    # Nor does Home Assistant fetch it for those who ask.
    client = await hass_client()
    assert (await client.get(f"/api/media_player_proxy/{PLAYER}")).status == 404
    assert inside.log == []


NO_IMAGES = {
    "a page": b"<html></html>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a GIF": picture("gif"),
    "nothing": b"",
    "a JPEG that is cut off": picture("jpeg")[:200],
    "a WebP that is cut off": picture("webp")[:25],
    "more pixels than any screen": picture("png", 7000, 7000),
    "more bytes than any thumbnail": picture("png") + bytes(MOST_BYTES) + picture("png")[-12:],
}


@pytest.mark.parametrize("body", NO_IMAGES.values(), ids=NO_IMAGES.keys())
async def test_what_is_no_image_is_not_shown(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer, body: bytes
) -> None:
    image = server.add("/image.jpg", Page(body, "image/jpeg"))
    assert (await play(home, page_with(server, image)))["state"] == "playing"
    await until(lambda: server.asked("/image.jpg"))
    await settled(player)
    assert "entity_picture" not in state_of(home).attributes
    assert player.thumbnail.artwork is None


@pytest.mark.parametrize(
    "image", ["file:///etc/passwd", "data:image/png;base64,AA==", "ftp://127.0.0.1/a", "http://["]
)
async def test_only_http_is_asked_for_a_thumbnail(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer, image: str
) -> None:
    assert (await play(home, page_with(server, image)))["state"] == "playing"
    await settled(player)
    assert "entity_picture" not in state_of(home).attributes
    assert image not in str(describe_player(player))


@pytest.fixture
def hanging(player: PlayerInstance, server: MediaServer) -> str:
    """A page whose thumbnail does not come."""
    return page_with(server, server.add("/slow.jpg", lambda request: request.hang()))


async def test_a_thumbnail_that_does_not_come_is_given_up(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer, hanging: str
) -> None:
    player.thumbnail.limit = 0.1
    assert (await play(home, hanging))["state"] == "playing"
    await until(lambda: server.asked("/slow.jpg"))
    await settled(player)
    assert "entity_picture" not in state_of(home).attributes


async def test_what_plays_next_ends_the_fetch(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer, hanging: str
) -> None:
    player.thumbnail.limit = 600
    await play(home, hanging)
    await until(lambda: server.asked("/slow.jpg"))
    image = picture("jpeg")
    page = page_with(server, server.add("/quick.jpg", Page(image)), "/next.html")
    await play(home, page)
    await until(lambda: player.thumbnail.artwork is not None)
    assert player.thumbnail.artwork is not None
    assert player.thumbnail.artwork.data == image
    await settled(player)


async def test_unloading_ends_the_fetch(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer, hanging: str
) -> None:
    player.thumbnail.limit = 600
    await play(home, hanging)
    await until(lambda: server.asked("/slow.jpg"))
    assert await home.config_entries.async_unload(player.entry.entry_id)
    await until(lambda: own_threads() == [])


async def test_many_fetches_hold_up_nothing(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer, hanging: str
) -> None:
    """Home Assistant's own threads stay free, however many thumbnails hang."""
    player.thumbnail.limit = 600
    for number in range(70):
        player.thumbnail.async_show(f"{server.root}/slow.jpg?{number}")
    async with asyncio.timeout(30):
        await home.async_add_executor_job(len, "")
    player.thumbnail.async_show(None)
    await settled(player)


async def test_pictures_of_other_servers_are_not_browsed(
    home: HomeAssistant, player: PlayerInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    thumbnails = {
        "http://192.168.1.1/a.png": None,
        "//example.com/a.png": None,
        "/\\example.com/a.png": None,
        "/api/brands/integration/camera/logo.png": "/api/brands/integration/camera/logo.png",
    }

    def item(thumbnail: str, children: list[BrowseMedia] | None = None) -> BrowseMedia:
        return BrowseMedia(
            media_class="video",
            media_content_id="id",
            media_content_type="video/mp4",
            title="x",
            can_play=True,
            can_expand=False,
            children=children,
            thumbnail=thumbnail,
        )

    children = [item(thumbnail) for thumbnail in thumbnails]
    shared = item("http://192.168.1.1/b.png", children)

    async def browse(*args: Any, **kwargs: Any) -> BrowseMedia:
        return shared

    # What other integrations offer.
    monkeypatch.setattr("custom_components.retrocam.media_player.async_browse_media", browse)
    entity = home.data["media_player"].get_entity(PLAYER)
    found = await entity.async_browse_media()
    assert found.thumbnail is None
    assert [child.thumbnail for child in found.children] == list(thumbnails.values())
    # It may be theirs still.
    assert shared.thumbnail == "http://192.168.1.1/b.png"
