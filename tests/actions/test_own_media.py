"""Media served by Home Assistant itself, requested only with a valid signature."""

from datetime import timedelta
from pathlib import Path
import time
from typing import Any, override

from aiohttp import web
from homeassistant.components.http import HomeAssistantView
from homeassistant.components.http.ban import KEY_FAILED_LOGIN_ATTEMPTS
from homeassistant.components.media_source import MediaSource, MediaSourceItem, PlayMedia
from homeassistant.const import CONTENT_TYPE_TEXT_PLAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockModule, mock_integration, mock_platform
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import pytest_socket
from yarl import URL

from custom_components.retrocam.actions.own_media import OwnMedia
from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.core.errors import MediaRefusedError, PlayNotFoundError
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.net.streams import ResolvedMedia
from custom_components.retrocam.core.player.status import Status
from custom_components.retrocam.own_urls import own_path

from ..cameras.players import PLAYER, act, play, state_of
from ..core.player.clips import clip
from ..core.player.server import MediaServer, Page, serving
from ..waiting import until

LOCAL = "media-source://media_source/local/"


class Leading(HomeAssistantView):
    """A view that redirects to one that requires a login."""

    url = "/api/films/lead"
    name = "api:films:lead"

    async def get(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("/api/films/secret")


class Secret(HomeAssistantView):
    url = "/api/films/secret"
    name = "api:films:secret"

    async def get(self, request: web.Request) -> web.Response:
        return web.Response(body=clip(3.0), content_type=CONTENT_TYPE_TEXT_PLAIN)


@pytest.fixture(autouse=True)
async def bans(hass: HomeAssistant, media_directory: Path) -> None:
    """Count wrong logins without banning; no test may cause one."""
    http = {"ip_ban_enabled": True, "login_attempts_threshold": 1000}
    assert await async_setup_component(hass, "http", {"http": http})
    # Registered before the server starts.
    for component in ("api", "calendar", "diagnostics", "media_source", "tts"):
        assert await async_setup_component(hass, component, {})
    hass.http.register_view(Leading())
    hass.http.register_view(Secret())


@pytest.fixture
def film_file(media_directory: Path) -> str:
    """The name of a film in the media directory."""
    (media_directory / "film.mp4").write_bytes(clip(20.0))
    return "film.mp4"


def assert_no_wrong_login(hass: HomeAssistant) -> None:
    assert not hass.http.app[KEY_FAILED_LOGIN_ATTEMPTS]


async def refused(hass: HomeAssistant, media: str) -> str | None:
    """Try to play something; return the key of the error."""
    with pytest.raises(HomeAssistantError) as raised:
        await play(hass, media)
    return raised.value.translation_key


NAMES = [
    "film.mp4",
    "what?.mp4",
    "what?x=1&authSig=y.mp4",
    "100%.mp4",
    "a%20b%2525.mp4",
    "part#2.mp4",
    "a+b c;d=e,f@g:h.mp4",
    "señal ö.mp4",
    "[x].mp4",
    "it's.mp4",
]


@pytest.mark.parametrize("name", NAMES)
async def test_file_with_any_name_plays(
    home: HomeAssistant, player: AsciiPlayer, media_directory: Path, name: str
) -> None:
    (media_directory / name).write_bytes(clip(20.0))
    answer = await play(home, LOCAL + name)
    assert (answer["state"], answer["title"]) == ("playing", name.removesuffix(".mp4"))
    # What is told stays, also when the film is over before a busy machine looks.
    told: list[Status] = []
    player.session.listeners.add(told.append)
    await act(home, "media_seek", seek_position=15)
    await until(lambda: any(one.state is Phase.PLAYING and one.position >= 15 for one in told))
    assert_no_wrong_login(home)


@pytest.mark.parametrize(
    "path",
    [
        "/media/local/film.mp4",
        "/media/local/film.mp4?",
        "/media/local/film.mp4?x=1&y=a%20b+c&x=%26&width=3",
        "/media/local/film.mp4?authSig=nonsense",
        "/media/local/film.mp4?x=1#authSig=nonsense",
        "http://localhost:{port}/media/local/film.mp4",
        "http://127.0.0.1:{port}/media/local/film.mp4?x=1",
        "http://home.example/media/local/film.mp4",
    ],
)
async def test_path_is_signed_with_its_query(
    home: HomeAssistant, player: AsciiPlayer, film_file: str, path: str
) -> None:
    assert home.config.api is not None
    path = path.format(port=home.config.api.port)
    home.config.external_url = "http://home.example"
    # The allowlist contains Home Assistant under another name.
    home.config.allowlist_external_urls = {f"http://localhost:{home.config.api.port}/"}
    assert (await play(home, path))["title"] == "film"
    assert_no_wrong_login(home)


@pytest.mark.parametrize(
    "path",
    [
        "/api/error_log",
        "/api/config",
        "/api/states/camera.screen",
        "/api/calendars/calendar.x",
        "/api/hassio/app/x",
        "/api/diagnostics/config_entry/x",
        "/api/",
        "/api",
        "/auth/token",
        "/",
        "//127.0.0.1/film.mp4",
        "/\\127.0.0.1/film.mp4",
        "/media/../api/config",
        "/media/%2e%2e/api/config",
        "/api%2Fconfig",
        "http://127.0.0.1:{port}/api/config",
        "http://localhost:{port}/media/../api/config",
        # Paths of media without a file.
        "/media/local/nothing.mp4",
        "/media/nowhere/film.mp4",
        "/api/camera_proxy/camera.nobody",
        "/api/image_proxy/image.nobody",
        "/api/media_player_proxy/media_player.nobody",
        "/api/hls/nonsense/master_playlist.m3u8",
        "/api/tts_proxy/nothing.mp3",
        "/api/retrocam/mjpeg/nobody",
        "/api/retrocam/audio/nobody/1/1/0.aac",
    ],
)
async def test_path_requiring_a_login_is_not_requested(
    home: HomeAssistant, player: AsciiPlayer, film_file: str, path: str
) -> None:
    assert home.config.api is not None
    media = path.format(port=home.config.api.port)
    home.config.allowlist_external_urls = {f"http://localhost:{home.config.api.port}/"}
    assert await refused(home, media) in {"play_unsupported", "play_not_found"}
    assert_no_wrong_login(home)


class Films(MediaSource):
    """A media source that resolves to what a test sets."""

    def __init__(self) -> None:
        super().__init__("films")
        self.urls: list[str] = []
        self.resolved = 0

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        self.resolved += 1
        return PlayMedia(self.urls[min(self.resolved, len(self.urls)) - 1], "video/mp4")


@pytest.fixture
async def films(home: HomeAssistant, player: AsciiPlayer) -> Films:
    source = Films()

    class Platform:
        @staticmethod
        async def async_get_media_source(_hass: HomeAssistant) -> MediaSource:
            return source

    mock_integration(home, MockModule("films"))
    mock_platform(home, "films.media_source", Platform())
    assert await async_setup_component(home, "films", {})
    await home.async_block_till_done()
    return source


async def test_redirect_to_unsigned_path_is_not_followed(home: HomeAssistant, films: Films) -> None:
    films.urls = ["/api/films/lead"]
    for media in ("media-source://films/x", "/api/films/lead"):
        assert await refused(home, media) == "play_unsupported"
    assert_no_wrong_login(home)
    # Paths of integrations with a media source may be played.
    assert (await play(home, "/api/films/secret"))["state"] == "playing"


async def test_item_is_resolved_at_each_opening(
    home: HomeAssistant, player: AsciiPlayer, films: Films, server: MediaServer
) -> None:
    data = clip(20.0)
    films.urls = [server.add(f"/{number}.mp4", Page(data, "video/mp4")) for number in range(3)]
    assert (await play(home, "media-source://films/x"))["title"] == "0"
    assert films.resolved == 1
    await act(home, "media_seek", seek_position=10)
    await until(lambda: player.status.title == "1")
    await act(home, "media_stop")
    await act(home, "media_play")
    assert player.status.title == "2"
    assert films.resolved == 3


async def test_item_of_other_server_is_trusted_at_its_origin(
    home: HomeAssistant, player: AsciiPlayer, films: Films, server: MediaServer
) -> None:
    home.config.allowlist_external_urls = set()
    pytest_socket.socket_allow_hosts(["127.0.0.1", "127.0.0.2"], allow_unix_socket=True)
    with serving("127.0.0.2") as inside:
        film = inside.add("/film.mp4", Page(clip(3.0), "video/mp4"))
        films.urls = [server.redirect("/hop.mp4", film)]
        assert await refused(home, "media-source://films/x") == "play_blocked_address"
        assert server.asked("/hop.mp4")
        assert inside.log == []


async def test_no_request_after_logout(
    home: HomeAssistant,
    player: AsciiPlayer,
    film_file: str,
    hass_client: ClientSessionGenerator,
) -> None:
    user = await home.auth.async_create_user("Anna", group_ids=["system-users"])
    token = await home.auth.async_create_refresh_token(user, "https://client.example/")
    client = await hass_client(home.auth.async_create_access_token(token))
    data = {
        "entity_id": PLAYER,
        "media_content_id": LOCAL + film_file,
        "media_content_type": "video/mp4",
    }
    answer = await client.post("/api/services/media_player/play_media", json=data)
    assert answer.status == 200
    assert state_of(home).state == "playing"
    home.auth.async_remove_refresh_token(token)
    await act(home, "media_seek", seek_position=15)
    await until(lambda: player.status.state is Phase.ERROR)
    assert isinstance(player.status.error, MediaRefusedError)
    assert_no_wrong_login(home)


async def test_expiring_signature_is_not_used(home: HomeAssistant, film_file: str) -> None:
    media = OwnMedia(home, LOCAL + film_file, PLAYER)
    media.signed_for = timedelta(seconds=1)
    with pytest.raises(MediaRefusedError):
        await media.find()
    media.signed_for = timedelta(hours=1)
    resolved = await media.find()
    assert isinstance(resolved, ResolvedMedia)
    assert resolved.expires == pytest.approx(time.time() + 3600, abs=60)
    assert_no_wrong_login(home)


async def test_https_uses_host_of_certificate(
    home: HomeAssistant, player: AsciiPlayer, film_file: str
) -> None:
    assert home.config.api is not None

    async def root() -> URL:
        resolved: Any = await OwnMedia(home, "/local/film.mp4", PLAYER).find()
        return URL(resolved.inputs[0].url).with_query(None)

    assert await root() == URL(f"http://127.0.0.1:{home.config.api.port}/local/film.mp4")
    home.config.api.use_ssl = True
    with pytest.raises(PlayNotFoundError):
        await root()
    home.config.internal_url = "https://home.example:8123"
    assert await root() == URL("https://home.example:8123/local/film.mp4")
    assert own_path(home, "https://home.example:8123/local/film.mp4?x=1") == URL(
        "/local/film.mp4?x=1"
    )
    assert own_path(home, "https://other.example:8123/local/film.mp4") is None
