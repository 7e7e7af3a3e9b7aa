// @vitest-environment node
import { beforeEach, describe, expect, it } from "vitest";
import { PanZoom } from "../../src/history/zoom";

const at = (x: number, y = 0) => ({ x, y });
let view: PanZoom;

beforeEach(() => {
  view = new PanZoom();
});

describe("one finger", () => {
  it.each([
    [at(-90, 10), "left"],
    [at(90, -10), "right"],
    [at(5, 150), "down"],
    [at(40, 0), undefined],
    [at(-90, 80), undefined],
    [at(0, -200), undefined],
  ])("lifted at %o swipes %s", (to, outcome) => {
    view.down(1, at(0));
    expect(view.move(1, to)).toBe(false);
    expect(view.up(1, to, 0)).toBe(outcome);
  });

  it("drags a zoomed image instead of swiping", () => {
    view.scaleBy(2, at(0));
    view.down(1, at(0));
    expect(view.move(1, at(-90))).toBe(true);
    expect(view.up(1, at(-90), 0)).toBeUndefined();
    expect(view.transform).toEqual({ scale: 2, x: -90, y: 0 });
  });

  it("zooms in and out by double tap", () => {
    const tap = (time: number) => {
      view.down(1, at(20, 10));
      view.up(1, at(20, 10), time);
    };
    tap(0);
    tap(200);
    expect(view.transform.scale).toBe(2.5);
    tap(5000);
    expect(view.zoomed).toBe(true);
    tap(5100);
    expect(view.transform).toEqual({ scale: 1, x: 0, y: 0 });
  });
});

describe("two fingers", () => {
  it("pinch around their midpoint", () => {
    view.down(1, at(-50));
    view.down(2, at(50));
    expect(view.move(2, at(150))).toBe(true);
    expect(view.transform.scale).toBeCloseTo(2);
    expect(view.up(2, at(150), 0)).toBeUndefined();
    expect(view.up(1, at(-50), 0)).toBeUndefined();
  });

  it("stay within the minimum and maximum scale", () => {
    view.scaleBy(1e9, at(30));
    expect(view.transform.scale).toBe(8);
    view.scaleBy(1e-9, at(30));
    expect(view.transform).toEqual({ scale: 1, x: 0, y: 0 });
  });

  it("keep the point between them in place", () => {
    view.scaleBy(3, at(40, 20));
    const { scale, x, y } = view.transform;
    // The point before lies there now.
    expect([40 * scale + x, 20 * scale + y].map(Math.round)).toEqual([40, 20].map((v) => v));
  });
});

it("forgets released fingers", () => {
  view.down(1, at(0));
  view.cancel(1);
  expect(view.move(1, at(10))).toBe(false);
  expect(view.up(1, at(200), 0)).toBeUndefined();
  view.reset();
  expect(view.zoomed).toBe(false);
});

it("zooms and pans by keys, and leaves arrow keys to others otherwise", () => {
  const zoom = new PanZoom();
  expect(zoom.press("ArrowLeft")).toBe(false);
  expect(zoom.press("+")).toBe(true);
  expect(zoom.transform).toEqual({ scale: 1.5, x: 0, y: 0 });
  expect(["ArrowRight", "ArrowUp"].map((key) => zoom.press(key))).toEqual([true, true]);
  expect(zoom.transform).toEqual({ scale: 1.5, x: -80, y: 80 });
  expect([zoom.press("-"), zoom.press("x")]).toEqual([true, false]);
  expect(zoom.transform).toEqual({ scale: 1, x: 0, y: 0 });
  zoom.press("=");
  zoom.press("0");
  expect(zoom.zoomed).toBe(false);
});
