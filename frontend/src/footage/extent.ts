/**
 * What a playlist lists. One that runs on into the present is loaded anew with each part, so that Home Assistant
 * lists no more than the last quarter of an hour in it, and up to an hour in one that has an end.
 */

import type { Timeline } from "./timeline";

/** The present alone, what is in memory, or from a UNIX time in s on: up to another, or into the present. */
export type Extent = "live" | "memory" | { start: number; end?: number };

/** Seconds before the present of which an open playlist still lists all for a while. */
const OPEN = 800;
/** Seconds that an open playlist lists. */
const MOST_OPEN = 880;
/** Seconds that a closed playlist lists, and how many of them are before the moment that it is loaded for. */
const LENGTH = 1800;
const BEFORE = 300;
/** Seconds before the present at which a closed one ends, at the latest: parts come late. */
const CLOSED = 20;
/** Seconds of an open one before the moment that it is loaded for. */
const LEAD = 30;

/** The playlist that a moment is played from, in UNIX s. */
export function extentOf(time: number, timeline: Timeline): Extent {
  if (!timeline.taped || time >= timeline.memory) return "memory";
  const { present } = timeline;
  if (present - time < OPEN) return { start: Math.max(timeline.oldest, time - LEAD) };
  const start = Math.max(timeline.oldest, time - BEFORE);
  return { start, end: Math.min(start + LENGTH, present - CLOSED) };
}

/** Whether a playlist has a moment, if it is held at all. */
export function lists(extent: Extent, time: number, timeline: Timeline): boolean {
  if (extent === "live") return false;
  if (extent === "memory") return !timeline.taped || time >= timeline.memory;
  if (time < extent.start) return false;
  if (extent.end !== undefined) return time < extent.end;
  return timeline.present - time < MOST_OPEN;
}

/** The parameters of the playlist. */
export function extentQuery(extent: Extent): string {
  if (typeof extent === "string") return "";
  const end = extent.end === undefined ? "" : `&end=${extent.end.toFixed(3)}`;
  return `&start=${extent.start.toFixed(3)}${end}`;
}
