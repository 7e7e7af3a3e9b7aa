// @vitest-environment node
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Hass } from "../../src/ha/types";
import { dateField, fieldTime, minuteField } from "../../src/localize/fields";
import { formatDay, formatTime } from "../../src/localize/format";
import { dayOf, timeOfWall, wallTime, zoneOf } from "../../src/localize/zone";

const HOUR = 3_600_000;
const utc = (text: string): number => Date.parse(`${text}Z`);
const profile = (locale: object, zone = "America/New_York") =>
  ({ language: "en", locale: { language: "en", ...locale }, config: { time_zone: zone } }) as Hass;

describe("time zones", () => {
  it("are the server's or the browser's, as the profile says", () => {
    expect(zoneOf(profile({ time_zone: "server" }))).toBe("America/New_York");
    expect(zoneOf(profile({ time_zone: "local" }))).toBeUndefined();
    expect(zoneOf(profile({ time_zone: "server" }, "Moon/Base"))).toBeUndefined();
    expect(zoneOf(undefined)).toBeUndefined();
  });

  it.each([
    // Zone, a time of the day, its start, its hours.
    ["Asia/Kolkata", "2026-11-30T12:00", "2026-11-29T18:30", 24],
    ["Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", 23],
    ["Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", 25],
    // The clock goes from 24:00 to 1:00: the day has no midnight.
    ["America/Santiago", "2026-09-06T12:00", "2026-09-06T04:00", 23],
    ["Pacific/Kiritimati", "2026-01-01T11:00", "2026-01-01T10:00", 24],
  ])("have days: %s", (zone, time, start, hours) => {
    const day = dayOf(utc(time), zone);
    expect(new Date(day.start).toISOString()).toBe(new Date(utc(start)).toISOString());
    expect(day.end - day.start).toBe(hours * HOUR);
    expect(dayOf(day.start, zone)).toEqual(day);
    expect(dayOf(day.end - 1, zone)).toEqual(day);
    expect(dayOf(day.end, zone, -1)).toEqual(day);
    expect(dayOf(day.start, zone, 1).start).toBe(day.end);
  });

  it("show a time twice in autumn, of which the first is meant, and skip one in spring", () => {
    const zone = "Europe/Berlin";
    expect(timeOfWall(utc("2026-10-25T02:30"), zone)).toBe(utc("2026-10-25T00:30"));
    expect(timeOfWall(utc("2026-03-29T02:30"), zone)).toBe(utc("2026-03-29T01:30"));
    expect(wallTime(utc("2026-03-29T01:30") + 7, zone)).toBe(utc("2026-03-29T03:30") + 7);
    expect(wallTime(utc("1969-07-20T20:17") - 1, "UTC")).toBe(utc("1969-07-20T20:17") - 1);
  });

  it("apply to the fields of forms", () => {
    const time = utc("2026-11-30T02:05");
    expect(minuteField(time, "America/New_York")).toBe("2026-11-29T21:05");
    expect(fieldTime("2026-11-29T21:05", "America/New_York")).toBe(time);
    expect(dateField(time, "America/New_York")).toBe("2026-11-29");
    expect(fieldTime("2026-11-29", "America/New_York")).toBe(utc("2026-11-29T05:00"));
    expect(fieldTime("", "America/New_York")).toBeUndefined();
  });
});

describe("days and times", () => {
  it("are of the profile's zone", () => {
    const time = utc("2026-11-30T02:05:06");
    const hass = profile({ time_zone: "server", time_format: "24" });
    expect(formatTime(hass, time)).toBe("21:05:06");
    expect(formatDay(hass, time)).toContain("29");
    expect(formatDay(profile({ time_zone: "server" }, "Asia/Tokyo"), time)).toContain("30");
  });

  it.each([
    ["language", "Sat, Mar 4, 2017"],
    ["MDY", "Sat, Mar 4, 2017"],
    ["DMY", "Sat, 4 Mar 2017"],
    ["YMD", "Sat, 2017 Mar 4"],
  ])("have the profile's order: %s", (date_format, text) => {
    expect(formatDay(profile({ date_format }), new Date(2017, 2, 4, 12).getTime())).toBe(text);
  });

  it("have the year only if it is another one", () => {
    vi.useFakeTimers({ now: new Date(2026, 6, 1, 12), toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    expect(formatDay(profile({}), new Date(2026, 0, 4, 12).getTime())).toBe("Sun, Jan 4");
    expect(formatDay(profile({}), new Date(2025, 0, 4, 12).getTime())).toBe("Sat, Jan 4, 2025");
  });

  it("have the hours of the system where the profile says so", () => {
    const time = new Date(2026, 0, 1, 15, 4).getTime();
    const system = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12;
    const text = formatTime(profile({ time_format: "system", language: "de" }), time, false);
    expect(text.startsWith(system ? "3:04" : "15:04")).toBe(true);
  });
});
