"""Takes pictures of the cards in the harness: `shots.py VIDEO [FOLDER]`."""

import asyncio
from pathlib import Path
import sys

from aiohttp import web
from playwright.async_api import Page, async_playwright
from server import application

BROWSER = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--autoplay-policy=no-user-gesture-required",
]
PAGES = {
    "camera": "card=camera",
    "camera-recording": "card=camera&recording&grid",
    "camera-ascii": 'card=camera&config={"ascii":true}',
    "history": "card=history",
    "ascii": "card=ascii&sound=1",
}


async def take(page: Page, base: str, folder: Path, name: str, query: str) -> None:
    """Open a card and keep its picture."""
    await page.goto(f"{base}/?{query}")
    await page.wait_for_timeout(2500)
    await page.screenshot(path=folder / f"{name}.png")


async def main(video: Path, folder: Path) -> None:
    """Take all pictures; what the browser's console says is printed."""
    runner = web.AppRunner(application(video))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 8199)
    await site.start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=BROWSER
        )
        for device, size in {"desktop": (560, 760), "phone": (390, 760)}.items():
            for theme in ("light", "dark"):
                page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
                page.on("console", lambda message: print("console:", message.text))
                page.on("pageerror", lambda error: print("error:", error))
                for name, query in PAGES.items():
                    await take(
                        page,
                        "http://127.0.0.1:8199",
                        folder,
                        f"{name}-{device}-{theme}",
                        f"{query}&theme={theme}",
                    )
                await page.close()
        await browser.close()
    await runner.cleanup()


if __name__ == "__main__":
    out = Path(sys.argv[2] if len(sys.argv) > 2 else "screenshots")
    out.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]).expanduser(), out))
