import { describe, expect, it } from "vitest";
import { ticks } from "../../src/footage/ticks";

const at = (iso: string): number => Date.parse(iso) / 1000;
const clocks = (start: string, end: string, zone: string, most: number): string[] =>
  ticks(at(start), at(end), zone, most).map(({ time, unit }) => `${new Date(time * 1000).toISOString().slice(0, 19)} ${unit}`);

describe("the clock of the bar", () => {
  it("has round moments of the zone", () => {
    expect(clocks("2026-07-01T10:03:00Z", "2026-07-01T11:03:00Z", "Asia/Kolkata", 5)).toEqual([
      "2026-07-01T10:15:00 minute", "2026-07-01T10:30:00 minute", "2026-07-01T10:45:00 minute", "2026-07-01T11:00:00 minute",
    ]);
    expect(clocks("2026-07-01T10:03:05Z", "2026-07-01T10:04:05Z", "Etc/UTC", 3)).toEqual([
      "2026-07-01T10:03:30 second", "2026-07-01T10:04:00 minute",
    ].map((one) => one.replace("minute", "second")));
  });

  it("tells days from midnight", () => {
    expect(clocks("2026-07-01T15:00:00Z", "2026-07-02T15:00:00Z", "Europe/Berlin", 4)).toEqual([
      "2026-07-01T16:00:00 minute", "2026-07-01T22:00:00 day", "2026-07-02T04:00:00 minute", "2026-07-02T10:00:00 minute",
    ]);
    const days = clocks("2026-07-01T15:00:00Z", "2026-07-08T15:00:00Z", "Europe/Berlin", 7);
    expect(days).toHaveLength(7);
    expect(days.every((one) => one.endsWith("T22:00:00 day"))).toBe(true);
  });

  it("passes an hour that clocks show twice once", () => {
    const found = ticks(at("2026-10-24T22:00:00Z"), at("2026-10-25T04:00:00Z"), "Europe/Berlin", 6);
    const times = found.map(({ time }) => time);
    expect(times).toEqual([...new Set(times)].sort());
    expect(found.length).toBeLessThanOrEqual(7);
  });

  it("has few labels for years", () => {
    expect(clocks("2016-07-01T15:00:00Z", "2026-07-01T15:00:00Z", "Etc/UTC", 4).length).toBeLessThan(12);
  });
});
