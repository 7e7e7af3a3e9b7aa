/** Times as values of HTML fields, in a time zone. */

import { timeOfWall, wallTime, type Zone } from "./zone";

/** Value of a datetime field, to the minute. */
export function minuteField(time: number, zone: Zone): string {
  return new Date(wallTime(time, zone)).toISOString().slice(0, 16);
}

/** Value of a date field. */
export function dateField(time: number, zone: Zone): string {
  return minuteField(time, zone).slice(0, 10);
}

/** The time of a field's value, the start of the day for a date; undefined if it is empty. */
export function fieldTime(value: string, zone: Zone): number | undefined {
  const wall = Date.parse(value.includes("T") ? `${value}Z` : `${value}T00:00Z`);
  return Number.isFinite(wall) ? timeOfWall(wall, zone) : undefined;
}
