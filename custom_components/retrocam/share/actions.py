"""What guests may do, where their page allows it."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web
from homeassistant.exceptions import HomeAssistantError
import voluptuous as vol

from ..actions.play_media import async_play
from ..cameras import CameraInstance
from ..cameras.grid import GridInstance
from ..cameras.player import PlayerInstance
from ..core.ascii.presets import PRESETS
from ..core.grid.layout import Layout
from ..core.player.machine import RUNNING, Phase
from ..urls import SHARE_ACTION_PATH
from .base import ShareView, bad_request, json_body, refusal

_MOST_LETTERS: Final = 2048
_SECONDS: Final = vol.All(vol.Any(int, float), vol.Coerce(float), vol.Range(min=0, max=10_000_000))
_SCHEMAS: Final = {
    "play": vol.Schema({vol.Optional("media"): vol.All(str, vol.Length(min=1, max=_MOST_LETTERS))}),
    "pause": vol.Schema({}),
    "stop": vol.Schema({}),
    "seek": vol.Schema({vol.Required("position"): _SECONDS}),
    "preset": vol.Schema({vol.Required("preset"): vol.All(str, vol.In(PRESETS))}),
    "layout": vol.Schema(
        {
            vol.Optional("layout"): vol.All(str, vol.Coerce(Layout)),
            vol.Optional("main"): str,
        }
    ),
}


class ShareActionView(ShareView):
    """What guests do to a player or a grid."""

    url = SHARE_ACTION_PATH
    name = "retrocam:share:action"

    async def post(self, request: web.Request, slug: str, action: str) -> web.Response:
        """Do it, and answer with the state; 400 with the reason when it cannot be done."""
        _, instance = self.enter(request, slug)
        if not instance.share.control:
            raise refusal(web.HTTPForbidden, "forbidden")
        try:
            data = _SCHEMAS[action](await json_body(request))
        except vol.Invalid as err:
            raise bad_request(str(err)) from err
        if action == "layout":
            return self.answer(_set_layout(instance, data))
        if not isinstance(instance, PlayerInstance):
            raise refusal(web.HTTPBadRequest, "not_supported", message="not a player")
        return self.answer(await _ACTIONS[action](instance, data))


async def _play(player: PlayerInstance, data: dict[str, Any]) -> dict[str, Any]:
    """Play what a guest asks for; without media go on, or play again what a guest asked for."""
    media = data.get("media")
    if media is None:
        state = player.status.state
        if state in RUNNING or state is Phase.RESOLVING:
            player.session.resume()
            return _state(player)
        if player.last_media is None or not player.last_by_guest:
            raise bad_request("nothing to play again")
        media = player.last_media
    try:
        answer = await async_play(player, media, entity_id=player.camera_entity_id, guest=True)
    except HomeAssistantError as err:
        key = (err.translation_key or "").removeprefix("play_")
        raise refusal(web.HTTPBadRequest, key or "unsupported", message=str(err)) from err
    return answer


async def _pause(player: PlayerInstance, data: dict[str, Any]) -> dict[str, Any]:
    player.session.pause()
    return _state(player)


async def _stop(player: PlayerInstance, data: dict[str, Any]) -> dict[str, Any]:
    player.async_stop_playing()
    return _state(player)


async def _seek(player: PlayerInstance, data: dict[str, Any]) -> dict[str, Any]:
    await player.async_seek(data["position"])
    return _state(player)


async def _preset(player: PlayerInstance, data: dict[str, Any]) -> dict[str, Any]:
    player.async_set_style(preset=data["preset"])
    return {**_state(player), "preset": player.style.preset}


def _state(player: PlayerInstance) -> dict[str, Any]:
    return {"state": player.status.state.value}


_ACTIONS: Final[
    dict[str, Callable[[PlayerInstance, dict[str, Any]], Awaitable[dict[str, Any]]]]
] = {"play": _play, "pause": _pause, "stop": _stop, "seek": _seek, "preset": _preset}


def _set_layout(instance: CameraInstance, data: dict[str, Any]) -> dict[str, Any]:
    """Change a grid's layout or main member, which guests know by its number."""
    if not isinstance(instance, GridInstance):
        raise refusal(web.HTTPBadRequest, "not_supported", message="not a grid")
    layout, main = data.get("layout"), data.get("main")
    if layout is None and main is None:
        raise bad_request("neither layout nor main")
    numbers = {str(number) for number in range(len(instance.members))}
    if main is not None and main not in numbers:
        raise refusal(web.HTTPBadRequest, "not_a_member", message="no such member")
    instance.async_show(layout, None if main is None else int(main))
    view = instance.compositor.view
    return {"state": "playing", "layout": view.layout.value, "main": str(view.main)}
