"""Compares what an ASCII screen shows with what was sent to it."""

import json
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Page, WebSocket

from custom_components.retrocam.core.ascii.planes import PlaneLayout
from tests.core.ascii.ascii_decoder import AsciiDecoder

RAMP: Final = " .-:+*=#%@"
CONTRAST: Final = 1.1
"""The default of a card."""

PIXELS: Final = """async (screen) => {
  const { surface } = screen;
  // No other picture comes in between; what is drawn in a worker may take a while.
  screen.player.stop();
  const { scene, codes } = surface;
  const { cols, rows, cellWidth, cellHeight } = scene;
  const size = cellWidth * cellHeight;
  const clamp = (value) => Math.min(255, Math.max(0, value));
  const middle = (code, bits) => code * 2 ** (8 - bits) + 2 ** (7 - bits);
  const from = screen.renderRoot.querySelector("canvas");
  const canvas = document.createElement("canvas");
  canvas.width = from.width;
  canvas.height = from.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const compared = () => {
    let wrong = 0;
    // WebGL keeps its picture no longer than the page takes to show it: drawn and read in one go.
    surface.draw(codes);
    context.drawImage(from, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let cell = 0; cell < cols * rows; cell++) {
      const [column, row] = [cell % cols, Math.floor(cell / cols)];
      const at = scene.chroma + (row >> 1) * scene.chromaCols + (column >> 1);
      const y = middle(codes[scene.luma + cell], scene.lumaBits);
      const cb = middle(codes[at], scene.chromaBits) - 128;
      const cr = middle(codes[at + scene.chromaCols * scene.chromaRows], scene.chromaBits) - 128;
      const rgb = [y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb].map(clamp);
      const lift = 0.3 + (0.7 * 255) / Math.max(64, ...rgb);
      const glyph = scene.table[codes[scene.glyphPlane + cell]];
      for (let i = 0; i < size; i++) {
        const cover = scene.atlas[glyph * size + i] / 255;
        const x = column * cellWidth + (i % cellWidth);
        const line = row * cellHeight + Math.floor(i / cellWidth);
        for (let part = 0; part < 3; part++) {
          const ground = scene.paper[part] + 0.35 * (rgb[part] - scene.paper[part]);
          const wanted = ground + (Math.min(255, rgb[part] * lift) - ground) * cover;
          if (Math.abs(data[(line * canvas.width + x) * 4 + part] - wanted) > 2) wrong++;
        }
      }
    }
    return wrong;
  };
  let wrong = compared();
  for (let turn = 0; wrong && turn < 200; turn++) {
    await new Promise(requestAnimationFrame);
    wrong = compared();
  }
  return { wrong, cols, rows, by: surface.drawnBy, text: screen.text };
}"""
"""Compares each pixel of a colour screen with its glyph, by planes and atlas."""


def text_of(codes: NDArray[np.uint8], cols: int, rows: int, bits: int) -> str:
    """Map the luma codes of a frame to glyphs, as a card does by default."""
    step = 1 << (8 - bits)
    values = (codes[: cols * rows].astype(float) * step + step // 2) / 255
    spread = np.clip((values - 0.5) * CONTRAST + 0.5, 0, 1)
    glyphs = np.minimum(len(RAMP) - 1, (spread * len(RAMP)).astype(int))
    letters = np.array(list(RAMP))[glyphs].reshape(rows, cols)
    return "\n".join("".join(row) for row in letters)


class Listener:
    """Records the messages of a page's ASCII WebSockets during a `with` block."""

    def __init__(self, page: Page) -> None:
        """Start without messages."""
        self._page = page
        self._heard: list[str | bytes] = []

    def __enter__(self) -> Self:
        self._page.on("websocket", self._opened)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._page.remove_listener("websocket", self._opened)

    def pictures(self) -> set[str]:
        """Return all frames that were sent, as text."""
        init: dict[str, Any] = {}
        decoder: AsciiDecoder | None = None
        pictures: set[str] = set()
        for data in self._heard:
            if isinstance(data, str):
                message = json.loads(data)
                if message["type"] == "init":
                    init = message
                    layout = PlaneLayout(init["cols"], init["rows"])
                    decoder = AsciiDecoder(layout, epoch=init["epoch"])
            elif decoder is not None and (packet := decoder.decode(data)) is not None:
                text = text_of(packet.codes, init["cols"], init["rows"], init["y_bits"])
                pictures.add(text)
        return pictures

    def _opened(self, socket: WebSocket) -> None:
        if "/cells/" in socket.url:
            socket.on("framereceived", self._received)

    def _received(self, data: str | bytes) -> None:
        self._heard.append(data)
