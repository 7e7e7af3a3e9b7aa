/** The glyphs of a charset as coverage masks, rendered once for each size. */

import { type Charset, glyphsOf } from "./charset";

const BRAILLE = 0x2800;
/** Dot of each bit of a braille pattern: column and row in 2 x 4. */
const DOTS = [
  [0, 0],
  [0, 1],
  [0, 2],
  [1, 0],
  [1, 1],
  [1, 2],
  [0, 3],
  [1, 3],
] as const;
const SHADES: Record<string, number> = { "░": 64, "▒": 128, "▓": 192, "█": 255 };

/**
 * Blocks and braille are drawn by code, so that they look the same and join without seams in every font; letters
 * come from the page's monospace font, stretched to fill the cell.
 */
export function drawAtlas(
  charset: Charset,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const glyphs = glyphsOf(charset);
  const atlas = new Uint8Array(glyphs.length * width * height);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  glyphs.forEach((glyph, i) => {
    const target = atlas.subarray(i * width * height, (i + 1) * width * height);
    if (glyph in SHADES) {
      target.fill(SHADES[glyph]!);
      return;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.fillStyle = "#fff";
    const pattern = glyph.codePointAt(0)! - BRAILLE;
    if (pattern >= 0 && pattern < 256) drawBraille(context, pattern, width, height);
    else drawLetter(context, glyph, width, height);
    const pixels = context.getImageData(0, 0, width, height).data;
    for (let at = 0; at < target.length; at++) target[at] = pixels[at * 4 + 3]!;
  });
  return atlas;
}

function drawBraille(
  context: CanvasRenderingContext2D,
  pattern: number,
  width: number,
  height: number,
): void {
  const radius = Math.max(0.5, Math.min(width / 4, height / 8) * 0.8);
  DOTS.forEach(([column, row], bit) => {
    if (!(pattern & (1 << bit))) return;
    context.beginPath();
    context.arc(((column + 0.5) * width) / 2, ((row + 0.5) * height) / 4, radius, 0, 7);
    context.fill();
  });
}

/** The fonts of the screen and of its selectable text. */
export const FONT_FAMILY =
  'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';

function drawLetter(
  context: CanvasRenderingContext2D,
  glyph: string,
  width: number,
  height: number,
): void {
  // Measured large and scaled down: a small size would be hinted to whole pixels.
  const size = 100;
  context.font = `bold ${size}px ${FONT_FAMILY}`;
  context.textBaseline = "alphabetic";
  const advance = context.measureText("M").width || size * 0.6;
  // Tighter than normal text: gaps between the rows would dominate the picture.
  const ascent = 0.77 * size;
  const line = 0.94 * size;
  context.setTransform(width / advance, 0, 0, height / line, 0, 0);
  context.fillText(glyph, 0, ascent);
}
