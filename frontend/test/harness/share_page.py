"""Serves the built share page with a fake server behind it, to look at and to try out.

Run from the repository's root: `.venv/bin/python frontend/test/harness/share_page.py VIDEO [PORT]`, then
open http://127.0.0.1:8198/retrocam/player (camera, grid; the PIN is 1234). It follows the integration's
protocol, with the same content security policy; it listens on the loopback only.
"""

import asyncio
from contextlib import suppress
from datetime import datetime
from pathlib import Path
import sys
import time
from typing import Any

from aiohttp import web
import server

PIN = "1234"
COOKIE = "retrocam"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
LAYOUTS = ["single", "quad", "main_plus_preview", "auto"]
MEMBERS = [{"id": "a", "name": "Porch"}, {"id": "b", "name": "Garage"}, {"id": "c", "name": "Door"}]
HOUR = 3600


class Shared:
    """The state of one share page."""

    def __init__(self, kind: str) -> None:
        """Start idle."""
        self.kind = kind
        self.preset = "low"
        self.layout = "main_plus_preview"
        self.main = "a"
        self.state = "idle" if kind == "player" else "playing"
        self.title = ""
        self.epoch = 0
        self.changed = asyncio.Event()
        self.wrong = 0

    def info(self) -> dict[str, Any]:
        """Return the page's initial information."""
        grid = self.kind == "grid"
        titles = {"player": "Living room", "camera": "Porch", "grid": "House"}
        return {
            "kind": self.kind,
            "title": titles[self.kind],
            "control": True,
            "history": self.kind != "player",
            "preset": self.preset,
            "presets": list(server.PRESETS),
            "charset": "ramp",
            "layout": self.layout if grid else None,
            "layouts": LAYOUTS if grid else [],
            "main": self.main if grid else None,
            "members": MEMBERS if grid else [],
            "audio": self.kind == "player",
            "expires": "2030-01-01T00:00:00.000Z",
        }

    def turn(self, state: str, *, title: str | None = None) -> None:
        """Switch to another state; a new title begins an epoch."""
        self.state = state
        if title is not None:
            self.title = title
            self.epoch += 1
        self.changed.set()
        self.changed = asyncio.Event()

    async def cells(self, request: web.Request) -> web.WebSocketResponse:
        """Send states, and the clip while it plays."""
        socket = web.WebSocketResponse(protocols=["retrocam.cells.v1"], compress=False)
        await socket.prepare(request)
        sender = asyncio.create_task(self._send(socket, request))
        async for _ in socket:
            pass
        sender.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await sender
        return socket

    async def _send(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        clip = request.app[server.CLIP]
        while True:
            preset = server.PRESETS[request.query.get("preset", self.preset)]
            codes = await asyncio.to_thread(clip.codes, preset.cols, preset.rows)
            changed = self.changed
            live = self.kind != "player"
            await socket.send_json(
                {"type": "init", "epoch": self.epoch, "cols": preset.cols, "rows": preset.rows}
                | {"fps": clip.fps, "planes": ["y", "cb", "cr"], "y_bits": 7, "c_bits": 6}
                | {"charset": "ramp", "title": self.title, "live": live, "aspect": 16 / 9}
                | {"duration": None if live else len(codes) / clip.fps}
                | {"audio": None if live else f"/retrocam/{self.kind}/audio/{{start_us}}.aac"}
            )
            await socket.send_json({"type": "state", "state": self.state, "error": None})
            tasks = [asyncio.create_task(changed.wait())]
            if self.state == "playing":
                layout = server.PlaneLayout(preset.cols, preset.rows)
                encoder = server.CellEncoder(layout, epoch=self.epoch)
                run = server.send_clip(socket, codes, clip.fps, encoder)
                tasks.append(asyncio.create_task(run))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()

    async def act(self, name: str, data: dict[str, Any]) -> web.Response:
        """Execute a guest's command."""
        if name == "play" and (media := data.get("media")):
            self.turn("resolving")
            await asyncio.sleep(0.5)
            if "fail" in media:
                self.turn("idle")
                return web.json_response({"error": "not_found", "message": ""}, status=400)
            self.turn("playing", title=media.title())
        elif name in ("play", "pause", "stop"):
            self.turn({"play": "playing", "pause": "paused", "stop": "idle"}[name])
        elif name == "preset":
            self.preset = data["preset"]
            self.turn(self.state, title=self.title)
        elif name == "layout":
            self.layout, self.main = data["layout"], data.get("main", self.main)
        return web.json_response({"state": self.state})


SLUGS: web.AppKey[dict[str, Shared]] = web.AppKey("slugs", dict)


async def shell(request: web.Request) -> web.Response:
    """Serve the page."""
    text = (server.DIST / "share.html").read_text(encoding="utf-8")
    base = f"/retrocam/{request.match_info['slug']}"
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
    return web.Response(
        text=text.replace("{{base}}", base), content_type="text/html", headers=headers
    )


async def asset(request: web.Request) -> web.FileResponse:
    """Serve one of the page's files."""
    name = request.match_info["name"]
    if not name.startswith("share") or "/" in name:
        raise web.HTTPNotFound
    return web.FileResponse(server.DIST / name, headers={"Cache-Control": "no-cache"})


async def unlock(request: web.Request) -> web.Response:
    """Check the PIN."""
    shared = request.app[SLUGS][request.match_info["slug"]]
    if (await request.json())["pin"] != PIN:
        shared.wrong += 1
        if shared.wrong % 3 == 0:
            return web.json_response({"error": "locked_out", "retry_after": 5}, status=429)
        return web.json_response({"error": "wrong_pin"}, status=401)
    response = web.Response(status=204)
    response.set_cookie(COOKIE, "yes", path=f"/retrocam/{shared.kind}", httponly=True)
    return response


async def inside(request: web.Request) -> web.StreamResponse:
    """Handle requests that require the cookie."""
    shared = request.app[SLUGS][request.match_info["slug"]]
    if COOKIE not in request.cookies:
        return web.json_response({"error": "locked"}, status=401)
    if request.method == "GET":
        return await seen(request, shared)
    what = request.match_info["what"]
    if what != "lock":
        return await shared.act(what, await request.json())
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path=f"/retrocam/{shared.kind}")
    return response


async def seen(request: web.Request, shared: Shared) -> web.StreamResponse:
    """Serve the media that a guest may see."""
    what, _, rest = request.match_info["what"].partition("/")
    if what == "info":
        return web.json_response(shared.info())
    if what == "cells":
        return await shared.cells(request)
    if what == "mjpeg":
        return await server.mjpeg(request)
    number = int(rest.split(".")[0] or 0)
    if what == "audio":
        return await server.sound(request, number)
    return await server.picture(request, number) if rest else web.json_response(snapshots(request))


def snapshots(request: web.Request) -> list[dict[str, str]]:
    """List a snapshot for each minute of two hours."""
    last = request.query.get("before")
    now = time.time() // 60 * 60
    first = now if last is None else _seconds(last) - 60
    times = [first - 60 * number for number in range(int(request.query.get("limit", 50)))]
    return [
        {
            "filename": f"{round(at)}.jpg",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at)),
        }
        for at in times
        if at > now - 2 * HOUR
    ]


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def application(video: Path) -> web.Application:
    """Make the server for a video."""
    app = web.Application()
    app[server.CLIP] = server.Clip(video)
    app[SLUGS] = {kind: Shared(kind) for kind in ("player", "camera", "grid")}
    slug = "/retrocam/{slug:player|camera|grid}"
    app.router.add_get(slug, shell)
    app.router.add_get(slug + "/assets/{name}", asset)
    app.router.add_post(slug + "/unlock", unlock)
    app.router.add_route("*", slug + "/{what:.+}", inside)
    return app


async def main(video: Path, port: int) -> None:
    """Serve until interrupted."""
    runner = web.AppRunner(application(video))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]).expanduser(), int(sys.argv[2]) if len(sys.argv) > 2 else 8198)
    )
