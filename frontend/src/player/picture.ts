/** The data needed to draw one frame, and a renderer to memory. */

import {
  type Charset,
  drawnCharset,
  glyphsOf,
  glyphTable,
  isMatched,
  type Tone,
  valueOf,
} from "./charset";
import { type Init, layoutOf } from "./wire";

export type Rgb = readonly [number, number, number];

/** The viewer's settings of the picture. */
export interface Look extends Tone {
  charset: Charset | "auto";
  colour: boolean;
  /** Colour of mono glyphs, and of their background, 0 to 255. */
  ink: Rgb;
  paper: Rgb;
}

export const DEFAULT_LOOK: Look = {
  charset: "auto",
  colour: true,
  contrast: 1.1,
  gamma: 1,
  invert: false,
  ink: [96, 255, 128],
  paper: [6, 8, 10],
};

/** Sizes, tables and glyphs for one epoch, style and size: made anew when any of them changes. */
export interface Scene {
  cols: number;
  rows: number;
  /** Pixels of one cell. */
  cellWidth: number;
  cellHeight: number;
  /** Offset of the plane that selects glyphs. */
  glyphPlane: number;
  /** Offset of luma and of cb (cr follows it); -1 if the stream has none. */
  luma: number;
  chroma: number;
  chromaCols: number;
  chromaRows: number;
  lumaBits: number;
  chromaBits: number;
  table: Uint8Array<ArrayBuffer>;
  /** Coverage of each glyph, `glyphCount` times cellHeight x cellWidth bytes. */
  atlas: Uint8Array<ArrayBuffer>;
  glyphCount: number;
  charset: Charset;
  colour: boolean;
  ink: Rgb;
  paper: Rgb;
}

/** Renders the coverage of a charset's glyphs at a cell size. */
export type AtlasMaker = (
  charset: Charset,
  cellWidth: number,
  cellHeight: number,
) => Uint8Array<ArrayBuffer>;

export function makeScene(
  init: Init,
  look: Look,
  cell: { width: number; height: number },
  atlasOf: AtlasMaker,
): Scene {
  const planes = layoutOf(init);
  const luma = planes.find((plane) => plane.name === "y");
  const chroma = planes.find((plane) => plane.name === "cb");
  const charset = drawnCharset(init, look.charset);
  const glyphs = planes.find((plane) => plane.name === (isMatched(charset) ? "g" : "y"));
  return {
    cols: init.cols,
    rows: init.rows,
    cellWidth: cell.width,
    cellHeight: cell.height,
    glyphPlane: glyphs?.offset ?? 0,
    luma: luma?.offset ?? -1,
    chroma: chroma?.offset ?? -1,
    chromaCols: chroma?.cols ?? 1,
    chromaRows: chroma?.rows ?? 1,
    lumaBits: init.y_bits,
    chromaBits: init.c_bits,
    table: glyphTable(charset, init.y_bits, look),
    atlas: atlasOf(charset, cell.width, cell.height),
    glyphCount: glyphsOf(charset).length,
    charset,
    colour: look.colour && chroma !== undefined && luma !== undefined,
    ink: look.ink,
    paper: look.paper,
  };
}

/**
 * How far a glyph's colour is raised towards full brightness (a glyph covers only a part of its cell, so the
 * cell's own colour would be too dark), and the share of the cell's colour below the glyph.
 */
export const LIFT = 0.7;
export const GROUND = 0.35;

/** Full-range BT.601, as in JPEG: 0 to 255 each, unrounded. */
export function rgbOf(y: number, cb: number, cr: number): [number, number, number] {
  const clamp = (value: number): number => Math.min(255, Math.max(0, value));
  return [
    clamp(y + 1.402 * (cr - 128)),
    clamp(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)),
    clamp(y + 1.772 * (cb - 128)),
  ];
}

/** Draws a frame as RGBA, row by row, into `out` (rows x cellHeight by cols x cellWidth pixels). */
export function compose(scene: Scene, codes: Uint8Array, out: Uint8ClampedArray): void {
  const { cols, rows, cellWidth, cellHeight, atlas, table } = scene;
  const width = cols * cellWidth;
  const size = cellWidth * cellHeight;
  const ink: [number, number, number] = [...scene.ink];
  const ground: [number, number, number] = [...scene.paper];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      if (scene.colour) colourCell(scene, codes, row, col, ink, ground);
      let from = table[codes[scene.glyphPlane + row * cols + col]!]! * size;
      for (let y = 0; y < cellHeight; y++) {
        let to = ((row * cellHeight + y) * width + col * cellWidth) * 4;
        for (let x = 0; x < cellWidth; x++) {
          const cover = atlas[from++]! / 255;
          out[to++] = ground[0] + (ink[0] - ground[0]) * cover;
          out[to++] = ground[1] + (ink[1] - ground[1]) * cover;
          out[to++] = ground[2] + (ink[2] - ground[2]) * cover;
          out[to++] = 255;
        }
      }
    }
  }
}

function colourCell(
  scene: Scene,
  codes: Uint8Array,
  row: number,
  col: number,
  ink: [number, number, number],
  ground: [number, number, number],
): void {
  const at = scene.chroma + (row >> 1) * scene.chromaCols + (col >> 1);
  const behind = scene.chromaCols * scene.chromaRows;
  const rgb = rgbOf(
    valueOf(codes[scene.luma + row * scene.cols + col]!, scene.lumaBits),
    valueOf(codes[at]!, scene.chromaBits),
    valueOf(codes[at + behind]!, scene.chromaBits),
  );
  const lift = 1 - LIFT + (LIFT * 255) / Math.max(64, ...rgb);
  for (let i = 0; i < 3; i++) {
    ink[i] = Math.min(255, rgb[i]! * lift);
    ground[i] = scene.paper[i]! + (rgb[i]! - scene.paper[i]!) * GROUND;
  }
}
