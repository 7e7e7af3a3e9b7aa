/** Chooses the glyphs of `braille` and `shape` from the samples inside each cell, as the server does for live pictures. */

import type { Charset } from "./charset";
import { SHAPES } from "./glyph-samples";

/** Samples of the picture per cell. */
export const ACROSS = 2;
export const DOWN = 4;
const POINTS = ACROSS * DOWN;

/** Luma by which a sample has to change before its shape is matched again, or to pass its threshold for a dot. */
const SHAPE_HYSTERESIS = 5;
const DOT_HYSTERESIS = 8;
/** Weight of a cell's mean, in samples. */
const TONE_WEIGHT = 24;
/** Ordered dither after Bayer (1973), for the samples of a cell, row by row. */
const DITHER = [0, 4, 6, 2, 1, 5, 7, 3].map((step) => step * 32 + 16);
/** Bit of each dot in the code of a braille character. */
const BRAILLE_BITS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

/**
 * Returns the glyph of each cell for the luma of its samples, cell by cell, each row by row. A glyph stays until the
 * picture in its cell has clearly changed: noise would make it flicker.
 */
export type Matcher = (samples: Uint8Array) => Uint8Array;

/** The matcher of a charset; undefined for one whose glyphs follow from the luma of a cell. */
export function matcherOf(charset: Charset): Matcher | undefined {
  if (charset === "braille") return dotMatcher();
  return charset === "shape" ? shapeMatcher() : undefined;
}

/** Sets a dot where the picture is brighter than an ordered dither. */
function dotMatcher(): Matcher {
  let before: Uint8Array | undefined;
  return (samples) => {
    const glyphs = new Uint8Array(samples.length / POINTS);
    const old = before?.length === glyphs.length ? before : undefined;
    for (let at = 0; at < samples.length; at++) {
      const cell = (at / POINTS) | 0;
      const point = at % POINTS;
      const bit = BRAILLE_BITS[point]!;
      const held = old === undefined ? 0 : old[cell]! & bit ? -DOT_HYSTERESIS : DOT_HYSTERESIS;
      if (samples[at]! >= DITHER[point]! + held) glyphs[cell]! |= bit;
    }
    before = glyphs;
    return glyphs;
  };
}

/** Finds the glyph nearest to the picture, by samples and by mean; see `ShapeMatcher` of the server. */
function shapeMatcher(): Matcher {
  const sum = (ones: readonly number[]): number => ones.reduce((total, one) => total + one, 0);
  const tones = SHAPES.map((shape) => sum(shape) / POINTS);
  const weights = Float64Array.from(
    SHAPES.flatMap((shape, glyph) => shape.map((one) => (one + (TONE_WEIGHT / POINTS) * tones[glyph]!) / 255)),
  );
  const bias = Float64Array.from(
    SHAPES.map((shape, glyph) => (sum(shape.map((one) => one * one)) + TONE_WEIGHT * tones[glyph]! ** 2) / 2),
  );
  const cell = new Float64Array(POINTS);
  const nearest = (): number => {
    let best = 0;
    let most = -Infinity;
    for (let glyph = 0; glyph < bias.length; glyph++) {
      let score = -bias[glyph]!;
      for (let point = 0; point < POINTS; point++) score += cell[point]! * weights[glyph * POINTS + point]!;
      if (score <= most) continue;
      best = glyph;
      most = score;
    }
    return best;
  };
  let old = new Uint8Array();
  let glyphs = new Uint8Array();
  return (samples) => {
    const anew = old.length !== samples.length;
    if (anew) [old, glyphs] = [samples.slice(), new Uint8Array(samples.length / POINTS)];
    for (let number = 0; number < glyphs.length; number++) {
      const from = number * POINTS;
      let moved = anew;
      for (let at = from; at < from + POINTS && !moved; at++) {
        moved = Math.abs(samples[at]! - old[at]!) > SHAPE_HYSTERESIS;
      }
      if (!moved) continue;
      for (let point = 0; point < POINTS; point++) {
        old[from + point] = samples[from + point]!;
        cell[point] = samples[from + point]!;
      }
      glyphs[number] = nearest();
    }
    return glyphs.slice();
  };
}
