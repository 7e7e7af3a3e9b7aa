/** The media of a camera, one day at a time: load, update live, reload, remove deleted items. */

import type { Kind, MediaEvent, MediaItem, MediaWatcher } from "../ha/media";
import { dayOf, type Zone } from "../localize/zone";
import { Day, type Lister } from "./day";

/** Interval of a complete reload in ms: the server signs its URLs for 24 hours. */
export const RENEW = 12 * 3600_000;

/** The source of an album's items. */
export interface AlbumSource {
  list: Lister;
  /** Reports changes to `watcher` until the returned function is called. */
  watch(watcher: MediaWatcher): () => void;
}

export interface AlbumEvents {
  /** The album has changed. */
  changed(): void;
  /** An item is about to be removed: it was deleted, here or elsewhere. */
  removing(id: string): void;
}

/** Follows changes between `start` and `stop`. */
export class Album {
  /** The error of the last listing; undefined if it succeeded. */
  failure: unknown;
  /** Progress of a timelapse, from 0 to 1. */
  share: number | undefined;
  /** The time zone of the days. */
  private zone: Zone;
  private day: Day | undefined;
  /** The same day being reloaded, until it replaces `day`. */
  private coming: Day | undefined;
  /** Whether the day is today: at midnight the next one is shown. */
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

  /** Start of the day and of the next, in UNIX ms; today has no end yet. */
  get span(): { start: number; end: number } {
    return this.day ?? dayOf(Date.now(), this.zone);
  }

  get isToday(): boolean {
    return this.span.start === dayOf(Date.now(), this.zone).start;
  }

  get loading(): boolean {
    return this.day === undefined || this.day.busy;
  }

  /** Number of items of the day, as far as the server has reported; undefined if all are loaded. */
  get total(): number | undefined {
    const { day } = this;
    return day && !day.complete && day.total > this.items.length ? day.total : undefined;
  }

  /** The list is complete back to this time, in UNIX ms. */
  get loadedFrom(): number {
    return this.day?.loadedFrom ?? this.span.start;
  }

  /** Starts to follow changes, with the day that was open, or today. */
  start(source: AlbumSource): void {
    this.source = source;
    this.unwatch = source.watch({
      happened: (event) => this.happened(event),
      missed: () => {
        // Its end may be among the missed messages; a running timelapse is reported again.
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

  /** Stops following changes; the list stays. */
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

  /** Shows days of another time zone from now on. */
  relocate(zone: Zone): void {
    if (zone === this.zone) return;
    const middle = (this.span.start + this.span.end) / 2;
    const { following } = this;
    this.zone = zone;
    if (!this.source) this.day = undefined;
    if (this.day) this.open(following ? Date.now() : middle);
  }

  /** Shows the day of a time, loaded anew. */
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
    this.open(dayOf(this.day?.start ?? Date.now(), this.zone, days).start);
  }

  /** Lists other kinds from now on. */
  choose(kinds: readonly Kind[]): void {
    this.kinds = kinds;
    if (this.day) this.reload();
  }

  /** Loads the next page, unless all is loaded. */
  more(): void {
    const { day } = this;
    if (!day || day.complete || day.busy || this.failure) return;
    day.more().catch((error: unknown) => {
      if (day === this.day) this.fail(error);
    });
  }

  /** Loads the items around a time that paging has not reached. */
  async around(time: number): Promise<void> {
    try {
      await this.day?.around(time);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Removes deleted items. */
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
    const today = dayOf(Date.now(), this.zone).start;
    if (!this.day || (this.following && this.day.start !== today)) this.open(today);
    else void this.refresh();
  }

  /** Reloads the day and swaps it in as a whole: the items on screen stay meanwhile. */
  private async refresh(): Promise<void> {
    const { day: before } = this;
    const day = before && this.make(before.start);
    if (!day) return;
    this.coming?.close();
    this.coming = day;
    try {
      // The open item, or the grid's scroll position, may be as far back as the last load.
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
    const { start, end } = dayOf(time, this.zone);
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
