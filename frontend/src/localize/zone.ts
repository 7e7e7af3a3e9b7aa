/** Wall clocks of time zones. Times are UNIX ms; a wall time is the ms at which a clock in UTC shows the same. */

import type { Hass } from "../ha/types";

/** An IANA name; undefined for the browser's zone. */
export type Zone = string | undefined;

const DAY = 86_400_000;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** The zone that the user's profile asks for: the server's, or the browser's. */
export function zoneOf(hass: Pick<Hass, "locale" | "config"> | undefined): Zone {
  if (hass?.locale?.time_zone !== "server") return undefined;
  const zone = hass.config?.time_zone;
  return zone !== undefined && isKnown(zone) ? zone : undefined;
}

/** What a clock of the zone shows at a time. */
export function wallTime(time: number, zone: Zone): number {
  if (zone === undefined) return time - new Date(time).getTimezoneOffset() * 60_000;
  const parts: Record<string, number> = {};
  for (const { type, value } of clockOf(zone).formatToParts(time)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts as Record<string, number>;
  const whole = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
  return whole + (((time % 1000) + 1000) % 1000);
}

/** The first time at which a clock of the zone shows `wall`; after a gap, the time that is as much later. */
export function timeOfWall(wall: number, zone: Zone): number {
  const offsets = [wall - DAY, wall + DAY].map((near) => wallTime(near, zone) - near);
  const times = offsets.map((offset) => wall - offset);
  return times.filter((time) => wallTime(time, zone) === wall).sort((a, b) => a - b)[0] ?? times[0]!;
}

/** Start of the day of a time and of the next; with `days`, of a later or earlier day. */
export function dayOf(time: number, zone: Zone, days = 0): { start: number; end: number } {
  const midnight = (Math.floor(wallTime(time, zone) / DAY) + days) * DAY;
  // Not always 24 hours: two days of the year are longer or shorter.
  return { start: timeOfWall(midnight, zone), end: timeOfWall(midnight + DAY, zone) };
}

function clockOf(zone: string): Intl.DateTimeFormat {
  const made =
    clocks.get(zone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  clocks.set(zone, made);
  return made;
}

/** An old browser may not know a zone. */
function isKnown(zone: string): boolean {
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}
