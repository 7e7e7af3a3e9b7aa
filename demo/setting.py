"""The demo's setup in Home Assistant: entries by the config flow, and a dashboard."""

from typing import Any, Final

from .client import Client

DASHBOARD: Final = "retrocam-demo"
DEMO_NAME: Final = "Demo camera"
GRID_NAME: Final = "Demo grid"
PLAYER_NAME: Final = "Demo player"
MEMBERS: Final = {
    DEMO_NAME: (1280, 720, 25),
    "Demo garage": (640, 480, 10),
    "Demo door": (720, 960, 15),
}
"""The cameras of the grid, in order: width, height and frames per second."""
HISTORY_INTERVAL: Final = 2
"""Snapshot interval of the demo camera in s."""
_WIDE: Final = {"columns": "full"}


async def set_up(client: Client, shape: dict[str, int] | None = None) -> str:
    """Set up what is missing; return the entry id of the demo camera.

    `shape` is its width, height and fps if they are not the default ones.
    """
    entries = {entry["title"]: entry["entry_id"] for entry in await client.entries()}
    if DEMO_NAME not in entries:
        advanced = {} if shape is None else {"advanced": shape}
        entry = await client.add_entry(("demo", {"name": DEMO_NAME, **advanced}))
        entries[DEMO_NAME] = entry["entry_id"]
        await client.change_options(entry["entry_id"], "history", interval_sec=HISTORY_INTERVAL)
        await client.wait_until_loaded()  # changed options reload the entry
    camera = await client.entity_id(entries[DEMO_NAME], "camera")
    await client.wait_for_state(camera)
    grid = await _set_up_grid(client, entries)
    if PLAYER_NAME not in entries:
        data = {"name": PLAYER_NAME, "preset": "low"}
        entries[PLAYER_NAME] = (await client.add_entry(("ascii_player", data)))["entry_id"]
    player = await client.entity_id(entries[PLAYER_NAME], "media_player")
    await client.wait_for_state(player)
    await _save_dashboard(client, camera, grid, player)
    # So that its history is not empty.
    await client.call_action("retrocam", "take_snapshot", {"entity_id": camera})
    return str(entries[DEMO_NAME])


async def _set_up_grid(client: Client, entries: dict[str, str]) -> str:
    """Set up the other cameras and a grid of all; return the id of the grid's camera."""
    cameras = []
    for name, (width, height, fps) in MEMBERS.items():
        if name not in entries:
            shape = {"width": width, "height": height, "fps": fps}
            entry = await client.add_entry(("demo", {"name": name, "advanced": shape}))
            entries[name] = entry["entry_id"]
            await _keep_nothing(client, entry["entry_id"])
        cameras.append(await client.entity_id(entries[name], "camera"))
        await client.wait_for_state(cameras[-1])
    if GRID_NAME not in entries:
        data = {"name": GRID_NAME, "cameras": cameras, "layout": "auto"}
        entries[GRID_NAME] = (await client.add_entry(("grid", data)))["entry_id"]
    grid = await client.entity_id(entries[GRID_NAME], "camera")
    await client.wait_for_state(grid)
    return grid


async def _keep_nothing(client: Client, entry_id: str) -> None:
    """Switch off the histories."""
    for key in ("lookback", "history"):
        switch = await client.entity_id(entry_id, key)
        await client.wait_for_state(switch)
        await client.post("/api/services/switch/turn_off", {"entity_id": switch})


async def _save_dashboard(client: Client, camera: str, grid: str, player: str) -> None:
    dashboards = await client.command("lovelace/dashboards/list")
    if DASHBOARD not in {dashboard["url_path"] for dashboard in dashboards}:
        await client.command(
            "lovelace/dashboards/create",
            url_path=DASHBOARD,
            title="Retrocam",
            icon="mdi:camera-timer",
            mode="storage",
            require_admin=False,
            show_in_sidebar=True,
        )
    ours = [
        {"type": "custom:retrocam-camera-card", "entity": camera},
        {"type": "custom:retrocam-history-card", "entity": camera},
        {"type": "custom:retrocam-camera-card", "entity": grid},
        {"type": "custom:retrocam-ascii-card", "entity": player},
    ]
    core = [{"type": "picture-entity", "entity": camera, "camera_view": "live"}]
    views = [
        view("Cameras", "cameras", ours),
        # A view of its own: each player decodes the stream once more.
        view("Without cards", "core", [{**card, "grid_options": _WIDE} for card in core]),
    ]
    await client.command("lovelace/config/save", url_path=DASHBOARD, config={"views": views})


def view(title: str, path: str, cards: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the view of a dashboard, with a section for each card."""
    sections = [{"type": "grid", "cards": [card]} for card in cards]
    return {
        "title": title,
        "path": path,
        "type": "sections",
        "max_columns": 3,
        "sections": sections,
    }
