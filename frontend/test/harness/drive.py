"""Drives the cards in the harness and looks at what comes of it: `drive.py VIDEO`.

What a browser alone can show: the shader draws what the software does, dialogs open and close, a mouse
selects text, a hundred thousand items scroll, nothing is left running, the console stays empty.
"""

import asyncio
from pathlib import Path
import sys

from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright
from server import application
from shots import BROWSER

BASE = "http://127.0.0.1:8196"
VIEWER = "card.renderRoot.querySelector('retrocam-viewer').renderRoot"
SCREEN = "card.renderRoot.querySelector('retrocam-screen')"
# The picture of a screen, cell by cell: mean green of each, which is all that mono glyphs differ in.
CELLS = f"""async () => {{
  const screen = {SCREEN};
  screen.player.stop();
  await new Promise((done) => setTimeout(done, 400));
  const {{ surface }} = screen;
  surface.draw(surface.codes);
  await new Promise((done) => setTimeout(done, screen.engine === "webgl" ? 0 : 400));
  const from = screen.renderRoot.querySelector("canvas");
  const canvas = document.createElement("canvas");
  canvas.width = from.width;
  canvas.height = from.height;
  const context = canvas.getContext("2d");
  surface.draw(surface.codes);
  context.drawImage(from, 0, 0);
  const {{ data }} = context.getImageData(0, 0, canvas.width, canvas.height);
  const {{ scene, codes }} = surface;
  const size = scene.cellWidth * scene.cellHeight;
  let wrong = 0;
  for (let cell = 0; cell < scene.cols * scene.rows; cell++) {{
    const glyph = scene.table[codes[scene.glyphPlane + cell]];
    for (let i = 0; i < size; i++) {{
      const x = (cell % scene.cols) * scene.cellWidth + (i % scene.cellWidth);
      const y = Math.floor(cell / scene.cols) * scene.cellHeight + Math.floor(i / scene.cellWidth);
      const cover = scene.atlas[glyph * size + i] / 255;
      const wanted = scene.paper[1] + (scene.ink[1] - scene.paper[1]) * cover;
      if (Math.abs(data[(y * canvas.width + x) * 4 + 1] - wanted) > 2) wrong++;
    }}
  }}
  return [wrong, data.length / 4, surface.drawnBy, screen.text.split("\\n").length];
}}"""


async def opened(browser: Browser, query: str, problems: list[str]) -> Page:
    """Open a card; what its console says is a problem."""
    page = await browser.new_page(viewport={"width": 560, "height": 760})
    page.on("console", lambda message: problems.append(f"{query}: {message.text}"))
    page.on("pageerror", lambda error: problems.append(f"{query}: {error}"))
    await page.goto(f"{BASE}/?{query}")
    await page.wait_for_function("window.card?.isConnected && window.card.hasUpdated")
    return page


def check(name: str, passed: object) -> None:
    """Say how a check went, and stop at the first that fails."""
    print("ok  " if passed else "FAIL", name)
    assert passed, name


async def screens(browser: Browser, problems: list[str]) -> None:
    """Compare what is on screen with the codes, with and without WebGL."""
    for engine in ("webgl", "software"):
        page = await opened(browser, 'card=ascii&config={"colour":false}', problems)
        await page.evaluate(f"{SCREEN}.engine = '{engine}'")
        await page.wait_for_function(f"{SCREEN}.text.length > 100", timeout=60_000)
        wrong, pixels, drawn_by, rows = await page.evaluate(CELLS)
        check(f"{engine}: {pixels} pixels are those of the glyphs, {wrong} differ", wrong == 0)
        check(f"{engine}: drew itself ({drawn_by}), {rows} rows of text", drawn_by == engine)
        await page.close()


async def selection(browser: Browser, problems: list[str]) -> None:
    """Select a part of the picture with the mouse."""
    page = await opened(browser, "card=ascii", problems)
    await page.wait_for_function(f"{SCREEN}.text.length > 100", timeout=60_000)
    box = await page.locator("retrocam-screen").bounding_box()
    assert box
    before = await page.evaluate(f"{SCREEN}.renderRoot.querySelector('pre').textContent.length")
    await page.mouse.move(box["x"] + 100, box["y"] + 100)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 300, box["y"] + 150, steps=4)
    await page.mouse.up()
    text = await page.evaluate(f"(({SCREEN}.renderRoot.getSelection?.() ?? getSelection()) + '')")
    check(
        f"no text before ({before}), {len(text)} letters selected by dragging",
        not before and len(text) > 200,
    )
    await page.mouse.click(box["x"] + 50, box["y"] + 50)
    await page.wait_for_function(f"!{SCREEN}.renderRoot.querySelector('pre').textContent")
    check("a click goes back to the picture", passed=True)
    await page.close()


async def history(browser: Browser, problems: list[str]) -> None:
    """Look through a full day, view, delete."""
    page = await opened(browser, "card=history&interval=1", problems)
    await page.locator("retrocam-grid button").first.wait_for()
    await page.evaluate(
        "(() => { const day = card.day; const items = []; for (let i = 0; i < 100000; i++) {"
        "const time = day.start + i * 800;"
        "items.push({ ...day.store.items[0], id: 'x' + i, time, end: time }) }"
        "day.store.add(items); card.items = day.store.items; })()"
    )
    await page.wait_for_timeout(300)
    steps = await page.evaluate(
        "(async () => { const grid = card.renderRoot.querySelector('retrocam-grid'); const steps = [];"
        "for (let i = 0; i < 60; i++) { const at = performance.now(); grid.scrollTop = i * 40000;"
        "grid.dispatchEvent(new Event('scroll')); await grid.updateComplete;"
        "steps.push(performance.now() - at);"
        "await new Promise(requestAnimationFrame); } return steps.sort((a, b) => a - b) })()"
    )
    count = await page.locator("retrocam-grid button").count()
    check(
        f"100,000 items: {count} drawn, scrolling {steps[30]:.1f} ms (p95 {steps[57]:.1f})",
        count < 60,
    )
    await page.close()

    page = await opened(browser, "card=history", problems)
    await page.locator("retrocam-grid button").nth(4).click()
    await page.locator("dialog[open] .stage img").first.wait_for()
    title = await page.locator("dialog header").inner_text()
    await page.keyboard.press("ArrowLeft")
    await page.wait_for_function(f"{VIEWER}.querySelector('header').innerText !== {title!r}")
    check("an arrow key turns the page", passed=True)
    items = await page.evaluate("card.items.length")
    await page.keyboard.press("Delete")
    await page.get_by_role("button", name="Delete").last.click()
    await page.wait_for_function(f"card.items.length === {items - 1}")
    check("a deleted snapshot disappears", passed=True)
    await page.keyboard.press("Escape")
    await page.wait_for_function(f"!{VIEWER}.querySelector('dialog').open")
    check("Esc closes the viewer", passed=True)
    canvas = page.locator("retrocam-ribbon canvas")
    box = await canvas.bounding_box()
    assert box
    await page.mouse.move(box["x"] + 60, box["y"] + 10)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 40, box["y"] + 10)
    check("scrubbing shows a picture", await page.locator(".bubble img").is_visible())
    await page.mouse.up()
    await page.close()


async def leaving(browser: Browser, problems: list[str]) -> None:
    """Take cards away, and look for what goes on."""
    page = await opened(browser, "card=ascii&sound=1", problems)
    await page.wait_for_function(f"{SCREEN}.text.length > 100", timeout=60_000)
    frames = await page.evaluate(
        "(async () => { window.asked = 0; const real = requestAnimationFrame;"
        "card.remove(); await new Promise(requestAnimationFrame);"
        "window.requestAnimationFrame = (f) => { window.asked++; return real(f) };"
        "await new Promise((done) => setTimeout(done, 300)); return window.asked })()"
    )
    check("a card that is gone asks for no frame", frames == 0)
    await page.close()


async def main(video: Path) -> None:
    """Run all checks."""
    problems: list[str] = []
    runner = web.AppRunner(application(video))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 8196).start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=BROWSER
        )
        for part in (screens, selection, history, leaving):
            await part(browser, problems)
        await browser.close()
    await runner.cleanup()
    check(f"the console is empty {problems}", not problems)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).expanduser()))
