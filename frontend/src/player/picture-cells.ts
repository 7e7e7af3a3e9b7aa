/** Turns a picture of the page, such as a video that plays, into cells: what the server does for live pictures. */

import { isCharset } from "./charset";
import { ACROSS, DOWN, type Matcher, matcherOf } from "./glyph-matching";
import type { Screen } from "./player";
import { type Init, layoutOf, type PlaneName, sizeOf } from "./wire";

export type Drawn = HTMLImageElement | HTMLVideoElement;

const BITS = 8;
/** HTMLMediaElement.HAVE_CURRENT_DATA */
const CURRENT_DATA = 2;

const COLOURS: PlaneName[] = ["y", "cb", "cr"];

/** The luma of a pixel, in full-range BT.601. */
const lumaOf = (pixels: Uint8ClampedArray, at: number): number =>
  Math.round(0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!);

/** Codes of the planes y, cb and cr, in full-range BT.601, of cols x rows pixels (RGBA, row by row). */
export function cellsOf(pixels: Uint8ClampedArray, init: Init): Uint8Array<ArrayBuffer> {
  const codes = new Uint8Array(sizeOf(init));
  const [luma, blue, red] = layoutOf(init);
  const size = blue!.cols * blue!.rows;
  const sums = new Float64Array(2 * size);
  const counts = new Uint8Array(size);
  for (let at = 0; at < luma!.cols * luma!.rows; at++) {
    const [r, g, b] = [pixels[4 * at]!, pixels[4 * at + 1]!, pixels[4 * at + 2]!];
    codes[at] = lumaOf(pixels, 4 * at);
    const block = (Math.floor(at / luma!.cols) >> 1) * blue!.cols + ((at % luma!.cols) >> 1);
    sums[block]! += -0.168736 * r - 0.331264 * g + 0.5 * b;
    sums[size + block]! += 0.5 * r - 0.418688 * g - 0.081312 * b;
    counts[block]!++;
  }
  const code = (sum: number, count: number): number => Math.min(255, Math.max(0, Math.round(128 + sum / count)));
  for (let block = 0; block < size; block++) {
    codes[blue!.offset + block] = code(sums[block]!, counts[block]!);
    codes[red!.offset + block] = code(sums[size + block]!, counts[block]!);
  }
  return codes;
}

/** Splits the samples of all cells (RGBA, row by row): their luma cell by cell, and the mean colour of each cell. */
export function cellsWithin(
  pixels: Uint8ClampedArray,
  cols: number,
  rows: number,
): { samples: Uint8Array; means: Uint8ClampedArray } {
  const points = ACROSS * DOWN;
  const samples = new Uint8Array(cols * rows * points);
  const sums = new Uint16Array(cols * rows * 4);
  let at = 0;
  for (let y = 0; y < rows * DOWN; y++) {
    const row = ((y / DOWN) | 0) * cols;
    const line = (y % DOWN) * ACROSS;
    for (let x = 0; x < cols * ACROSS; x++, at += 4) {
      const cell = row + ((x / ACROSS) | 0);
      samples[cell * points + line + (x % ACROSS)] = lumaOf(pixels, at);
      for (let part = 0; part < 4; part++) sums[4 * cell + part]! += pixels[at + part]!;
    }
  }
  const means = new Uint8ClampedArray(sums.length);
  sums.forEach((sum, place) => {
    means[place] = sum / points;
  });
  return { samples, means };
}

/** Shows on an ASCII screen what an element of the page shows, until it is stopped. */
export class PictureCells {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly init: Init;
  /** Of charsets whose glyphs are chosen by more pixels than one per cell. */
  private readonly match: Matcher | undefined;
  private request: number | undefined;
  /** What is on the screen. */
  private shown: { picture: Drawn; moment: string | number } | undefined;

  /** `like` is the stream of the live picture, if it was seen. */
  constructor(
    private readonly picture: () => Drawn | undefined,
    private readonly screen: Screen,
    like: Pick<Init, "cols" | "rows" | "charset" | "title"> = { cols: 120, rows: 50, charset: "ramp", title: "" },
  ) {
    const { cols, rows, charset, title } = like;
    this.match = isCharset(charset) ? matcherOf(charset) : undefined;
    this.init = {
      epoch: 0, cols, rows, fps: 0, planes: this.match ? [...COLOURS, "g"] : COLOURS, y_bits: BITS, c_bits: BITS,
      charset, title, duration: null, live: false, audio: null,
    };
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = this.match ? [cols * ACROSS, rows * DOWN] : [cols, rows];
    this.context = canvas.getContext("2d", { willReadFrequently: true });
    if (this.context) this.context.imageSmoothingQuality = "high";
  }

  start(): void {
    this.screen.begin(this.init);
    this.turn();
  }

  stop(): void {
    if (this.request !== undefined) cancelAnimationFrame(this.request);
  }

  private turn(): void {
    const picture = this.picture();
    if (picture && isThere(picture)) this.show(picture);
    this.request = requestAnimationFrame(() => this.turn());
  }

  private show(picture: Drawn): void {
    const moment = picture instanceof HTMLVideoElement ? picture.currentTime : picture.src;
    if (this.shown?.picture === picture && this.shown.moment === moment) return;
    const { context } = this;
    if (!context) return;
    this.shown = { picture, moment };
    const { width, height } = context.canvas;
    context.drawImage(picture, 0, 0, width, height);
    this.screen.draw(this.codesOf(context.getImageData(0, 0, width, height).data));
  }

  private codesOf(pixels: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
    const { init, match } = this;
    if (!match) return cellsOf(pixels, init);
    const { samples, means } = cellsWithin(pixels, init.cols, init.rows);
    const codes = cellsOf(means, init);
    codes.set(match(samples), layoutOf(init).at(-1)!.offset);
    return codes;
  }
}

function isThere(picture: Drawn): boolean {
  if (picture instanceof HTMLVideoElement) return picture.readyState >= CURRENT_DATA && !picture.seeking;
  return picture.complete && picture.naturalWidth > 0;
}
