"""Retrocam's WebSocket commands, for its cards."""

from functools import partial
from typing import Any

from homeassistant.components import websocket_api
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
import voluptuous as vol

from .actions.play_media import describe_player
from .cameras import CameraInstance
from .cameras.entry_tracking import async_follow
from .cameras.player import PlayerInstance
from .const import DOMAIN
from .datetimes import unix_time
from .http.media_feed import MediaFeed
from .media.items import MOST_LISTED, MediaKind, async_describe_all
from .rights import may_read
from .urls import CELLS_PATH, MJPEG_PATH, audio_template, signed


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Register all commands; once."""
    commands = (ws_instances, ws_media_list, ws_media_subscribe, ws_player_subscribe, ws_urls)
    for command in commands:
        websocket_api.async_register_command(hass, command)


def _may_read(connection: websocket_api.ActiveConnection, instance: CameraInstance) -> bool:
    return may_read(instance.hass, connection.user, instance.entry.entry_id)


def _loaded(hass: HomeAssistant) -> dict[str, CameraInstance]:
    entries = hass.config_entries.async_loaded_entries(DOMAIN)
    return {entry.entry_id: entry.runtime_data for entry in entries}


def _find(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> CameraInstance | None:
    """Return the instance that a message means, or say that there is none."""
    instance = _loaded(hass).get(msg["entry_id"])
    if instance is None or not _may_read(connection, instance):
        connection.send_error(msg["id"], websocket_api.ERR_NOT_FOUND, "No such camera")
        return None
    return instance


@websocket_api.websocket_command({vol.Required("type"): "retrocam/instances"})
@callback
def ws_instances(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """List the loaded instances that the user may see."""
    connection.send_result(
        msg["id"],
        [
            {
                "entry_id": entry_id,
                "title": instance.name,
                "kind": instance.kind,
                "camera": instance.camera_entity_id,
            }
            for entry_id, instance in _loaded(hass).items()
            if _may_read(connection, instance)
        ],
    )


@websocket_api.websocket_command(
    {
        vol.Required("type"): "retrocam/media/list",
        vol.Required("entry_id"): str,
        vol.Required("kind"): vol.Coerce(MediaKind),
        vol.Optional("before"): unix_time,
        vol.Optional("after"): unix_time,
        vol.Optional("limit", default=50): vol.All(int, vol.Range(min=1, max=MOST_LISTED)),
    }
)
@websocket_api.async_response
async def ws_media_list(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """List a page of files of one kind, newest first, with signed URLs.

    The next page is the one `before` the last item's timestamp.
    """
    if (instance := _find(hass, connection, msg)) is None:
        return
    kind: MediaKind = msg["kind"]
    library = instance.media.libraries[kind]
    span = {key: msg[key] for key in ("after", "before") if key in msg}
    items, total = library.page(msg["limit"], **span), library.count(**span)
    said = await async_describe_all(hass, msg["entry_id"], kind, items)
    connection.send_result(msg["id"], {"items": said, "total": total})


@websocket_api.websocket_command(
    {vol.Required("type"): "retrocam/media/subscribe", vol.Required("entry_id"): str}
)
@callback
def ws_media_subscribe(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Push each file that is saved or deleted from now on, and how far a timelapse is.

    The entry need not be loaded, and may be reloaded meanwhile.
    """
    number: int = msg["id"]
    entry = hass.config_entries.async_get_entry(msg["entry_id"])
    instance = _loaded(hass).get(msg["entry_id"])
    hidden = instance is not None and not _may_read(connection, instance)
    if entry is None or entry.domain != DOMAIN or hidden:
        connection.send_error(number, websocket_api.ERR_NOT_FOUND, "No such camera")
        return
    feed = MediaFeed(
        hass,
        entry,
        send=lambda event: connection.send_message(websocket_api.event_message(number, event)),
        may_read=partial(may_read, hass, connection.user, entry.entry_id),
        refresh_token_id=connection.refresh_token_id,
    )
    connection.subscriptions[number] = feed.async_start()
    connection.send_result(number)
    feed.async_tell_progress()


@websocket_api.websocket_command(
    {vol.Required("type"): "retrocam/player/subscribe", vol.Required("entry_id"): str}
)
@callback
def ws_player_subscribe(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Push what a player does, now and with each change; the entry may be reloaded meanwhile."""
    if (instance := _find(hass, connection, msg)) is None:
        return
    if not isinstance(instance, PlayerInstance):
        connection.send_error(msg["id"], websocket_api.ERR_NOT_FOUND, "No such player")
        return

    @callback
    def attach(player: CameraInstance) -> CALLBACK_TYPE:
        assert isinstance(player, PlayerInstance)  # noqa: S101  # an entry never changes its kind

        @callback
        def push() -> None:
            if not _may_read(connection, player):
                return  # no longer
            told = describe_player(player)
            connection.send_message(websocket_api.event_message(msg["id"], told))

        push()
        return player.async_add_listener(push)

    connection.send_result(msg["id"])
    connection.subscriptions[msg["id"]] = async_follow(hass, instance.entry, attach)


@websocket_api.websocket_command(
    {vol.Required("type"): "retrocam/urls", vol.Required("entry_id"): str}
)
@callback
def ws_urls(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return signed URLs of an instance's streams; that of a player's sound begins where it is now."""
    if (instance := _find(hass, connection, msg)) is None:
        return
    entry_id = instance.entry.entry_id
    urls: dict[str, str | None] = {
        "mjpeg": signed(hass, MJPEG_PATH.format(entry_id=entry_id)),
        "cells": signed(hass, CELLS_PATH.format(entry_id=entry_id)),
        "audio": None,
    }
    if isinstance(instance, PlayerInstance) and (status := instance.status).has_audio:
        template = audio_template(entry_id, status.session, status.epoch)
        path = template.format(start_us=round(status.position * 1_000_000))
        urls["audio"] = signed(hass, path)
    connection.send_result(msg["id"], urls)
