// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rgbOf } from "../../src/player/picture";
import { matcherOf } from "../../src/player/glyph-matching";
import { cellsOf, cellsWithin, type Drawn, PictureCells } from "../../src/player/picture-cells";
import { type Init, layoutOf } from "../../src/player/wire";
import matching from "../vectors/matching.json";

const INIT = { cols: 5, rows: 3, planes: ["y", "cb", "cr"] } as unknown as Init;

describe("a picture as cells", () => {
  it("has the colours that a screen shows, with one of them for four cells", () => {
    // A red, a grey and a blue block, over the edge of the last column and row.
    const colours = [[200, 40, 30], [128, 128, 128], [10, 60, 220]] as const;
    const pixels = new Uint8ClampedArray(5 * 3 * 4).fill(255);
    for (let at = 0; at < 15; at++) pixels.set(colours[(at % 5) >> 1]!, 4 * at);
    const codes = cellsOf(pixels, INIT);
    const [y, cb, cr] = layoutOf(INIT);
    for (let at = 0; at < 15; at++) {
      const block = (Math.floor(at / 5) >> 1) * cb!.cols + ((at % 5) >> 1);
      const rgb = rgbOf(codes[y!.offset + at]!, codes[cb!.offset + block]!, codes[cr!.offset + block]!);
      colours[(at % 5) >> 1]!.forEach((value, part) => expect(Math.abs(rgb[part]! - value)).toBeLessThan(2));
    }
    expect(codes).toHaveLength(15 + 2 * 6);
  });

  it("has samples by cell, and the mean colour of each", () => {
    // Two cells of two by four pixels, side by side; the red of a pixel tells where it is.
    const pixels = new Uint8ClampedArray(2 * 8 * 4);
    for (let at = 0; at < 16; at++) pixels.set([at * 10, 0, 0, 255], 4 * at);
    const { samples, means } = cellsWithin(pixels, 2, 1);
    const luma = (...places: number[]) => places.map((at) => Math.round(2.99 * at));
    expect([...samples]).toEqual(luma(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
    expect([...means]).toEqual([65, 0, 0, 255, 85, 0, 0, 255]);
  });

  it.each(["braille", "shape"] as const)("has the glyphs of %s that the server chooses", (charset) => {
    const match = matcherOf(charset)!;
    matching.samples.forEach((samples, number) => {
      expect([...match(Uint8Array.from(samples))]).toEqual(matching[charset][number]);
    });
  });

  describe("on a screen", () => {
    let turns: (() => void)[];
    let drawn: Uint8Array[];
    let shade: number;
    const turn = () => turns.splice(0).forEach((callback) => callback());
    const screen = { begin: vi.fn(), draw: (codes: Uint8Array) => void drawn.push(codes) };

    beforeEach(() => {
      [turns, drawn, shade] = [[], [], 10];
      vi.stubGlobal("requestAnimationFrame", (callback: () => void) => turns.push(callback));
      vi.stubGlobal("cancelAnimationFrame", () => void turns.splice(0));
      const context = {
        drawImage: vi.fn(),
        getImageData: (_x: number, _y: number, width: number, height: number) => ({
          data: new Uint8ClampedArray(width * height * 4).fill(shade),
        }),
      };
      vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (this: HTMLCanvasElement) {
        return { ...context, canvas: this } as never;
      });
    });

    afterEach(() => {
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
    });

    it.each(["braille", "shape"])("is drawn with glyphs of %s, as the live picture is", (charset) => {
      const video = document.createElement("video");
      Object.defineProperty(video, "readyState", { value: 4 });
      shade = 255;
      const cells = new PictureCells(() => video, screen, { cols: 4, rows: 2, charset, title: "" });
      cells.start();
      expect(screen.begin).toHaveBeenLastCalledWith(
        expect.objectContaining({ charset, planes: ["y", "cb", "cr", "g"] }),
      );
      expect(drawn[0]).toHaveLength(8 + 2 * 2 + 8);
      // White: all dots; or the fullest letter, whichever it is.
      const glyphs = new Set(drawn[0]!.slice(-8));
      expect(glyphs.size).toBe(1);
      expect([...glyphs][0]).toBe(charset === "braille" ? 255 : matcherOf("shape")!(new Uint8Array(8).fill(255))[0]);
      cells.stop();
    });

    it("is drawn when it changes, with the size of the live picture", () => {
      const video = document.createElement("video");
      let ready = 0;
      Object.defineProperty(video, "readyState", { get: () => ready });
      let picture: Drawn | undefined;
      const cells = new PictureCells(() => picture, screen, { cols: 8, rows: 4, charset: "dense", title: "Garden" });
      cells.start();
      expect(screen.begin).toHaveBeenCalledWith(expect.objectContaining({ cols: 8, rows: 4, charset: "dense" }));
      turn();
      picture = video;
      turn();
      expect(drawn).toEqual([]);
      ready = 4;
      turn();
      turn();
      expect(drawn).toHaveLength(1);
      [video.currentTime, shade] = [3, 20];
      turn();
      expect(drawn.map(([first]) => first)).toEqual([10, 20]);
      cells.stop();
      expect(turns).toEqual([]);
    });
  });
});
