/** A part of the past that is marked, to be saved. */

import type { Timeline } from "./timeline";
import type { Part } from "./view";

/** Shortest part, and half of a new one, in s. */
export const SHORTEST = 1;
const HALF_PART = 5;

/** What shows the past that is marked. */
export interface Deck {
  readonly timeline: Timeline;
  /** Whether a part can be saved. */
  readonly savable: boolean;
  /** UNIX s of the frame shown; undefined in the present. */
  readonly shown: number | undefined;
  /** The present, which stands still from now on. */
  freeze(): number;
  /** A part was marked around the moment shown. */
  marked(): void;
  /** Pauses at a moment, in UNIX s. */
  pauseAt(time: number): void;
  changed(): void;
}

export class Marks {
  part: Part | undefined;

  constructor(private readonly deck: Deck) {}

  /** Marks a part around the moment shown, or removes the mark. */
  toggle(): void {
    const { shown, savable } = this.deck;
    if (this.part || shown === undefined || !savable) this.part = undefined;
    else {
      this.part = this.bounded(shown - HALF_PART, shown + HALF_PART);
      this.deck.marked();
    }
    this.deck.changed();
  }

  /** Begins or ends the part with the frame shown. */
  here(end: "start" | "end"): void {
    const { shown } = this.deck;
    if (shown === undefined) return;
    if (!this.part) this.toggle();
    this.move(end, shown);
  }

  /** Moves an end with a pointer, to some seconds before the present as it was when the pointer came down. */
  drag(end: "start" | "end", ago: number): void {
    if (this.part) this.move(end, this.deck.freeze() - ago);
  }

  /** Moves an end to a time, as near as it can, and shows the frame there. */
  move(end: "start" | "end", time: number): void {
    if (!this.part) return;
    const { start, end: last } = this.part;
    this.part =
      end === "start"
        ? this.bounded(Math.min(time, last - SHORTEST), last)
        : this.bounded(start, Math.max(time, start + SHORTEST));
    this.deck.pauseAt(this.part[end]);
  }

  private bounded(start: number, end: number): Part {
    const { oldest, edge } = this.deck.timeline;
    const first = Math.max(oldest, Math.min(start, edge - SHORTEST));
    return { start: first, end: Math.min(edge, Math.max(end, first + SHORTEST)) };
  }
}
