/** Moments on a bar of the past that are labelled: round ones of the clock. */

import { timeOfWall, wallTime, type Zone } from "../localize/zone";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;
/** Distances between two, in s. */
const STEPS = [
  MINUTE / 6, MINUTE / 2, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 365 * DAY,
];

export interface Tick {
  /** UNIX s. */
  time: number;
  /** What tells it from the others. */
  unit: "second" | "minute" | "day";
}

/** The moments between two, in UNIX s, oldest first; `most` of them. */
export function ticks(start: number, end: number, zone: Zone, most: number): Tick[] {
  const step = STEPS.find((one) => (end - start) / one <= most) ?? STEPS[STEPS.length - 1]!;
  const wall = (time: number): number => wallTime(time * 1000, zone) / 1000;
  const found: Tick[] = [];
  const last = wall(end);
  for (let at = Math.ceil(wall(start) / step) * step; at <= last; at += step) {
    const time = timeOfWall(at * 1000, zone) / 1000;
    // An hour that clocks show twice has been passed already.
    if (time < start || time > end || time <= (found[found.length - 1]?.time ?? -Infinity)) continue;
    const unit = at % DAY === 0 ? "day" : step < MINUTE ? "second" : "minute";
    found.push({ time, unit });
  }
  return found;
}
