"""Delivery: whether all frames of a film arrive over a real WebSocket, and how evenly.

Home Assistant runs in a process of its own, and its ASCII player plays 1080p by the real resolver over
HTTP. A client here reads, decodes and acknowledges. Jitter is the difference between the interval of two
packets and that of their timestamps, including jitter of the client and the machine.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
import shutil
import time
from typing import Final, NamedTuple

import numpy as np

from benchmarks.measuring import Case, Result, scratch
from benchmarks.videos import bunny_1080p
from custom_components.retrocam.core.ascii.planes import PlaneLayout
from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL
from demo.client import Client
from demo.server import free_port, running
from tests.core.ascii.ascii_decoder import AsciiDecoder

FILM_FPS: Final = 24.0
WATCHED: Final = 24.0
"""Measured seconds of the film's 30."""
SETTLED: Final = 1.0
"""Seconds skipped at the start: the newest group is replayed from memory."""
PRESETS: Final = ("low", "high")
MOST_LOST: Final = 0.002
"""One frame in 500: each end of the window may cut one off."""


class Arrival(NamedTuple):
    """A packet: its timestamp and its arrival, both in seconds, and its bytes."""

    position: float
    time: float
    size: int


async def watch(client: Client, entry_id: str) -> list[Arrival]:
    """Read a player's ASCII stream until `WATCHED` seconds of it have arrived."""
    arrivals: list[Arrival] = []
    decoder: AsciiDecoder | None = None
    url = f"{client.url}/api/retrocam/cells/{entry_id}"
    async with (
        asyncio.timeout(90),
        client.session.ws_connect(
            url, headers=client.headers, protocols=[SUBPROTOCOL], compress=0
        ) as socket,
    ):
        async for message in socket:
            if isinstance(message.data, str):
                payload = message.json()
                if payload["type"] == "init":
                    layout = PlaneLayout(payload["cols"], payload["rows"])
                    decoder, arrivals = AsciiDecoder(layout, epoch=payload["epoch"]), []
                continue
            now = time.monotonic()
            if decoder is None or (packet := decoder.decode(message.data)) is None:
                continue
            await socket.send_json({"ack": packet.seq})
            arrivals.append(Arrival(packet.pts_us / 1e6, now, len(message.data)))
            if arrivals[-1].position - arrivals[0].position >= WATCHED:
                return arrivals
    raise RuntimeError(f"the stream ended after {len(arrivals)} frames")


def results_of(preset: str, arrivals: Sequence[Arrival]) -> list[Result]:
    """Return the results, without the start."""
    seen = [one for one in arrivals if one.position >= arrivals[0].position + SETTLED]
    positions = np.array([one.position for one in seen])
    times = np.array([one.time for one in seen])
    jitter = np.abs(np.diff(times) - np.diff(positions)) * 1000
    late = times - positions
    wanted = float(positions[-1] - positions[0]) * FILM_FPS + 1
    details = {
        "pictures": len(seen),
        "jitter_median_ms": round(float(np.median(jitter)), 2),
        "jitter_worst_ms": round(float(jitter.max()), 2),
        "latest_ms": round(float(late.max() - late.min()) * 1000, 1),
        "bytes_a_frame": round(float(np.mean([one.size for one in seen])), 1),
        "fps": round((len(seen) - 1) / float(times[-1] - times[0]), 3),
    }
    return [
        Result(
            what=f"{preset}: frames received, of {FILM_FPS:.0f} per second",
            ours=len(seen),
            peer=wanted,
            ratio=len(seen) / wanted,
            unit="frames",
            bar=1 - MOST_LOST,
            at_least=True,
            details=details,
        ),
        Result(
            what=f"{preset}: arrival jitter, 95th percentile",
            ours=float(np.percentile(jitter, 95)),
            unit="ms",
            bar=500 / FILM_FPS,
        ),
    ]


async def measure() -> list[Result]:
    with scratch() as directory:
        film = Path(directory) / "www" / "film.mp4"
        film.parent.mkdir()
        shutil.copy(bunny_1080p(), film)
        async with (
            running(Path(directory), free_port()) as server,
            Client.logged_in(server.url) as client,
        ):
            entry = await client.add_entry(("ascii_player", {"name": "Player", "preset": "low"}))
            entry_id = str(entry["entry_id"])
            player = await client.entity_id(entry_id, "media_player")
            await client.wait_for_state(player)
            results = []
            for preset in PRESETS:
                data = {"entity_id": player, "media": "/local/film.mp4", "preset": preset}
                watching = asyncio.create_task(watch(client, entry_id))
                await client.call_action("retrocam", "play", data)
                results += results_of(preset, await watching)
            return results


CASE = Case(
    name="delivery",
    compares="cells of a film over a real WebSocket: all of them, and evenly",
    run=lambda: asyncio.run(measure()),
)
