// @vitest-environment node
import { describe, expect, it } from "vitest";
import {
  CHARSETS,
  drawnCharset,
  glyphsOf,
  glyphTable,
  isCharset,
  textOf,
  valueOf,
} from "../../src/player/charset";
import { compose, type Look, makeScene, rgbOf } from "../../src/player/picture";
import { cellSize } from "../../src/player/surface";
import type { Init, PlaneName } from "../../src/player/wire";

const plain = { contrast: 1, gamma: 1, invert: false };
const look: Look = { ...plain, charset: "auto", colour: true, ink: [0, 255, 0], paper: [0, 0, 0] };
const init: Init = {
  epoch: 0, cols: 2, rows: 2, planes: ["y", "cb", "cr"], fps: 24, y_bits: 7, c_bits: 6, charset: "ramp",
  title: "", duration: null, live: true, audio: null,
};
/** Glyph number n covers n / 10 of each of its pixels. */
const atlas = (charset: (typeof CHARSETS)[number], width: number, height: number) =>
  Uint8Array.from({ length: glyphsOf(charset).length * width * height }, (_, i) =>
    Math.round((Math.floor(i / (width * height)) * 255) / 10),
  );

describe("glyphs", () => {
  it("run from dark to light over the whole range", () => {
    const table = glyphTable("ramp", 7, plain);
    expect([table[0], table[63], table[64], table[127]]).toEqual([0, 4, 5, 9]);
    expect(glyphTable("ramp", 7, { ...plain, invert: true })[0]).toBe(9);
  });

  it("follow contrast and gamma", () => {
    const hard = glyphTable("ramp", 7, { ...plain, contrast: 3 });
    expect([hard[40], hard[88]]).toEqual([0, 9]);
    const light = glyphTable("ramp", 7, { ...plain, gamma: 2 });
    expect(light[32]!).toBeGreaterThan(glyphTable("ramp", 7, plain)[32]!);
  });

  it("chosen by the server are used as they are, clamped to the last", () => {
    const table = glyphTable("shape", 7, { ...plain, contrast: 3, invert: true });
    expect([table[0], table[94], table[200]]).toEqual([0, 94, 94]);
  });

  it("become text", () => {
    const table = glyphTable("ramp", 7, plain);
    expect(textOf(new Uint8Array([0, 127, 64, 0]), 2, 2, table, "ramp")).toBe(" @\n* ");
  });

  it("have one code point each", () => {
    expect(glyphsOf("braille")).toHaveLength(256);
    expect(glyphsOf("shape")).toHaveLength(95);
    expect(CHARSETS.every(isCharset)).toBe(true);
    expect(isCharset("auto")).toBe(false);
  });

  it.each([
    ["auto", "ramp", false, "ramp"],
    ["dense", "ramp", false, "dense"],
    ["shape", "ramp", false, "ramp"],
    ["shape", "shape", true, "shape"],
    ["blocks", "shape", true, "blocks"],
    ["auto", "braille", true, "braille"],
    ["auto", "from the future", true, "ramp"],
  ] as const)("wanted %s, sent %s, with indices %s: %s", (wanted, charset, sent, drawn) => {
    const planes: PlaneName[] = sent ? ["y", "cb", "cr", "g"] : ["y", "cb", "cr"];
    expect(drawnCharset({ charset, planes }, wanted)).toBe(drawn);
  });
});

describe("colour", () => {
  it("matches JPEG", () => {
    expect(rgbOf(255, 128, 128)).toEqual([255, 255, 255]);
    expect(rgbOf(76, 85, 255).map(Math.round)).toEqual([254, 0, 0]);
    expect(valueOf(127, 7)).toBe(255);
    expect(valueOf(32, 6)).toBe(130);
  });

  it("is drawn brighter than the cell, over a share of the cell's colour", () => {
    const scene = makeScene(init, look, { width: 2, height: 3 }, atlas);
    // Left cells dark, right cells light; all of them almost colourless (code 32 is 130).
    const codes = new Uint8Array([10, 127, 10, 127, 32, 32]);
    const out = new Uint8ClampedArray(4 * 6 * 4);
    compose(scene, codes, out);
    const pixel = (x: number, y: number): number[] => [...out.subarray((y * 4 + x) * 4, (y * 4 + x) * 4 + 4)];
    expect(pixel(3, 0)[1]!).toBeGreaterThan(220);
    expect(pixel(0, 0)[1]!).toBeLessThan(30);
    expect(pixel(0, 5)).toEqual(pixel(0, 0));
    expect(pixel(2, 4)[3]).toBe(255);
  });

  it("in mono blends foreground and background by the glyph's coverage", () => {
    const scene = makeScene({ ...init, cols: 1, rows: 1 }, { ...look, colour: false }, { width: 1, height: 1 }, atlas);
    const out = new Uint8ClampedArray(4);
    compose(scene, new Uint8Array([64, 0, 0]), out);
    expect([...out]).toEqual([0, 128, 0, 255]);
  });

  it("needs chroma, and glyph indices are read at their offset", () => {
    const gray = makeScene({ ...init, planes: ["y"] }, look, { width: 1, height: 1 }, atlas);
    expect(gray.colour).toBe(false);
    const planes: PlaneName[] = ["y", "cb", "cr", "g"];
    const shaped = makeScene({ ...init, planes, charset: "shape" }, look, { width: 1, height: 1 }, atlas);
    expect(shaped.glyphPlane).toBe(4 + 2);
    expect(shaped.charset).toBe("shape");
  });
});

describe("cells", () => {
  it("fill the box in whole pixels", () => {
    expect(cellSize({ cols: 100, rows: 50 }, { width: 1000, height: 800 }, 4e6)).toEqual({ width: 10, height: 16 });
  });

  it("are drawn larger if they would be tiny, and smaller if there would be too many pixels", () => {
    const tiny = cellSize({ cols: 320, rows: 120 }, { width: 520, height: 292 }, 4e6);
    expect(tiny.width).toBeGreaterThanOrEqual(6);
    const huge = cellSize({ cols: 120, rows: 50 }, { width: 3840, height: 2160 }, 3e5);
    expect(huge.width * huge.height * 6000).toBeLessThan(3.6e5);
    expect(cellSize({ cols: 400, rows: 400 }, { width: 10, height: 10 }, 100)).toEqual({ width: 2, height: 2 });
  });
});
