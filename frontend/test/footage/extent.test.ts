import { describe, expect, it } from "vitest";
import { extentOf, extentQuery, lists } from "../../src/footage/extent";
import { Timeline } from "../../src/footage/timeline";

const NOW = 1_800_000_000;

/** A camera with a tape of two hours before the minute in memory; it was seen last `away` s ago. */
function timeline(away = 0): Timeline {
  const end = NOW - away;
  const made = new Timeline(() => 0);
  made.update([{ start: end - 7260, end: end - 60, taped: true }, { start: end - 60, end }], NOW);
  return made;
}

describe("a playlist", () => {
  it.each([
    ["memory", 30, ""],
    ["memory", 60, ""],
    ["an open one", 61, "&start=1799999909.000"],
    ["an open one", 799, "&start=1799999171.000"],
    ["one that ends before the present", 801, "&start=1799998899.000&end=1799999980.000"],
    ["half an hour", 5000, "&start=1799994700.000&end=1799996500.000"],
    ["what is held of it", 7250, "&start=1799992740.000&end=1799994540.000"],
  ])("is of %s %f s ago", (_, ago, query) => {
    const extent = extentOf(NOW - ago, timeline());
    expect(extentQuery(extent)).toBe(query);
    expect(lists(extent, NOW - ago, timeline())).toBe(true);
  });

  it("has an end where the camera has gone", () => {
    const extent = extentOf(NOW - 3650, timeline(3600));
    expect(extent).toBe("memory");
    expect(extentOf(NOW - 3700, timeline(3600))).toEqual({ start: NOW - 4000, end: NOW - 2200 });
  });

  it("is left at its end, when the present is far, and when memory has dropped it", () => {
    const line = timeline();
    expect(lists({ start: NOW - 5000, end: NOW - 4000 }, NOW - 4000, line)).toBe(false);
    expect(lists({ start: NOW - 5000, end: NOW - 4000 }, NOW - 5001, line)).toBe(false);
    expect(lists({ start: NOW - 1000 }, NOW - 870, line)).toBe(true);
    expect(lists({ start: NOW - 1000 }, NOW - 890, line)).toBe(false);
    expect(lists("memory", NOW - 61, line)).toBe(false);
    expect(lists("live", NOW, line)).toBe(false);
  });

  it("is of memory alone for a camera without a tape, however early a time is told", () => {
    const line = new Timeline(() => 0);
    line.update([{ start: NOW - 60, end: NOW }]);
    expect(extentOf(NOW - 60.01, line)).toBe("memory");
    expect(lists("memory", NOW - 60.01, line)).toBe(true);
  });
});

describe("the time line of memory and tape", () => {
  it("goes on from one to the other as one", () => {
    const line = timeline();
    expect(line.spans).toEqual([{ start: NOW - 7260, end: NOW }]);
    expect([line.taped, line.memory]).toEqual([true, NOW - 60]);
    line.update([{ start: NOW - 90, end: NOW - 70, taped: true }, { start: NOW - 60, end: NOW }]);
    expect(line.spans).toHaveLength(2);
  });

  it("knows the present of a camera that has gone", () => {
    let ms = 0;
    const line = new Timeline(() => ms);
    line.update([{ start: NOW - 90, end: NOW - 60 }], NOW);
    ms = 5000;
    expect(line.present).toBe(NOW + 5);
    expect(line.edge).toBe(NOW - 57.5);
    line.update([{ start: NOW - 90, end: NOW - 60 }]);
    expect(line.present).toBe(line.edge);
  });
});
