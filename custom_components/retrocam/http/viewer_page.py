"""The page that shows the MJPEG stream of a camera, and requests it again when it ends."""

from html import escape


def viewer_page(name: str, source: str) -> str:
    """Return the page for a camera's name and the signed path of its stream."""
    return _PAGE.replace("{name}", escape(name)).replace("{source}", escape(source))


# A browser reports neither the end of a multipart picture nor, mostly, its failure. The page itself is
# requested again for its signed path: the previous one may have expired.
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{name}</title>
<style>
html, body { height: 100%; margin: 0; background: #111; color: #ccc; }
img { display: block; width: 100%; height: 100%; object-fit: contain; }
</style>
<img src="{source}" alt="{name}">
<script>
const CHECK = 2000, STILL = 30000, RETRIES = 4;
const image = document.querySelector("img");
const canvas = document.createElement("canvas");
canvas.width = 32;
canvas.height = 18;
const context = canvas.getContext("2d", { willReadFrequently: true });
let last = "", since = 0, failures = 0, asking = false;

async function again() {
  if (asking) return;
  asking = true;
  try {
    // Each second has other signatures: a browser may not load the same path again.
    const wait = 1000 * 2 ** Math.min(RETRIES, failures++);
    await new Promise((resolve) => setTimeout(resolve, wait));
    const response = await fetch(location.href, { cache: "no-store" });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    image.src = page.querySelector("img").getAttribute("src");
    since = performance.now();
  } catch {
    // Home Assistant is away: the next check tries again.
  } finally {
    asking = false;
  }
}

function check() {
  if (document.visibilityState !== "visible" || !image.complete) return;
  if (image.naturalWidth === 0) return void again();
  failures = 0;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const sample = context.getImageData(0, 0, canvas.width, canvas.height).data.join();
  if (sample !== last) since = performance.now();
  last = sample;
  if (performance.now() - since >= STILL) again();
}

image.addEventListener("error", again);
setInterval(check, CHECK);
</script>
</html>
"""
