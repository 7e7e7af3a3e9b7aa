/** What the controls of a camera's past show. */

import type { Timeline } from "./timeline";

export type Mode = "live" | "scrubbing" | "paused" | "playing";

/** A part of the past, in UNIX s. */
export interface Part {
  start: number;
  end: number;
}

/** Moments are seconds before the present. */
export interface View {
  mode: Mode;
  ago: number;
  /** UNIX s of the moment shown; undefined in the present, or while it is not known yet. */
  time: number | undefined;
  rate: number;
  /** Speeds to choose from. */
  rates: readonly number[];
  held: readonly { from: number; to: number }[];
  part: { from: number; to: number } | undefined;
  /** Whether a part can be marked, to be saved. */
  markable: boolean;
}

/** Closer to the present than this, in s, is the present. */
export const LIVE_WITHIN = 1.5;

/** The spans that are held, as seconds before the present; `ready` of them are, as far as nothing is known. */
export function heldIn(timeline: Timeline, edge: number, ready: number): View["held"] {
  if (!timeline.known) return [{ from: ready, to: 0 }];
  const ago = (time: number): number => Math.max(0, edge - time);
  const held = timeline.spans.map(({ start, end }) => ({ from: ago(start), to: ago(end) }));
  // The newest part is always under way.
  const last = held.at(-1)!;
  if (last.to < LIVE_WITHIN * 2) last.to = 0;
  return held;
}
