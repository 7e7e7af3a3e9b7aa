/** The glyphs of each charset, and the mapping from codes to glyphs. */

import type { Init } from "./wire";

export const CHARSETS = ["ramp", "dense", "blocks", "braille", "shape"] as const;
export type Charset = (typeof CHARSETS)[number];

/**
 * The glyphs, in the order of the server's `ascii_frame`. The first three run from dark to light and are chosen
 * here; those of the last two are chosen by the server, from more pixels than it sends.
 */
const GLYPHS: Record<Charset, string> = {
  ramp: " .-:+*=#%@",
  dense: " .-,_~:;+*</>^=|()[!IlLt71f?zFnCum#HK4ea96pN8BMg",
  blocks: " ░▒▓█",
  braille: codePoints(0x2800, 256),
  shape: codePoints(0x20, 95),
};

/** Charsets whose glyphs the server chooses and sends as the plane `g`. */
const MATCHED: readonly Charset[] = ["braille", "shape"];

function codePoints(first: number, count: number): string {
  return String.fromCodePoint(...Array.from({ length: count }, (_, i) => first + i));
}

export function isCharset(name: unknown): name is Charset {
  return CHARSETS.includes(name as Charset);
}

export function glyphsOf(charset: Charset): string[] {
  return [...GLYPHS[charset]];
}

/** Mapping of luma to glyphs; done by the client, at no cost to the server. */
export interface Tone {
  /** 1 leaves the picture unchanged. */
  contrast: number;
  gamma: number;
  invert: boolean;
}

/**
 * The charset to draw: the viewer's choice if the stream can show it, else the stream's own, else the ramp.
 * `auto` is the stream's own.
 */
export function drawnCharset(
  init: Pick<Init, "planes" | "charset">,
  wanted: Charset | "auto",
): Charset {
  const sent = init.planes.includes("g");
  const can = (name: unknown): name is Charset =>
    isCharset(name) && (!MATCHED.includes(name) || (sent && name === init.charset));
  if (can(wanted)) return wanted;
  return can(init.charset) ? init.charset : "ramp";
}

/** Whether a charset is drawn from the plane of glyph indices instead of luma. */
export function isMatched(charset: Charset): boolean {
  return MATCHED.includes(charset);
}

/** The 8-bit value in the middle of a code's range. */
export function valueOf(code: number, bits: number): number {
  const step = 1 << (8 - bits);
  return code * step + (step >> 1);
}

/**
 * The glyph index of each of the 256 codes. A table instead of a formula in the shader, so that screen, text and
 * tests cannot differ by a rounding.
 */
export function glyphTable(
  charset: Charset,
  bits: number,
  tone: Tone,
): Uint8Array<ArrayBuffer> {
  const count = glyphsOf(charset).length;
  const table = new Uint8Array(256);
  for (let code = 0; code < 256; code++) {
    if (isMatched(charset)) {
      table[code] = Math.min(code, count - 1);
      continue;
    }
    const value = Math.min(255, valueOf(Math.min(code, (1 << bits) - 1), bits)) / 255;
    const spread = Math.min(1, Math.max(0, (value - 0.5) * tone.contrast + 0.5));
    const index = Math.min(count - 1, Math.floor(spread ** (1 / tone.gamma) * count));
    table[code] = tone.invert ? count - 1 - index : index;
  }
  return table;
}

/** The frame as lines of text: `codes` are rows x cols of the plane that selects glyphs. */
export function textOf(
  codes: Uint8Array,
  cols: number,
  rows: number,
  table: Uint8Array,
  charset: Charset,
): string {
  const glyphs = glyphsOf(charset);
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    let line = "";
    for (let col = 0; col < cols; col++) line += glyphs[table[codes[row * cols + col]!]!];
    lines.push(line);
  }
  return lines.join("\n");
}
