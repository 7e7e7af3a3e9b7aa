// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import type { Kind, MediaItem, Range } from "../../src/ha/media";
import { Day } from "../../src/history/day";
import { dayOf as dayIn } from "../../src/localize/zone";
import { gridFor, heightOf, stepIndex, visibleItems } from "../../src/history/rows";
import { MediaStore, nearestIndex } from "../../src/history/store";
import { Timeline } from "../../src/history/timeline";

const item = (time: number, kind: Kind = "snapshots"): MediaItem => ({
  id: `${kind}/${time}`, kind, name: "", time, end: time, size: 1, url: "", thumb: "",
});

describe("store", () => {
  it("keeps items newest first, without duplicates", () => {
    const store = new MediaStore();
    expect(store.add([item(2), item(1)])).toBe(true);
    const before = store.items;
    expect(store.add([item(2)])).toBe(false);
    expect(store.items).toBe(before);
    store.add([item(3), item(0)]);
    expect(store.items.map(({ time }) => time)).toEqual([3, 2, 1, 0]);
    expect(store.remove("snapshots/2")).toBe(true);
    expect(store.remove("snapshots/2")).toBe(false);
    expect(store.items).toHaveLength(3);
    store.clear();
    expect(store.add([item(2)])).toBe(true);
  });

  it("finds the nearest, even among a hundred thousand", () => {
    const items = Array.from({ length: 100_000 }, (_, i) => item((100_000 - i) * 10));
    expect(items[nearestIndex(items, 500_004)]!.time).toBe(500_000);
    expect(items[nearestIndex(items, 500_006)]!.time).toBe(500_010);
    expect(nearestIndex(items, 1e9)).toBe(0);
    expect(nearestIndex(items, -1)).toBe(99_999);
    expect(nearestIndex([], 5)).toBe(-1);
  });
});

describe("day", () => {
  /** A server with a snapshot for each second of a day. */
  function server(count: number) {
    const asked: Range[] = [];
    const list = vi.fn(async (kind: Kind, range: Range) => {
      asked.push(range);
      const all = kind === "snapshots" ? Array.from({ length: count }, (_, i) => item(i * 1000)) : [];
      const found = all.filter(({ time }) => time >= range.after && time < range.before).reverse();
      return { items: found.slice(0, range.limit), total: found.length };
    });
    return { list, asked };
  }

  it("is loaded page by page to its end", async () => {
    const { list, asked } = server(500);
    const changed = vi.fn();
    const day = new Day(0, 86_400_000, ["snapshots", "recordings"], list, changed);
    expect(day.loadedFrom).toBe(0);
    await Promise.all([day.more(), day.more()]);
    expect(asked).toHaveLength(2);
    expect(day.store.items).toHaveLength(200);
    expect([day.total, day.complete, day.busy]).toEqual([500, false, false]);
    expect(day.loadedFrom).toBe(300_000);
    await day.more();
    await day.more();
    expect(day.store.items.map(({ time }) => time)).toEqual(
      Array.from({ length: 500 }, (_, i) => (499 - i) * 1000),
    );
    expect([day.complete, day.loadedFrom]).toEqual([true, 0]);
    expect(changed).toHaveBeenCalled();
  });

  it("loads a time before paging reaches it", async () => {
    const { list } = server(5000);
    const day = new Day(0, 86_400_000, ["snapshots"], list, () => undefined);
    await day.more();
    await day.around(1_000_000);
    const { items } = day.store;
    expect(items[nearestIndex(items, 1_000_000)]!.time).toBe(1_000_000);
    await day.more();
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    const calls = list.mock.calls.length;
    await day.around(4_900_000);
    expect(list.mock.calls).toHaveLength(calls);
  });

  it("loads on reload all that was loaded, and the items around visited times", async () => {
    const { list } = server(5000);
    const make = () => new Day(0, 86_400_000, ["snapshots", "recordings"], list, () => undefined);
    const before = make();
    for (let pages = 0; pages < 3; pages++) await before.more();
    await before.around(1_000_000);
    const day = make();
    await day.follow(before);
    expect(day.store.items.map(({ id }) => id)).toEqual(before.store.items.map(({ id }) => id));
    expect(day.store.items).toHaveLength(625);
    const closed = make();
    list.mockClear();
    const following = closed.follow(before);
    closed.close();
    await following;
    expect(list).toHaveBeenCalledTimes(2);
  });

  it("adds and removes items within its limits and kinds", () => {
    const changed = vi.fn();
    const day = new Day(0, 1000, ["snapshots"], server(0).list, changed);
    day.happened({ saved: item(5) });
    day.happened({ saved: item(5000) });
    day.happened({ saved: item(6, "recordings") });
    expect(day.store.items.map(({ id }) => id)).toEqual(["snapshots/5"]);
    day.happened({ deleted: "snapshots/5" });
    day.happened({ deleted: "snapshots/5" });
    expect(day.store.items).toEqual([]);
    expect(changed).toHaveBeenCalledTimes(2);
    day.close();
    day.happened({ saved: item(7) });
    expect(day.store.items).toEqual([]);
  });

  it("reports a failing server, and can be retried", async () => {
    const list = vi.fn().mockRejectedValueOnce(new Error("gone")).mockResolvedValue({ items: [], total: 0 });
    const day = new Day(0, 1000, ["snapshots"], list, () => undefined);
    await expect(day.more()).rejects.toThrow("gone");
    await day.more();
    expect(day.complete).toBe(true);
  });

  it("spans midnight to midnight", () => {
    const noon = new Date(2026, 6, 1, 12).getTime();
    const { start, end } = dayIn(noon, undefined);
    expect(new Date(start)).toEqual(new Date(2026, 6, 1));
    expect(new Date(end)).toEqual(new Date(2026, 6, 2));
  });
});

describe("timeline", () => {
  const hour = 3_600_000;

  it("maps times to pixels and back", () => {
    const line = new Timeline(0, 24 * hour);
    expect(line.x(6 * hour, 400)).toBe(100);
    expect(line.time(100, 400)).toBe(6 * hour);
    expect(line.time(-50, 400)).toBe(0);
    expect(line.time(10, 0)).toBe(0);
  });

  it("zooms around the time under the finger, within the day", () => {
    const line = new Timeline(0, 24 * hour);
    line.zoom(4, 6 * hour);
    expect(line.span).toBe(6 * hour);
    expect(line.x(6 * hour, 400)).toBe(100);
    line.pan(-100 * hour);
    expect(line.start).toBe(0);
    line.pan(100 * hour);
    expect(line.end).toBe(24 * hour);
    line.zoom(1e-6, 0);
    expect([line.start, line.end]).toEqual([0, 24 * hour]);
    line.zoom(1e9, hour);
    expect(line.span).toBe(5 * 60_000);
  });

  it("pans to a time out of view", () => {
    const line = new Timeline(0, 24 * hour);
    line.zoom(24, 0);
    line.reveal(12 * hour);
    expect(line.start).toBeLessThan(12 * hour);
    expect(line.end).toBeGreaterThan(12 * hour);
    line.reveal(2 * hour);
    expect(line.start).toBeLessThanOrEqual(2 * hour);
    const { start } = line;
    line.reveal(start + 1);
    expect(line.start).toBe(start);
  });

  it("marks round times without crowding", () => {
    const line = new Timeline(0, 24 * hour);
    const ticks = line.ticks(480);
    expect(ticks).toEqual(Array.from({ length: 9 }, (_, i) => i * 3 * hour));
    line.zoom(24, 12 * hour);
    expect(line.ticks(480).every((time) => time % 600_000 === 0)).toBe(true);
    expect(new Timeline(0, 24 * hour).ticks(20)).toEqual([0, 6 * hour, 12 * hour, 18 * hour, 24 * hour]);
  });
});

describe("rows", () => {
  const grid = gridFor(520, 140, 4);

  it("fill the width", () => {
    expect(grid.columns).toBe(3);
    expect(grid.cellWidth * 3 + 8).toBeCloseTo(520);
    expect(gridFor(50, 140, 4).columns).toBe(1);
  });

  it("render a few dozen of a hundred thousand", () => {
    const { first, last } = visibleItems(grid, 100_000, 1_000_000, 600);
    expect(last - first).toBeLessThan(60);
    expect(first % grid.columns).toBe(0);
    expect(first / grid.columns * grid.rowHeight).toBeLessThan(1_000_000);
    expect(last / grid.columns * grid.rowHeight).toBeGreaterThan(1_000_600);
    expect(visibleItems(grid, 4, 0, 600)).toEqual({ first: 0, last: 4 });
    expect(heightOf(grid, 4)).toBe(2 * grid.rowHeight);
  });

  it.each([
    ["ArrowRight", 4, 5], ["ArrowLeft", 0, 0], ["ArrowDown", 4, 7], ["ArrowUp", 1, 1], ["Home", 8, 0],
    ["End", 1, 9], ["ArrowDown", 9, 9], ["Enter", 1, undefined],
  ])("are walked by %s from %i to %s", (key, from, to) => {
    expect(stepIndex(grid, 10, from, key)).toBe(to);
  });
});
