/** Where a user is among the items of an album: what was looked at last, what is open, where the ribbon stands. */

import type { Album } from "./album";
import { nearestIndex } from "./store";

/** After a pause this long in scrubbing, what lies there is loaded, in ms. */
const SETTLE = 150;
/** The next page is asked for when so few items are left to step to. */
const AHEAD = 20;

export interface PlaceEvents {
  /** Something that the place tells has changed. */
  changed(): void;
  /** An item is to be brought into view. */
  reveal(index: number): void;
}

/** Keeps items by id: an index would slip with each new item. */
export class Place {
  /** Where the ribbon's handle is, in UNIX ms. */
  scrubbed: number | undefined;
  private marked: string | undefined;
  private opened: string | undefined;
  private settle: number | undefined;

  constructor(
    private readonly album: () => Album,
    private readonly events: PlaceEvents,
  ) {}

  /** Index of the item that the user was at last. */
  get current(): number {
    return this.marked === undefined ? 0 : Math.max(0, this.indexOf(this.marked));
  }

  /** Index of the item that is open, -1 for none. */
  get open(): number {
    return this.opened === undefined ? -1 : this.indexOf(this.opened);
  }

  /** Other items are shown: what was pointed at is no more. */
  reset(): void {
    this.marked = this.scrubbed = undefined;
    this.events.changed();
  }

  enter(index: number): void {
    this.marked = this.opened = this.album().items[index]?.id;
    this.events.changed();
  }

  close(): void {
    this.opened = undefined;
    this.events.changed();
  }

  /** Goes from the open item to a newer or an older one, if there is one. */
  step(by: number): void {
    const { items } = this.album();
    const from = this.open;
    // Newest first: newer lies before.
    const to = from - by;
    if (from < 0 || !items[to]) return;
    this.enter(to);
    if (to > items.length - AHEAD) this.album().more();
  }

  /** Goes on from what is about to be taken out to its neighbour. */
  leave(id: string): void {
    if (this.opened !== id) return;
    const index = this.indexOf(id);
    this.enter(this.album().items[index + 1] ? index + 1 : index - 1);
  }

  /** Follows the ribbon's handle; `done` says that it was let go of. */
  scrub(time: number, index: number, done: boolean): void {
    this.scrubbed = time;
    this.mark(index);
    this.rest();
    this.settle = window.setTimeout(() => void this.refine(time), done ? 0 : SETTLE);
  }

  /** Loads nothing any more for where the handle was. */
  rest(): void {
    window.clearTimeout(this.settle);
  }

  /** Loads what lies at a time, and marks what is nearest if the handle is still there. */
  private async refine(time: number): Promise<void> {
    await this.album().around(time);
    if (this.scrubbed === time) this.mark(nearestIndex(this.album().items, time));
  }

  private mark(index: number): void {
    this.marked = this.album().items[index]?.id;
    if (index >= 0) this.events.reveal(index);
    this.events.changed();
  }

  private indexOf(id: string): number {
    return this.album().items.findIndex((item) => item.id === id);
  }
}
