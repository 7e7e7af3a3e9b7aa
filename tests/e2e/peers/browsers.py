"""Firefox by WebDriver BiDi and WebKitGTK by WebDriver, as far as the tests need them.

Both are Debian's. Playwright drives builds of its own, and needs commands that Firefox ESR lacks.
"""

from abc import ABC, abstractmethod
import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
import base64
from collections.abc import AsyncIterator
import contextlib
from itertools import count
import json
import os
from pathlib import Path
import shutil
from typing import Any, Final, override

import aiohttp

from demo.server import free_port
from tests.missing import missing

PATIENCE: Final = 60
"""Seconds within which a script must end."""
MINI_BROWSER: Final = "webkit2gtk-4.1/MiniBrowser"
PREFERENCES: Final = """
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
"""
"""Firefox reaches this machine only."""
FIND: Final = """
const deep = (root, selector) => {
  const found = root.shadowRoot?.querySelector(selector) ?? root.querySelector(selector);
  if (found) return found;
  for (const tree of [root.shadowRoot, root]) {
    for (const element of tree?.querySelectorAll("*") ?? []) {
      const below = element.shadowRoot && deep(element.shadowRoot, selector);
      if (below) return below;
    }
  }
  return null;
};
const find = (...path) => path.reduce((root, selector) => root && deep(root, selector), document);
"""
"""Scripts may use `find(...path)`: each selector is looked for within the element of that before."""


class Browser(ABC):
    """A browser with one page."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        """Errors in the page's console, as far as its driver tells."""

    @abstractmethod
    async def open(self, url: str) -> None:
        """Load a page."""

    @abstractmethod
    async def call(self, function: str) -> Any:
        """Call an asynchronous JavaScript function, and return its result as JSON."""

    @abstractmethod
    async def perform(self, actions: list[dict[str, Any]]) -> None:
        """Perform WebDriver's actions, of one source."""

    async def run(self, script: str) -> Any:
        """Run the body of an asynchronous function."""
        text = await self.call(
            f"async () => JSON.stringify(await (async () => {{{FIND}{script}}})())"
        )
        return None if text is None else json.loads(text)

    async def met(self, condition: str) -> Any:
        """Wait until an expression is truthy, and return it."""
        async with asyncio.timeout(PATIENCE):
            while not (value := await self.run(f"return {condition}")):
                pass
        return value

    async def picture(self, *path: str) -> bytes:
        """Return what an image, a video or a canvas shows now, as PNG."""
        script = """
            const canvas = document.createElement("canvas");
            canvas.width = from.videoWidth || from.naturalWidth || from.width;
            canvas.height = from.videoHeight || from.naturalHeight || from.height;
            canvas.getContext("2d").drawImage(from, 0, 0);
            return canvas.toDataURL("image/png")"""
        url = await self.run(f"const from = find(...{json.dumps(path)}); {script}")
        return base64.b64decode(url.partition(",")[2])

    async def click(self, *path: str) -> None:
        """Click the middle of an element, once it is there, with a mouse."""
        place = await self.place(*path)
        await self.mouse(["move", *place], ["down"], ["up"])

    async def place(self, *path: str, along: float = 0.5) -> tuple[float, float]:
        """Return a point of an element, at a share of its width and half of its height."""
        box = f"((box) => box && [box.x + box.width * {along}, box.y + box.height / 2])"
        found = f"find(...{json.dumps(path)})"
        await self.met(f"{found} !== null")
        await self.run(f'{found}.scrollIntoView({{ block: "center" }})')
        x, y = await self.run(f"return {box}({found}.getBoundingClientRect())")
        return x, y

    async def mouse(self, *steps: list[Any]) -> None:
        """Use the mouse: `move` with x and y, `down` and `up`."""
        actions: list[dict[str, Any]] = []
        for step in steps:
            action: dict[str, Any] = {"type": f"pointer{step[0].title()}"}
            if step[0] == "move":
                action |= {"x": round(step[1]), "y": round(step[2]), "duration": 0}
            else:
                action["button"] = 0
            actions.append(action)
        await self.perform(
            [
                {
                    "type": "pointer",
                    "id": "mouse",
                    "parameters": {"pointerType": "mouse"},
                    "actions": actions,
                }
            ]
        )


class Firefox(Browser):
    """Firefox, by WebDriver BiDi."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__()
        self._socket = socket
        self._ids = count(1)
        self._context = ""

    async def begin(self) -> None:
        """Begin a session."""
        await self.command("session.new", capabilities={})
        await self.command("session.subscribe", events=["log.entryAdded"])
        tree = await self.command("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]
        size = {"width": 800, "height": 700}
        await self.command("browsingContext.setViewport", context=self._context, viewport=size)

    async def command(self, method: str, /, **params: Any) -> Any:
        """Send a command and return its result, or raise RuntimeError."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._socket.receive_json()
                if answer.get("id") == number:
                    if answer["type"] == "error":
                        raise RuntimeError(f"{method}: {answer['message']}")
                    return answer["result"]
                # Others answer commands that nobody waits for any more.
                entry = answer.get("params", {})
                if entry.get("level") == "error":
                    self.complaints.append(entry["text"])

    @override
    async def open(self, url: str) -> None:
        await self.command(
            "browsingContext.navigate", context=self._context, url=url, wait="complete"
        )

    @override
    async def call(self, function: str) -> Any:
        target = {"context": self._context}
        answer = await self.command(
            "script.callFunction", functionDeclaration=function, awaitPromise=True, target=target
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    @override
    async def perform(self, actions: list[dict[str, Any]]) -> None:
        await self.command("input.performActions", context=self._context, actions=actions)


class WebKit(Browser):
    """WebKitGTK's MiniBrowser, by WebDriver."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        super().__init__()
        self._session = session
        self._path = ""

    async def begin(self, binary: str) -> None:
        """Begin a session."""
        options = {"binary": binary, "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        answer = await self._request("POST", "/session", capabilities=wanted)
        self._path = f"/session/{answer['sessionId']}"
        limits = {"script": PATIENCE * 1000, "pageLoad": PATIENCE * 1000}
        await self._request("POST", f"{self._path}/timeouts", **limits)

    async def end(self) -> None:
        """End the session, and the browser."""
        await self._request("DELETE", self._path)

    async def _request(self, method: str, path: str, **body: Any) -> Any:
        """Send a command and return its result, or raise RuntimeError."""
        content = json.dumps(body) if method == "POST" else None
        async with self._session.request(method, path, data=content) as response:
            value = (await response.json())["value"]
            if response.status != 200:
                raise RuntimeError(f"{path}: {value}")
            return value

    @override
    async def open(self, url: str) -> None:
        await self._request("POST", f"{self._path}/url", url=url)

    @override
    async def call(self, function: str) -> Any:
        script = f"""const done = arguments[0];
            ({function})().then((value) => done([value]), (error) => done([null, String(error)]))"""
        value = await self._request("POST", f"{self._path}/execute/async", script=script, args=[])
        if len(value) > 1:
            raise RuntimeError(value[1])
        return value[0]

    @override
    async def perform(self, actions: list[dict[str, Any]]) -> None:
        await self._request("POST", f"{self._path}/actions", actions=actions)


def program(package: str, *names: str) -> str:
    """Return the path of the first program that is installed; else skip the test, or fail it in CI."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        missing(f"{names[0]} (package {package})")
    return path


@contextlib.asynccontextmanager
async def process(*command: str, **options: Any) -> AsyncIterator[Process]:
    """Run a program during a `with` block."""
    started = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, **options)
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.terminate()
        await started.wait()


@contextlib.asynccontextmanager
async def firefox(directory: Path) -> AsyncIterator[Browser]:
    """Run Firefox with a new profile in a directory."""
    path = program("firefox-esr", "firefox-esr", "firefox")
    (directory / "user.js").write_text(PREFERENCES)
    arguments = ("--headless", "--no-remote", "--profile", str(directory))
    async with process(
        path, *arguments, "--remote-debugging-port", "0", stderr=PIPE, stdout=DEVNULL
    ) as started:
        assert started.stderr is not None
        line = ""
        while not line.startswith("WebDriver BiDi listening on "):
            line = (await started.stderr.readline()).decode()
        rest = asyncio.create_task(started.stderr.read())
        url = f"{line.split()[-1]}/session"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, max_msg_size=0) as socket,
        ):
            browser = Firefox(socket)
            await browser.begin()
            yield browser
            await browser.command("browser.close")
        await rest


@contextlib.asynccontextmanager
async def webkit(directory: Path) -> AsyncIterator[Browser]:
    """Run WebKitGTK on a display of its own, with its files in a directory."""
    driver = program("webkit2gtk-driver", "WebKitWebDriver")
    display = program("xvfb", "Xvfb")
    if (binary := next(Path("/usr/lib").glob(f"*/{MINI_BROWSER}"), None)) is None:
        missing("MiniBrowser (package libwebkit2gtk-4.1-0)")
    port = free_port()
    screen = ("-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1024x900x24")
    async with process(display, *screen, stdout=PIPE, stderr=DEVNULL) as x_server:
        assert x_server.stdout is not None
        number = (await x_server.stdout.readline()).decode().strip()
        env = {**os.environ, "DISPLAY": f":{number}", "HOME": str(directory), "NO_AT_BRIDGE": "1"}
        async with (
            process(driver, f"--port={port}", env=env, stdout=DEVNULL, stderr=DEVNULL),
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        ):
            await _listening(session)
            browser = WebKit(session)
            await browser.begin(str(binary))
            yield browser
            await browser.end()


async def _listening(session: aiohttp.ClientSession) -> None:
    """Wait until the driver answers."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get("/status"):
                    return
