/** The user's place among the items of an album: the last item, the open item, the timeline's handle. */

import type { Album } from "./album";
import { nearestIndex } from "./store";

/** Items load after a pause in scrubbing of this length, in ms. */
const SETTLE = 150;
/** The next page is requested when this few items are left. */
const AHEAD = 20;

export interface PlaceEvents {
  /** The place has changed. */
  changed(): void;
  /** An item should be scrolled into view. */
  reveal(index: number): void;
}

/** Keeps items by id: indices shift with each new item. */
export class Place {
  /** Position of the timeline's handle, in UNIX ms. */
  scrubbed: number | undefined;
  private marked: string | undefined;
  private opened: string | undefined;
  private settle: number | undefined;

  constructor(
    private readonly album: () => Album,
    private readonly events: PlaceEvents,
  ) {}

  /** Index of the user's last item. */
  get current(): number {
    return this.marked === undefined ? 0 : Math.max(0, this.indexOf(this.marked));
  }

  /** Index of the open item, -1 for none. */
  get open(): number {
    return this.opened === undefined ? -1 : this.indexOf(this.opened);
  }

  /** Other items are shown: drop the selection. */
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

  /** Steps from the open item to a newer or older one, if there is one. */
  step(by: number): void {
    const { items } = this.album();
    const from = this.open;
    // Newest first: newer comes before.
    const to = from - by;
    if (from < 0 || !items[to]) return;
    this.enter(to);
    if (to > items.length - AHEAD) this.album().more();
  }

  /** Moves from an item that is about to be removed to its neighbour. */
  leave(id: string): void {
    if (this.opened !== id) return;
    const index = this.indexOf(id);
    this.enter(this.album().items[index + 1] ? index + 1 : index - 1);
  }

  /** Follows the timeline's handle; `done` means that it was released. */
  scrub(time: number, index: number, done: boolean): void {
    this.scrubbed = time;
    this.mark(index);
    this.rest();
    this.settle = window.setTimeout(() => void this.refine(time), done ? 0 : SETTLE);
  }

  /** Cancels loading at the handle's position. */
  rest(): void {
    window.clearTimeout(this.settle);
  }

  /** Loads items at a time, and marks the nearest if the handle is still there. */
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
