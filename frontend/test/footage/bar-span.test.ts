import { describe, expect, it } from "vitest";
import { ALL, BarSpan } from "../../src/footage/bar-span";

const NOW = 1_800_000_000;
const HOUR = 3600;

describe("the span of the bar", () => {
  it.each([
    [60, 0, [60]],
    [60, 70, [60]],
    [60, 300, [60, ALL]],
    [60, 2 * HOUR, [60, 900, HOUR, ALL]],
    [10, 2 * HOUR, [10, 60, 900, HOUR, ALL]],
    [900, 2 * HOUR, [900, HOUR, ALL]],
    [undefined, 2 * HOUR, [60, 900, HOUR, ALL]],
    [60, 200 * HOUR, [60, 900, HOUR, 6 * HOUR, 24 * HOUR, 168 * HOUR, ALL]],
  ])("with %s s in memory and a tape of %f s is one of %j", (memory, reach, choices) => {
    const bar = new BarSpan();
    bar.offer(memory, reach);
    expect(bar.choices).toEqual(choices);
  });

  it("is that of memory at first, and without memory the next", () => {
    const bar = new BarSpan();
    bar.offer(60, 2 * HOUR);
    expect([bar.full, bar.wide]).toEqual([60, false]);
    bar.offer(undefined, 2 * HOUR);
    expect([bar.full, bar.wide]).toEqual([900, true]);
    bar.offer(undefined, 200);
    expect([bar.full, bar.wide]).toEqual([200, true]);
  });

  it("lies around a moment that is older, and follows it", () => {
    const bar = new BarSpan();
    bar.offer(60, 2 * HOUR);
    bar.choose(900, NOW - 2000, NOW);
    expect(bar.right(NOW)).toBe(1550);
    expect(bar.oldest(NOW)).toBe(NOW - 2450);
    // What lies there stays, while time goes on.
    expect(bar.right(NOW + 10)).toBe(1560);
    expect(bar.follow(NOW - 1600, NOW + 10)).toBe(false);
    expect(bar.follow(NOW - 1540, NOW + 10)).toBe(true);
    expect(bar.right(NOW)).toBe(1090);
    // Close to the present it ends there.
    expect(bar.follow(NOW - 300, NOW)).toBe(true);
    expect(bar.right(NOW)).toBe(0);
    bar.choose(900, NOW - 2000, NOW);
    expect(bar.follow(undefined, NOW)).toBe(true);
    expect(bar.right(NOW)).toBe(0);
  });

  it("is short for a part", () => {
    const bar = new BarSpan();
    bar.offer(60, 2 * HOUR);
    bar.choose(ALL, undefined, NOW);
    expect(bar.full).toBe(2 * HOUR);
    bar.closeUp(NOW - 2000, NOW);
    expect([bar.full, bar.right(NOW)]).toEqual([60, 1970]);
    expect([bar.next(-1), bar.next(1)]).toEqual([undefined, 900]);
    // Nor is a part longer than it.
    bar.offer(10, 2 * HOUR);
    bar.choose(10, NOW - 2000, NOW);
    bar.closeUp(NOW - 2000, NOW);
    expect(bar.full).toBe(60);
  });

  it("stays as long as memory without a tape", () => {
    const bar = new BarSpan();
    bar.offer(60, 0);
    expect(bar.follow(NOW - 300, NOW)).toBe(false);
    expect([bar.right(NOW), bar.oldest(NOW)]).toEqual([0, -Infinity]);
  });
});
