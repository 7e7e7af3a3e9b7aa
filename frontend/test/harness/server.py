"""Serves the built cards with a fake Home Assistant around them, to look at and to measure.

Run from the repository's root: `.venv/bin/python frontend/test/harness/server.py VIDEO [PORT]`, then
open http://127.0.0.1:8199/?card=camera (history, ascii; &theme=dark; see page.html). The ASCII stream
comes from the real encoder; there is no Home Assistant and no login: it listens on the loopback only.
"""

import asyncio
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
import sys
import threading
import time

from aiohttp import WSMsgType, web
import av
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
import numpy as np
from numpy.typing import NDArray
import simplejpeg

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DIST = ROOT / "custom_components" / "retrocam" / "panel" / "dist"
sys.path.insert(0, str(ROOT / "custom_components" / "retrocam"))

from core.cells.planes import C_BITS, Y_BITS, PlaneLayout
from core.cells.presets import PRESETS
from core.cells.wire import CellEncoder

GROUP_SECONDS = 2.0
JPEG_SIZE = (640, 360)


class Clip:
    """The first seconds of a video, decoded once for each requested size."""

    def __init__(self, path: Path, seconds: float = 30.0) -> None:
        """Prepare without reading the video."""
        self.path = path
        self.seconds = seconds
        self._codes: dict[tuple[int, int], list[NDArray[np.uint8]]] = {}
        self._jpegs: list[bytes] = []
        self._lock = threading.Lock()
        with av.open(str(path)) as container:
            self.fps = float(container.streams.video[0].average_rate or Fraction(24))

    def codes(self, cols: int, rows: int) -> list[NDArray[np.uint8]]:
        """Return the codes of all frames at a size."""
        with self._lock:
            if (cols, rows) not in self._codes:
                self._codes[cols, rows] = [
                    np.concatenate([plane.ravel() for plane in planes])
                    for planes in self._planes(cols, rows)
                ]
        return self._codes[cols, rows]

    def jpegs(self) -> list[bytes]:
        """Return all frames as small JPEGs."""
        with self._lock:
            if not self._jpegs:
                self._jpegs = [
                    simplejpeg.encode_jpeg_yuv_planes(*map(np.ascontiguousarray, planes), 80)
                    for planes in self._planes(*JPEG_SIZE, bits=(8, 8))
                ]
        return self._jpegs

    def _planes(
        self, width: int, height: int, bits: tuple[int, int] = (Y_BITS, C_BITS)
    ) -> list[list[NDArray[np.uint8]]]:
        reformatter = VideoReformatter()
        made = []
        with av.open(str(self.path)) as container:
            for frame in container.decode(video=0):
                if (frame.time or 0) > self.seconds:
                    break
                small = reformatter.reformat(
                    frame,
                    width,
                    height,
                    "yuv420p",
                    interpolation=Interpolation.AREA,
                    dst_color_range=ColorRange.JPEG,
                )
                half = ((width + 1) // 2, (height + 1) // 2)
                sizes = [(width, height, bits[0]), (*half, bits[1]), (*half, bits[1])]
                made.append(
                    [
                        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:high, :wide]
                        >> (8 - depth)
                        for plane, (wide, high, depth) in zip(small.planes, sizes, strict=True)
                    ]
                )
        return made


CLIP: web.AppKey[Clip] = web.AppKey("clip", Clip)


async def cells(request: web.Request) -> web.WebSocketResponse:
    """Send the clip as a paced, endless ASCII stream, in the preset of the query."""
    socket = web.WebSocketResponse(protocols=["retrocam.cells.v1"], compress=False)
    await socket.prepare(request)
    preset = PRESETS[request.query.get("preset", "low")]
    clip = request.app[CLIP]
    codes = await asyncio.to_thread(clip.codes, preset.cols, preset.rows)
    fps = float(request.query.get("fps", clip.fps))
    sound = request.query.get("sound") == "1"
    await socket.send_json(
        {
            "type": "init",
            "epoch": 0,
            "cols": preset.cols,
            "rows": preset.rows,
            "fps": fps,
            "planes": ["y", "cb", "cr"],
            "y_bits": Y_BITS,
            "c_bits": C_BITS,
            "charset": "ramp",
            "title": "Big Buck Bunny",
            "duration": clip.seconds,
            "live": False,
            "audio": "/audio/{start_us}.aac" if sound else None,
        }
    )
    await socket.send_json({"type": "state", "state": "playing", "error": None})
    encoder = CellEncoder(PlaneLayout(preset.cols, preset.rows))
    sender = asyncio.create_task(send_clip(socket, codes, fps, encoder))
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            break
    sender.cancel()
    with suppress(asyncio.CancelledError, ConnectionError):
        await sender
    return socket


async def send_clip(
    socket: web.WebSocketResponse,
    codes: list[NDArray[np.uint8]],
    fps: float,
    encoder: CellEncoder,
) -> None:
    """Send frames at their pace, from the first on, repeatedly."""
    began = time.monotonic()
    number = 0
    while not socket.closed:
        key = number % round(fps * GROUP_SECONDS) == 0
        packet = encoder.encode(codes[number % len(codes)], round(number * 1e6 / fps), key=key)
        await socket.send_bytes(packet.data)
        number += 1
        await asyncio.sleep(max(0.0, began + number / fps - time.monotonic()))


async def audio(request: web.Request) -> web.StreamResponse:
    """Send the clip's sound from a time on."""
    return await sound(request, int(request.match_info["start"]))


async def sound(request: web.Request, start_us: int) -> web.StreamResponse:
    """Send the clip's sound from a time in µs on."""
    start = start_us / 1e6
    response = web.StreamResponse(
        headers={"Content-Type": "audio/aac", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    process = await asyncio.create_subprocess_exec(
        "ffmpeg", "-v", "error", "-ss", str(start), "-i", str(request.app[CLIP].path),
        "-vn", "-c:a", "aac", "-f", "adts", "-",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    try:
        while chunk := await process.stdout.read(4096):
            await response.write(chunk)
    except ConnectionError:
        process.kill()
    return response


async def still(request: web.Request) -> web.Response:
    """Return the image of a number."""
    return await picture(request, int(request.match_info.get("number", "0")))


async def picture(request: web.Request, number: int) -> web.Response:
    """Return one of the clip's frames."""
    jpegs = await asyncio.to_thread(request.app[CLIP].jpegs)
    return web.Response(
        body=jpegs[number * 7 % len(jpegs)],
        content_type="image/jpeg",
        headers={"Cache-Control": "max-age=60"},
    )


async def mjpeg(request: web.Request) -> web.StreamResponse:
    """Return MJPEG at ten frames per second."""
    jpegs = await asyncio.to_thread(request.app[CLIP].jpegs)
    response = web.StreamResponse(
        headers={"Content-Type": "multipart/x-mixed-replace; boundary=frame"}
    )
    await response.prepare(request)
    number = 0
    with suppress(ConnectionError):
        while True:
            data = jpegs[number % len(jpegs)]
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            await response.write(head.encode() + data + b"\r\n")
            number += max(1, round(request.app[CLIP].fps / 10))
            await asyncio.sleep(0.1)
    return response


def application(video: Path) -> web.Application:
    """Make the server for a video."""
    app = web.Application()
    app[CLIP] = Clip(video)

    async def page(_: web.Request) -> web.FileResponse:
        return web.FileResponse(HERE / "page.html")

    async def film(_: web.Request) -> web.FileResponse:
        return web.FileResponse(video)

    app.router.add_get("/", page)
    app.router.add_get("/clip.mp4", film)
    app.router.add_get("/still/{number}.jpg", still)
    app.router.add_get("/api/camera_proxy/{entity}", still)
    app.router.add_get("/api/camera_proxy_stream/{entity}", mjpeg)
    app.router.add_get("/api/retrocam/cells/{entry}", cells)
    app.router.add_get("/audio/{start}.aac", audio)
    app.router.add_static("/dist", DIST)
    return app


if __name__ == "__main__":
    web.run_app(
        application(Path(sys.argv[1]).expanduser()),
        host="127.0.0.1",
        port=int(sys.argv[2]) if len(sys.argv) > 2 else 8199,
    )
