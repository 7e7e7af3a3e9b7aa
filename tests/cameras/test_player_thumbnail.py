"""Thumbnails, fetched by the player over the checked network and served by Home Assistant."""

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
from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.core.player.artwork import MAX_BYTES

from ..core.frames.bombs import png_of
from ..core.player.clips import clip
from ..core.player.server import MediaServer, Page, serving
from ..leaks import own_threads
from ..made import Made
from ..waiting import until
from .players import PLAYER, act, play, state_of


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 36), "teal").save(made, kind)
    return made.getvalue()


@pytest.fixture
def inside(socket_enabled: None) -> Iterator[MediaServer]:
    """A server on the private network that must not be contacted."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "127.0.0.2"], allow_unix_socket=True)
    with serving("127.0.0.2") as running:
        running.add("/secret.jpg", Page(picture("jpeg"), "image/jpeg"))
        yield running


def page_with(server: MediaServer, image: str, path: str = "/page.html") -> str:
    """Serve a page with a video and a thumbnail; return its URL."""
    server.add("/film.mp4", Page(clip(20.0), "video/mp4"))
    video = f"{server.root}/film.mp4"
    head = (
        f'<meta property="og:video" content="{video}"><meta property="og:image" content="{image}">'
    )
    text = f"<html><head><title>A film</title>{head}</head></html>"
    return server.add(path, Page(text.encode(), "text/html"))


async def settled(player: AsciiPlayer) -> None:
    """Wait until no thumbnail is being fetched."""
    await until(lambda: not [name for name in own_threads() if "thumbnail" in name])


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
async def test_thumbnail_is_served_by_home_assistant(
    *,
    home: HomeAssistant,
    player: AsciiPlayer,
    server: MediaServer,
    hass_client_no_auth: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    kind: str,
) -> None:
    image = picture(kind)
    # The declared content type is ignored.
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
    # The source is fetched only once.
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
async def test_thumbnail_is_not_fetched_from_private_network(
    *,
    home: HomeAssistant,
    player: AsciiPlayer,
    server: MediaServer,
    inside: MediaServer,
    hass_client: ClientSessionGenerator,
    lead: Any,
) -> None:
    await play(home, page_with(server, lead(server, inside)))
    await settled(player)
    assert inside.root not in str(state_of(home).attributes)
    assert inside.root not in str(describe_player(player))
    # Home Assistant's proxy does not fetch it either.
    client = await hass_client()
    assert (await client.get(f"/api/media_player_proxy/{PLAYER}")).status == 404
    assert inside.log == []


NO_IMAGES = Made(
    {
        "a page": lambda: b"<html></html>",
        "a drawing": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "a GIF": lambda: picture("gif"),
        "nothing": lambda: b"",
        "a JPEG that is cut off": lambda: picture("jpeg")[:200],
        "a WebP that is cut off": lambda: picture("webp")[:25],
        "more pixels than any screen": lambda: png_of((7000, 7000)),
        "more bytes than any thumbnail": lambda: (
            picture("png") + bytes(MAX_BYTES) + picture("png")[-12:]
        ),
    }
)


@pytest.mark.parametrize("kind", NO_IMAGES)
async def test_invalid_thumbnail_is_not_shown(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer, kind: str
) -> None:
    image = server.add("/image.jpg", Page(NO_IMAGES[kind], "image/jpeg"))
    assert (await play(home, page_with(server, image)))["state"] == "playing"
    await until(lambda: server.asked("/image.jpg"))
    await settled(player)
    assert "entity_picture" not in state_of(home).attributes
    assert player.thumbnail.artwork is None


@pytest.mark.parametrize(
    "image", ["file:///etc/passwd", "data:image/png;base64,AA==", "ftp://127.0.0.1/a", "http://["]
)
async def test_thumbnail_is_fetched_by_http_only(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer, image: str
) -> None:
    assert (await play(home, page_with(server, image)))["state"] == "playing"
    await settled(player)
    assert "entity_picture" not in state_of(home).attributes
    assert image not in str(describe_player(player))


@pytest.fixture
def hanging(player: AsciiPlayer, server: MediaServer) -> str:
    """A page whose thumbnail hangs."""
    return page_with(server, server.add("/slow.jpg", lambda request: request.hang()))


async def test_thumbnail_times_out(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer, hanging: str
) -> None:
    player.thumbnail.limit = 0.1
    assert (await play(home, hanging))["state"] == "playing"
    await until(lambda: server.asked("/slow.jpg"))
    await settled(player)
    assert "entity_picture" not in state_of(home).attributes


async def test_next_media_cancels_thumbnail(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer, hanging: str
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


async def test_unload_cancels_thumbnail(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer, hanging: str
) -> None:
    player.thumbnail.limit = 600
    await play(home, hanging)
    await until(lambda: server.asked("/slow.jpg"))
    assert await home.config_entries.async_unload(player.entry.entry_id)
    await until(lambda: own_threads() == [])


async def test_hanging_thumbnails_do_not_block_shared_executor(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer, hanging: str
) -> None:
    player.thumbnail.limit = 600
    for number in range(70):
        player.thumbnail.async_show(f"{server.root}/slow.jpg?{number}")
    async with asyncio.timeout(30):
        await home.async_add_executor_job(len, "")
    player.thumbnail.async_show(None)
    await settled(player)


async def test_browsing_drops_thumbnails_of_other_servers(
    home: HomeAssistant, player: AsciiPlayer, monkeypatch: pytest.MonkeyPatch
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

    # Media of other integrations.
    monkeypatch.setattr("custom_components.retrocam.media_player.async_browse_media", browse)
    entity = home.data["media_player"].get_entity(PLAYER)
    browsed = await entity.async_browse_media()
    assert browsed.thumbnail is None
    assert [child.thumbnail for child in browsed.children] == list(thumbnails.values())
    # The other integration's object is unchanged.
    assert shared.thumbnail == "http://192.168.1.1/b.png"
