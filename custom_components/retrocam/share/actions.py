"""Actions of guests, for pages that allow control."""

from typing import Any, Final

from aiohttp import web
from homeassistant.exceptions import HomeAssistantError
import voluptuous as vol

from ..actions.play_media import async_play
from ..cameras import CameraInstance
from ..cameras.grid import GridCamera
from ..cameras.player import AsciiPlayer
from ..core.ascii.presets import PRESETS
from ..core.grid.layout import Layout
from ..core.player.machine import RUNNING, Phase
from ..urls import SHARE_ACTION_PATH
from .base import ShareView, bad_request, error_response, json_body

_MAX_LENGTH: Final = 2048
_SECONDS: Final = vol.All(vol.Any(int, float), vol.Coerce(float), vol.Range(min=0, max=10_000_000))
_SCHEMAS: Final = {
    "play": vol.Schema({vol.Optional("media"): vol.All(str, vol.Length(min=1, max=_MAX_LENGTH))}),
    "pause": vol.Schema({}),
    "stop": vol.Schema({}),
    "seek": vol.Schema({vol.Required("position"): _SECONDS}),
    "preset": vol.Schema({vol.Required("preset"): vol.All(str, vol.In(PRESETS))}),
    "layout": vol.Schema(
        {vol.Optional("layout"): vol.All(str, vol.Coerce(Layout)), vol.Optional("main"): str}
    ),
}


class ShareActionView(ShareView):
    """Control of a player or a grid."""

    url = SHARE_ACTION_PATH
    name = "retrocam:share:action"

    async def post(self, request: web.Request, slug: str, action: str) -> web.Response:
        """Run the action, and answer with the state; 400 with the reason if it fails."""
        guest, instance = self.authenticate(request, slug)
        if not instance.share.control:
            raise error_response(web.HTTPForbidden, "forbidden")
        try:
            data = _SCHEMAS[action](await json_body(request, guest.token))
        except vol.Invalid as err:
            raise bad_request(str(err)) from err
        if action == "layout":
            return self.answer(_set_layout(instance, data))
        if not isinstance(instance, AsciiPlayer):
            raise error_response(web.HTTPBadRequest, "not_supported", message="not a player")
        return self.answer(await _async_act(instance, action, data))


async def _async_act(player: AsciiPlayer, action: str, data: dict[str, Any]) -> dict[str, Any]:
    match action:
        case "play":
            return await _play(player, data.get("media"))
        case "pause":
            player.session.pause()
        case "stop":
            player.async_stop_playing()
        case "seek":
            await player.async_seek(data["position"])
        case "preset":
            player.async_set_style(preset=data["preset"])
            return {**_state(player), "preset": player.style.preset}
    return _state(player)


async def _play(player: AsciiPlayer, media: str | None) -> dict[str, Any]:
    """Play media; without media resume, or replay the last media if a guest played it."""
    if media is None:
        state = player.status.state
        if state in RUNNING or state is Phase.RESOLVING:
            player.session.resume()
            return _state(player)
        last = player.queue.items.current
        if last is None or not last.by_guest:
            raise bad_request("nothing to play again")
        media, place = last.media, player.queue.items.replace_current
    else:
        # What others have queued is kept.
        place = player.queue.items.insert
    try:
        return await async_play(player, media, guest=True, place=place)
    except HomeAssistantError as err:
        key = (err.translation_key or "").removeprefix("play_") or "unsupported"
        raise error_response(web.HTTPBadRequest, key, message=str(err)) from err


def _state(player: AsciiPlayer) -> dict[str, Any]:
    return {"state": player.status.state.value}


def _set_layout(instance: CameraInstance, data: dict[str, Any]) -> dict[str, Any]:
    """Set a grid's layout or main member, which guests identify by its number."""
    if not isinstance(instance, GridCamera):
        raise error_response(web.HTTPBadRequest, "not_supported", message="not a grid")
    layout, main = data.get("layout"), data.get("main")
    if layout is None and main is None:
        raise bad_request("neither layout nor main")
    numbers = {str(number) for number in range(len(instance.members))}
    if main is not None and main not in numbers:
        raise error_response(web.HTTPBadRequest, "not_a_member", message="no such member")
    instance.async_show(layout, None if main is None else int(main))
    view = instance.compositor.view
    return {"state": "playing", "layout": view.layout.value, "main": str(view.main)}
