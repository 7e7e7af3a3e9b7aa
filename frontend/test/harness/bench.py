"""Measures the ASCII card in headless Chromium without a GPU: `bench.py VIDEO [SECONDS]`.

For each preset: frames drawn a second of those sent, the interval between them, and the main thread's
script time a frame, of which the protocol's counter tells.
"""

import asyncio
from itertools import pairwise
from pathlib import Path
import sys

from aiohttp import web
from playwright.async_api import Browser, async_playwright
from server import application
from shots import BROWSER

CASES = {"low": 24, "medium": 30, "high": 30}
# Draws are counted where they reach the graphics library, outside of the code that is measured.
COUNT = """() => {
  window.drawn = [];
  for (const name of ["drawArrays"]) {
    const draw = WebGL2RenderingContext.prototype[name];
    WebGL2RenderingContext.prototype[name] = function (...args) {
      window.drawn.push(performance.now());
      return draw.apply(this, args);
    };
  }
}"""


async def measure(browser: Browser, base: str, preset: str, fps: int, seconds: float) -> str:
    """Play a preset and describe how it went."""
    page = await browser.new_page(viewport={"width": 560, "height": 760})
    await page.add_init_script(f"({COUNT})()")
    await page.goto(f"{base}/?card=ascii&preset={preset}&fps={fps}")
    await page.wait_for_function("window.drawn.length > 30", timeout=60_000)
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")

    async def script() -> float:
        metrics = (await session.send("Performance.getMetrics"))["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "ScriptDuration")

    await page.evaluate("window.drawn.length = 0")
    before = await script()
    await page.wait_for_timeout(seconds * 1000)
    spent = await script() - before
    drawn = await page.evaluate("window.drawn")
    canvas = await page.evaluate(
        "(() => { const c = card.renderRoot.querySelector('retrocam-screen')"
        ".renderRoot.querySelector('canvas'); return c.width + 'x' + c.height })()"
    )
    await page.close()
    intervals = sorted(after - at for at, after in pairwise(drawn))
    rate = 1000 * (len(drawn) - 1) / (drawn[-1] - drawn[0])
    p95 = intervals[int(len(intervals) * 0.95)]
    return (
        f"{preset:7} canvas {canvas}: drew {rate:.2f} of {fps}, interval p95 {p95:.1f} ms, "
        f"script {1000 * spent / len(drawn):.2f} ms/frame"
    )


async def main(video: Path, seconds: float) -> None:
    """Measure all cases, one after the other."""
    runner = web.AppRunner(application(video))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 8197).start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=BROWSER
        )
        for preset, fps in CASES.items():
            print(await measure(browser, "http://127.0.0.1:8197", preset, fps, seconds))
        await browser.close()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]).expanduser(), float(sys.argv[2]) if len(sys.argv) > 2 else 10.0)
    )
