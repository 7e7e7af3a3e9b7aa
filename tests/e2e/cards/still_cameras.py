"""Cameras without a stream, in a running Home Assistant."""

from pathlib import Path
from typing import Any, Final

from demo.client import Client

from ...core.frames.stills import jpeg

QUIET: Final = {"lookback_enabled": False}


async def add_still_cameras(client: Client, directory: Path, numbers: range) -> list[str]:
    """Add cameras that show image files, wrapped by Retrocam; return the ids of Retrocam's cameras.

    The files are `<number>.jpg` in `directory`, which Home Assistant may read. No two tests use the same
    numbers: they share Home Assistant.
    """
    cameras = []
    for number in numbers:
        path = directory / f"{number}.jpg"
        path.write_bytes(jpeg(number, 640, 360))
        name = f"Still {number}"
        await _add_local_file(client, {"name": name, "file_path": str(path)})
        source = f"camera.still_{number}"
        await client.wait_for_state(source)
        entry = await client.add_entry(("camera_entity", {"entity_id": source, **QUIET}))
        cameras.append(await client.entity_id(entry["entry_id"], "camera"))
        await client.wait_for_state(cameras[-1])
    return cameras


async def _add_local_file(client: Client, data: dict[str, Any]) -> None:
    path = "/api/config/config_entries/flow"
    form = await client.post(path, {"handler": "local_file", "show_advanced_options": False})
    made = await client.post(f"{path}/{form['flow_id']}", data)
    assert made["type"] == "create_entry", made
