"""Compares Retrocam with Home Assistant's own cameras on the same source: MJPEG viewers and lookback.

One Home Assistant has the same RTSP camera four times: ours, core's `generic` with a stream only and
with a still URL as well, and core's `ffmpeg`. All are watched through Home Assistant's own
`camera_proxy_stream`. CPU is that of Home Assistant's process and all its children.

Then each records with a lookback of 30 s, and the frame numbers in its clip show what is missing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final, override

from aiohttp import web
import av

from benchmarks.measuring import Case, Result, length, scratch, spent_in
from benchmarks.mjpeg import Viewer, request_for
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.frames.jpeg import planes
from demo.client import Client
from demo.process import cpu_of_tree
from demo.server import Server, free_port, running
from tests.pattern_reader import read_frame_number
from tests.rtsp import Mount, RtspServer

SETTLE: Final = 2.0
WINDOW: Final = length(10.0)
"""Seconds of one measurement, and the timeout for the first frame before it."""
FPS: Final = 15
LOOKBACK: Final = 30
DURATION: Final = 5
COUNTS: Final[dict[str, tuple[int, ...]]] = {
    "ours": (1, 10, 50),
    "generic, stream only": (1,),
    "generic, still URL": (1, 10, 50),
    "ffmpeg": (1, 10),
}
"""Numbers of viewers. 50 ffmpeg processes would show nothing that 10 do not."""
MARK: Final = b"content-length:"


@dataclass(frozen=True, slots=True)
class ViewerLoad:
    """CPU and frame rate for a number of viewers."""

    cpu: float
    """Milliseconds per second."""
    fps: float
    """Of the slowest viewer."""


class AnyViewer(Viewer):
    """Counts the frames of any MJPEG stream."""

    @override
    def data_received(self, data: bytes) -> None:
        """Count the Content-Length headers of frames, also across reads."""
        joined = (self._tail + data).lower()
        self.frames += joined.count(MARK)
        self._tail = joined[-len(MARK) + 1 :]
        if self.frames > 2:
            self.watching.set()


@asynccontextmanager
async def viewer(server: Server, client: Client, entity_id: str) -> AsyncIterator[AnyViewer]:
    """Watch during a `with` block; frames may never arrive."""
    request = request_for(client, f"/api/camera_proxy_stream/{entity_id}")
    loop = asyncio.get_running_loop()
    _, one = await loop.create_connection(lambda: AnyViewer(request), "127.0.0.1", server.port)
    try:
        yield one
    finally:
        one.close()


async def watch(server: Server, client: Client, entity_id: str, count: int) -> ViewerLoad:
    """Watch with `count` viewers, and return their CPU and frame rate."""
    async with AsyncExitStack() as stack:
        watching = [
            await stack.enter_async_context(viewer(server, client, entity_id)) for _ in range(count)
        ]
        try:
            async with asyncio.timeout(WINDOW):
                await asyncio.gather(*(one.watching.wait() for one in watching))
        except TimeoutError:
            pass  # Some cameras deliver nothing.
        # Excludes what starts with the first frame, such as one ffmpeg process per viewer.
        await asyncio.sleep(SETTLE)
        had = [one.frames for one in watching]
        spent = await spent_in(WINDOW, lambda: cpu_of_tree(server.process.pid))
        got = [one.frames - was for one, was in zip(watching, had, strict=True)]
        return ViewerLoad(spent.cpu, min(got) / spent.seconds)


def numbers(path: Path) -> list[int]:
    """Return the frame numbers of a clip, in presentation order; blocks."""
    with av.open(str(path)) as container:
        read = (read_frame_number(planes(frame)[0]) for frame in container.decode(video=0))
        return [number for number in read if number is not None]


async def record_core(client: Client, entity_id: str, path: Path) -> list[int]:
    """Record with core's `camera.record`; the file is complete once its temporary file is gone."""
    answer = await client.command("camera/stream", entity_id=entity_id, format="hls")
    # A stream without requests ends after 30 s, and its lookback with it.
    for _ in range(LOOKBACK // 2):
        await client.get_bytes(answer["url"])
        await asyncio.sleep(2.5)  # as long as the last segment of a player's playlist lasts
    data = {
        "entity_id": entity_id,
        "filename": str(path),
        "lookback": LOOKBACK,
        "duration": DURATION,
    }
    await client.post("/api/services/camera/record", data)
    partial = path.with_name(f"{path.name}.tmp")
    async with asyncio.timeout(30):
        while not path.exists() or partial.exists():  # noqa: ASYNC110, ASYNC240  # written by another process
            await asyncio.sleep(0.5)
    return await asyncio.to_thread(numbers, path)


async def record_ours(client: Client, entity_id: str) -> list[int]:
    """Record with `retrocam.record`."""
    data = {"entity_id": entity_id, "lookback": LOOKBACK, "duration": DURATION}
    answer: dict[str, Any] = (await client.call_action("retrocam", "record", data))[entity_id]
    return await asyncio.to_thread(numbers, Path(answer["path"]))


async def set_up(client: Client, mount: Mount, still: str) -> dict[str, str]:
    """Add the cameras; return their entity ids."""
    advanced = {"verify_ssl": False, "use_wallclock_as_timestamps": False}
    data = {"name": "Ours", "url": mount.url, "rtsp_transport": "tcp", "advanced": advanced}
    entry = await client.add_entry(("camera_url", data), ("preview", {}))
    ours = await client.entity_id(entry["entry_id"], "camera")
    history = {"entity_id": await client.entity_id(entry["entry_id"], "history")}
    await client.wait_for_state(ours)
    await client.post("/api/services/switch/turn_off", history)
    entity_ids = {"ours": ours, "ffmpeg": "camera.core_ffmpeg"}
    for name, more in (("generic, stream only", {}), ("generic, still URL", {"still": still})):
        entity_ids[name] = await _generic(client, mount.url, more.get("still"))
    return entity_ids


async def _generic(client: Client, stream: str, still: str | None) -> str:
    before = {state["entity_id"] for state in await client.get("/api/states")}
    path = "/api/config/config_entries/flow"
    form = await client.post(path, {"handler": "generic"})
    data: dict[str, Any] = {"stream_source": stream}
    if still:
        data["still_image_url"] = still
    data["advanced"] = {"framerate": FPS, "verify_ssl": False, "rtsp_transport": "tcp"}
    answer = await client.post(f"{path}/{form['flow_id']}", data)
    answer = await client.post(f"{path}/{form['flow_id']}", {"confirmed_ok": True})
    if answer["type"] != "create_entry":
        raise RuntimeError(f"core's generic camera was rejected: {answer}")
    while True:
        states = {state["entity_id"] for state in await client.get("/api/states")}
        if new := [one for one in states - before if one.startswith("camera.")]:
            return str(new[0])
        await asyncio.sleep(0.2)  # polls another process over HTTP


def pictures(url: str) -> list[bytes]:
    """Return the first second of a source as JPEGs; blocks."""
    with av.open(url, options={"rtsp_transport": "tcp"}) as container:
        return [jpeg.encode(frame) for frame in islice(container.decode(video=0), FPS)]


@asynccontextmanager
async def stills(mount: Mount) -> AsyncIterator[str]:
    """Serve a new JPEG of the source for each request, as a camera with a still URL does."""
    jpegs = cycle(await asyncio.to_thread(pictures, mount.url))

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=next(jpegs), content_type="image/jpeg")

    app = web.Application()
    app.router.add_get("/still.jpg", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/still.jpg"
    finally:
        await runner.cleanup()


async def measure(mount: Mount) -> tuple[dict[str, dict[int, ViewerLoad]], dict[str, list[int]]]:
    """Return CPU and frame rate by camera and number of viewers, and the frame numbers of each clip."""
    with scratch() as name:
        directory = Path(name)
        extra = (
            "ffmpeg:\nstream:\ncamera:\n  - platform: ffmpeg\n"
            f"    name: Core ffmpeg\n    input: -rtsp_transport tcp -i {mount.url}\n"
        )
        async with (
            stills(mount) as still,
            running(directory, free_port(), extra) as server,
            Client.logged_in(server.url) as client,
        ):
            cameras = await set_up(client, mount, still)
            seen = {
                camera: {
                    count: await watch(server, client, cameras[camera], count) for count in counts
                }
                for camera, counts in COUNTS.items()
            }
            media = directory / "media" / "core.mp4"
            clips = {
                "ours": await record_ours(client, cameras["ours"]),
                "core": await record_core(client, cameras["ffmpeg"], media),
            }
            return seen, clips


def lost(frame_numbers: list[int]) -> int:
    """Return the number of frames missing between the first and the last."""
    return frame_numbers[-1] - frame_numbers[0] + 1 - len(frame_numbers)


def each(seen: dict[int, ViewerLoad]) -> float:
    """Return the CPU of each further viewer for each frame, in µs."""
    few, many = seen[1], seen[50]
    return (many.cpu - few.cpu) / 49 / many.fps * 1000


async def compare() -> list[Result]:
    with RtspServer() as server:
        mount = server.mount("/camera", width=1280, height=720, fps=FPS, gop=2.0)
        seen, clips = await measure(mount)
    return [*viewing(seen), *recording(clips["ours"], clips["core"])]


def viewing(seen: dict[str, dict[int, ViewerLoad]]) -> list[Result]:
    """Return the results of the viewers, by camera and number."""
    details = {
        camera: {
            f"{count} viewers": {"cpu_ms_s": round(one.cpu, 1), "fps": round(one.fps, 1)}
            for count, one in counts.items()
        }
        for camera, counts in seen.items()
    }
    ours, ffmpeg, still = seen["ours"], seen["ffmpeg"], seen["generic, still URL"]
    nothing = seen["generic, stream only"][1]
    what = "720p at 15 fps over camera_proxy_stream"
    return [
        Result(
            what=f"{what}: CPU per frame of each viewer from the 2nd to the 50th, against core's "
            f"generic with a still URL (one viewer takes {still[1].cpu:.0f} ms CPU/s there, as it "
            f"forwards finished JPEGs, and {ours[1].cpu:.0f} with ours; with a stream only, core's "
            f"generic delivers {nothing.fps:.0f} frames per second)",
            ours=each(ours),
            peer=each(still),
            ratio=each(ours) / each(still),
            unit="µs CPU",
            bar=1.0,
            details=details,
        ),
        Result(
            what=f"{what}: 10 viewers, against core's ffmpeg camera",
            ours=ours[10].cpu,
            peer=ffmpeg[10].cpu,
            ratio=ours[10].cpu / ffmpeg[10].cpu,
            unit="ms CPU/s",
            bar=1.0,
        ),
    ]


def recording(ours: list[int], core: list[int]) -> list[Result]:
    """Return the results of two clips by their frame numbers."""
    requested = f"{LOOKBACK} + {DURATION} s requested from a camera with a keyframe every 2 s"
    return [
        Result(
            what=f"{requested}: seconds in the clip (core's camera.record "
            f"{len(core) / FPS:.1f} s, {lost(core)} frames lost)",
            ours=len(ours) / FPS,
            unit="s",
            bar=LOOKBACK + DURATION - 0.2,
            at_least=True,
        ),
        Result(
            what=f"{requested}: frames lost in the clip",
            ours=lost(ours),
            unit="frames",
            bar=0,
        ),
    ]


CASE = Case(
    name="against_core",
    compares="MJPEG and recording, against Home Assistant's own cameras",
    run=lambda: asyncio.run(compare()),
)
