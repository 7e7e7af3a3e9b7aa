"""The cards in a headless browser without a GPU, with an ASCII stream of a real video.

A server of the cards' harness runs in a process of its own and encodes as the integration does. Draws
are counted at the graphics library. CPU of the main thread is the browser's own counter of script
alone: neither layout nor the software GPU.
"""

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
import shutil
import socket
import subprocess
import sys
import time
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measuring import Case, Result
from benchmarks.videos import bunny_1080p
from tests.e2e.full_day import A_FULL_DAY

SERVER: Final = Path(__file__).parent.parent / "frontend" / "test" / "harness" / "server.py"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS: Final = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--autoplay-policy=no-user-gesture-required",
]
SIZE: Final = {"width": 560, "height": 760}
SECONDS: Final = 15
STEPS: Final = 120
"""Scroll steps, one for each frame of the browser."""

COUNT_DRAWS: Final = """
window.drawn = [];
const draw = WebGL2RenderingContext.prototype.drawArrays;
WebGL2RenderingContext.prototype.drawArrays = function (...args) {
  window.drawn.push(performance.now());
  return draw.apply(this, args);
};
"""
SKIPPED: Final = """() =>
  card.renderRoot.querySelector("retrocam-screen").player.report().skipped"""
SCROLL: Final = """async (steps) => {
  const grid = card.renderRoot.querySelector("retrocam-grid");
  const took = [];
  for (let step = 0; step < steps; step++) {
    await new Promise(requestAnimationFrame);
    const at = performance.now();
    grid.scrollTop = step * 9_000;
    grid.dispatchEvent(new Event("scroll"));
    await grid.updateComplete;
    took.push(performance.now() - at);
  }
  return took;
}"""


@dataclass(frozen=True, slots=True)
class Screen:
    """A preset, and its limits."""

    preset: str
    size: str
    fps: int
    drawn: float | None = None
    """Lowest number of frames drawn per second."""
    interval_ms: float | None = None
    """95th percentile of the interval between frames."""


SCREENS: Final = (
    Screen("low", "120x50", 24, drawn=23.95, interval_ms=55),
    Screen("medium", "200x80", 30),
    Screen("high", "320x120", 30),
)
SCRIPT_MS: Final = 1.0
"""Most milliseconds of script on the main thread per frame."""
STEP_MS: Final = 1000 / 60


@contextlib.contextmanager
def harness(video: Path) -> Iterator[str]:
    """Run the harness server and yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, str(SERVER), str(video), str(port)], stdout=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(base)
            yield base
        finally:
            process.terminate()


def _wait_for(base: str) -> None:
    for _ in range(100):
        with contextlib.suppress(URLError), urlopen(base):  # noqa: S310  # a loopback URL
            return
        time.sleep(0.1)  # polls another process
    raise RuntimeError("the harness does not answer")


class Meter:
    """Reads the browser's script counter, which counts while the meter exists."""

    def __init__(self, page: Page) -> None:
        """Start counting."""
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def seconds(self) -> float:
        """Return the seconds of script on the page's main thread so far."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "ScriptDuration"))


def screen_results(browser: Browser, base: str, screen: Screen) -> list[Result]:
    """Play a preset for some seconds."""
    page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a dict of that shape
    page.add_init_script(COUNT_DRAWS)
    page.goto(f"{base}/?card=ascii&preset={screen.preset}&fps={screen.fps}")
    # The server must decode the video for this size first.
    page.wait_for_function("drawn.length > 2 * 30", timeout=120_000)
    meter = Meter(page)
    page.evaluate("drawn.length = 0")
    before, skipped = meter.seconds(), page.evaluate(SKIPPED)
    page.wait_for_timeout(SECONDS * 1000)
    spent = meter.seconds() - before
    drawn: list[float] = page.evaluate("drawn")
    skipped = page.evaluate(SKIPPED) - skipped
    page.close()
    intervals = sorted(after - at for at, after in pairwise(drawn))
    rate = 1000 * (len(drawn) - 1) / (drawn[-1] - drawn[0])
    p95 = intervals[int(len(intervals) * 0.95)]
    name = f"{screen.size} at {screen.fps}"
    shown = {
        "fps": round(rate, 2),
        "interval_p95_ms": round(p95, 1),
        "skipped": skipped,
        "browser": browser.version,
    }
    script = 1000 * spent / len(drawn)
    results = [
        Result(
            what=f"{name}, script on the main thread",
            ours=script,
            unit="ms/frame",
            bar=SCRIPT_MS,
            details=shown,
        )
    ]
    if screen.drawn is not None:
        what = f"{name}, frames drawn"
        results.append(Result(what=what, ours=rate, unit="fps", bar=screen.drawn, at_least=True))
    if screen.interval_ms is not None:
        what = f"{name}, interval between frames, 95th percentile"
        results.append(Result(what=what, ours=p95, unit="ms", bar=screen.interval_ms))
    return results


def history_result(browser: Browser, base: str) -> Result:
    """Scroll through a day of 100,000 snapshots, a dozen screens per step."""
    page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a dict of that shape
    page.goto(f"{base}/?card=history")
    page.locator("retrocam-grid button").first.wait_for()
    page.evaluate(f"({A_FULL_DAY})(card)")
    took: list[float] = sorted(page.evaluate(SCROLL, STEPS))
    elements = page.locator("retrocam-grid button").count()
    page.close()
    return Result(
        what="history of 100,000 items, a scroll step, 95th percentile",
        ours=took[int(len(took) * 0.95)],
        unit="ms",
        bar=STEP_MS,
        details={"median_ms": round(took[len(took) // 2], 2), "elements": elements},
    )


def results() -> list[Result]:
    """Measure screens and history in one browser. Raises RuntimeError without one."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise RuntimeError(f"no browser: none of {', '.join(BROWSERS)} is installed")
    results = []
    with harness(bunny_1080p()) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            for screen in SCREENS:
                results += screen_results(browser, base, screen)
            results.append(history_result(browser, base))
        finally:
            browser.close()
    return results


CASE = Case(
    name="cards",
    compares="what the cards draw, and what it takes of the browser's main thread, against limits",
    run=results,
)
