"""WebSocket commands of Retrocam's cards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.components import websocket_api
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
import voluptuous as vol

from .actions.play_media import describe_player
from .cameras import CameraInstance, RetrocamConfigEntry
from .cameras.entry_tracking import async_loaded_instance
from .cameras.footage_spans import describe_spans
from .cameras.player import AsciiPlayer
from .const import CONF_KIND, DOMAIN, KIND_ASCII_PLAYER
from .datetimes import unix_time
from .http.footage_feed import FootageFeed
from .http.media_feed import MediaFeed
from .http.subscription import Subscription
from .media.items import MOST_LISTED, MediaKind, async_list_page
from .rights import may_read
from .urls import (
    CELLS_PATH,
    FOOTAGE_FRAME_PATH,
    FOOTAGE_MASTER_PATH,
    MJPEG_PATH,
    audio_template,
    signed,
)

LOOKBACK_INTERVAL: Final = timedelta(seconds=5)
"""Time between two looks at what a lookback holds."""


def _may_read(connection: websocket_api.ActiveConnection, instance: CameraInstance) -> bool:
    return may_read(instance.hass, connection.user, instance.entry.entry_id)


def _find(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> CameraInstance | None:
    """Return the instance of a message, or send the error `not_found`."""
    instance = async_loaded_instance(hass, msg["entry_id"])
    if instance is None or not _may_read(connection, instance):
        connection.send_error(msg["id"], websocket_api.ERR_NOT_FOUND, "No such camera")
        return None
    return instance


def _find_entry(
    hass: HomeAssistant,
    connection: websocket_api.ActiveConnection,
    msg: dict[str, Any],
    kind: str | None,
) -> RetrocamConfigEntry | None:
    """Return the entry of a message, loaded or not, or send the error `not_found`.

    So does one of another kind than `kind`.
    """
    entry = hass.config_entries.async_get_entry(msg["entry_id"])
    instance = async_loaded_instance(hass, msg["entry_id"])
    is_hidden = instance is not None and not _may_read(connection, instance)
    if (
        entry is None
        or entry.domain != DOMAIN
        or is_hidden
        or kind not in (None, entry.data[CONF_KIND])
    ):
        connection.send_error(msg["id"], websocket_api.ERR_NOT_FOUND, "No such camera")
        return None
    return entry


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
                "entry_id": entry.entry_id,
                "title": instance.name,
                "kind": instance.kind,
                "camera": instance.camera_entity_id,
            }
            for entry in hass.config_entries.async_loaded_entries(DOMAIN)
            if _may_read(connection, instance := entry.runtime_data)
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
    """List files of one kind, newest first, with signed URLs.

    The timestamp of the last item is the `before` of the next page.
    """
    if (instance := _find(hass, connection, msg)) is None:
        return
    kind: MediaKind = msg["kind"]
    library = instance.media.libraries[kind]
    page = await async_list_page(hass, msg["entry_id"], kind, library, msg)
    connection.send_result(msg["id"], page)


@websocket_api.websocket_command(
    {vol.Required("type"): "retrocam/urls", vol.Required("entry_id"): str}
)
@callback
def ws_urls(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return signed URLs of an instance's streams; the audio starts at the current position."""
    if (instance := _find(hass, connection, msg)) is None:
        return
    entry_id = instance.entry.entry_id
    urls: dict[str, str | None] = {
        "mjpeg": signed(hass, MJPEG_PATH.format(entry_id=entry_id)),
        "cells": signed(hass, CELLS_PATH.format(entry_id=entry_id)),
        "audio": None,
        "footage_playlist": signed(hass, FOOTAGE_MASTER_PATH.format(entry_id=entry_id)),
        "footage_live": None,
        "footage_frame": signed(hass, FOOTAGE_FRAME_PATH.format(entry_id=entry_id)),
    }
    if instance.lookback.enabled and instance.footage.reaches_present:
        urls["footage_live"] = f"{urls['footage_playlist']}&live=1"
    if isinstance(instance, AsciiPlayer) and (status := instance.status).has_audio:
        template = audio_template(entry_id, status.session, status.epoch)
        path = template.format(start_us=round(status.position * 1_000_000))
        urls["audio"] = signed(hass, path)
    connection.send_result(msg["id"], urls)


@callback
def _push_player(instance: CameraInstance, subscription: Subscription) -> CALLBACK_TYPE:
    """Push the state of a player, now and at each change."""
    assert isinstance(instance, AsciiPlayer)  # noqa: S101  # checked for the subscription

    @callback
    def push() -> None:
        subscription.send(describe_player(instance))

    push()
    return instance.async_add_listener(push)


@callback
def _push_lookback(instance: CameraInstance, subscription: Subscription) -> CALLBACK_TYPE:
    """Push what the lookback holds: now, regularly, and at once if its settings change.

    While it is on, that includes the spans: who rewinds need not ask first where there are pictures.
    """
    last: dict[str, Any] = {}

    @callback
    def push(_now: datetime | None = None) -> None:
        nonlocal last
        lookback = instance.lookback.describe()
        if instance.lookback.enabled:
            lookback["spans"] = describe_spans(instance.footage.memory_spans())["spans"]
        if lookback != last and subscription.send(lookback):
            last = lookback

    @callback
    def changed() -> None:
        # Other changes are frequent: each saved snapshot is one.
        lookback = instance.lookback.describe()
        if any(lookback[key] != last.get(key) for key in ("enabled", "seconds")):
            push()

    push()
    end_listening = instance.async_add_listener(changed)
    end_timer = async_track_time_interval(instance.hass, push, LOOKBACK_INTERVAL)

    @callback
    def end() -> None:
        end_listening()
        end_timer()

    return end


def _subscribe_command(
    subject: str,
    attach: Callable[[CameraInstance, Subscription], CALLBACK_TYPE],
    kind: str | None = None,
) -> websocket_api.const.WebSocketCommandHandler:
    """Return the command that pushes what `attach` sends, of entries of a kind only.

    The entry may be unloaded, and may be reloaded during the subscription.
    """

    @websocket_api.websocket_command(
        {vol.Required("type"): f"retrocam/{subject}/subscribe", vol.Required("entry_id"): str}
    )
    @callback
    def subscribe(
        hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
    ) -> None:
        if (entry := _find_entry(hass, connection, msg, kind)) is not None:
            Subscription(hass, connection, msg["id"], entry).async_start(attach)

    return subscribe


_SUBSCRIBE_COMMANDS: Final = (
    _subscribe_command("footage", lambda *of: FootageFeed(*of).close),
    _subscribe_command("lookback", _push_lookback),
    _subscribe_command("media", lambda *of: MediaFeed(*of).close),
    _subscribe_command("player", _push_player, KIND_ASCII_PLAYER),
)


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Register all commands."""
    for command in (ws_instances, ws_media_list, ws_urls, *_SUBSCRIBE_COMMANDS):
        websocket_api.async_register_command(hass, command)
