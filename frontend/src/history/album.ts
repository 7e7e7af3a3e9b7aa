/** What a camera has kept, one day at a time: opened, growing, asked for again, cleared of what is deleted. */

import type { Kind, MediaEvent, MediaItem, MediaWatcher } from "../ha/media";
import { Day, dayOf, type Lister } from "./day";

/** Milliseconds after which all is asked for again: the server signs its addresses for 24 hours. */
export const RENEW = 12 * 3600_000;

/** Where an album gets its items from. */
export interface AlbumSource {
  list: Lister;
  /** Tells `watcher` what happens until the function returned is called. */
  watch(watcher: MediaWatcher): () => void;
}

export interface AlbumEvents {
  /** Something that the album tells has changed. */
  changed(): void;
  /** An item is about to be taken out: it was deleted, here or elsewhere. */
  removing(id: string): void;
}

/** Listens between `start` and `stop`. */
export class Album {
  /** What was thrown in place of a list; undefined where there is one. */
  failure: unknown;
  /** How far a timelapse is, from 0 to 1. */
  share: number | undefined;
  private day: Day | undefined;
  /** The same day, asked for again, until it takes the place of `day`. */
  private coming: Day | undefined;
  /** Whether the day is the present one, and the next is to be shown when it begins. */
  private following = true;
  private source: AlbumSource | undefined;
  private unwatch: (() => void) | undefined;
  private renewing: ReturnType<typeof setInterval> | undefined;

  constructor(
    private kinds: readonly Kind[],
    private readonly events: AlbumEvents,
  ) {}

  /** Newest first; a new array after each change. */
  get items(): readonly MediaItem[] {
    return this.day?.store.items ?? [];
  }

  /** First moments of the day and of the next, in UNIX ms; the present day's before one is open. */
  get span(): { start: number; end: number } {
    return this.day ?? dayOf(Date.now());
  }

  get isToday(): boolean {
    return this.span.start === dayOf(Date.now()).start;
  }

  get loading(): boolean {
    return this.day === undefined || this.day.busy;
  }

  /** How many the day has, as far as the server has told; undefined where all are loaded. */
  get total(): number | undefined {
    const { day } = this;
    return day && !day.complete && day.total > this.items.length ? day.total : undefined;
  }

  /** The time back to which all is listed, in UNIX ms: before that there is more. */
  get loadedFrom(): number {
    return this.day?.loadedFrom ?? this.span.start;
  }

  /** Listens, with the day that was open, or the present one. */
  start(source: AlbumSource): void {
    this.source = source;
    this.unwatch = source.watch({
      happened: (event) => this.happened(event),
      missed: () => {
        // Its end may be among what was missed; one that still runs is told of again.
        this.share = undefined;
        void this.refresh();
      },
      progress: (share) => {
        this.share = share;
        this.events.changed();
      },
      failed: (error) => this.fail(error),
    });
    this.renewing = setInterval(() => this.renew(), RENEW);
    this.renew();
  }

  /** Hears of nothing any more; what is listed stays. */
  stop(): void {
    this.unwatch?.();
    this.unwatch = undefined;
    clearInterval(this.renewing);
    this.source = undefined;
    this.share = undefined;
    this.day?.close();
    this.coming?.close();
    this.coming = undefined;
  }

  /** Shows the day of a time, asked for anew. */
  open(time: number): void {
    const day = this.make(time);
    if (!day) return;
    this.day?.close();
    this.coming?.close();
    this.coming = undefined;
    this.failure = undefined;
    this.day = day;
    this.following = this.isToday;
    this.more();
    this.events.changed();
  }

  reload(): void {
    this.open(this.day?.start ?? Date.now());
  }

  move(days: number): void {
    const date = new Date(this.day?.start ?? Date.now());
    date.setDate(date.getDate() + days);
    this.open(date.getTime());
  }

  /** Lists other kinds from now on. */
  choose(kinds: readonly Kind[]): void {
    this.kinds = kinds;
    if (this.day) this.reload();
  }

  /** Loads the next page, unless all is there. */
  more(): void {
    const { day } = this;
    if (!day || day.complete || day.busy || this.failure) return;
    day.more().catch((error: unknown) => {
      if (day === this.day) this.fail(error);
    });
  }

  /** Loads what lies around a time that paging has not reached. */
  async around(time: number): Promise<void> {
    try {
      await this.day?.around(time);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Takes out what was deleted. */
  forget(id: string): void {
    this.events.removing(id);
    this.coming?.happened({ deleted: id });
    this.day?.happened({ deleted: id });
  }

  private happened(event: MediaEvent): void {
    if ("deleted" in event) {
      this.forget(event.deleted);
      return;
    }
    this.coming?.happened(event);
    this.day?.happened(event);
    const isNextDay = event.saved.time >= (this.day?.end ?? Infinity);
    if (isNextDay && this.following) this.open(event.saved.time);
  }

  private renew(): void {
    const today = dayOf(Date.now()).start;
    if (!this.day || (this.following && this.day.start !== today)) this.open(today);
    else void this.refresh();
  }

  /** Asks for the day again, and swaps it in whole: what is looked at meanwhile stays. */
  private async refresh(): Promise<void> {
    const { day: before } = this;
    const day = before && this.make(before.start);
    if (!day) return;
    this.coming?.close();
    this.coming = day;
    try {
      // The item that is open, or the row that the grid stands at, may lie as far back as was loaded.
      await day.follow(before);
    } catch (error) {
      if (day === this.coming) this.fail(error);
      return;
    }
    if (before !== this.day || day !== this.coming) return;
    before.close();
    this.coming = undefined;
    this.failure = undefined;
    this.day = day;
    this.events.changed();
  }

  private make(time: number): Day | undefined {
    const { source } = this;
    if (!source) return undefined;
    const { start, end } = dayOf(time);
    const day: Day = new Day(start, end, this.kinds, source.list, () => {
      if (day === this.day) this.events.changed();
    });
    return day;
  }

  private fail(error: unknown): void {
    this.failure = error;
    this.events.changed();
  }
}
