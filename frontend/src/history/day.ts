/** One day of a camera: loaded page by page, and updated live. */

import { KINDS, type Kind, type MediaEvent, type MediaItem, type MediaPage, type Range } from "../ha/media";
import { MediaStore } from "./store";

/** Page size: a screen or two, since the server signs each item. */
const PAGE = 200;
/** Number of recently visited times that a reload loads again. */
const MOMENTS = 8;

export type Lister = (kind: Kind, range: Range) => Promise<MediaPage>;

interface Cursor {
  /** This kind is complete from this time to the end of the day. */
  before: number;
  total: number;
  done: boolean;
}

export class Day {
  readonly store = new MediaStore();
  private readonly cursors = new Map<Kind, Cursor>();
  /** Times visited before paging reached them, the latest at the end. */
  private readonly moments: number[] = [];
  private loading: Promise<void> | undefined;
  private closed = false;

  constructor(
    readonly start: number,
    readonly end: number,
    kinds: readonly Kind[],
    private readonly list: Lister,
    private readonly changed: () => void,
  ) {
    for (const kind of KINDS) {
      if (kinds.includes(kind)) this.cursors.set(kind, { before: end, total: 0, done: false });
    }
  }

  get busy(): boolean {
    return this.loading !== undefined;
  }

  /** All is loaded. */
  get complete(): boolean {
    return [...this.cursors.values()].every((cursor) => cursor.done);
  }

  /** All kinds are complete back to this time, in UNIX ms. */
  get loadedFrom(): number {
    // Before the first page of a kind is loaded, nothing is known of it.
    const begun = [...this.cursors.values()].filter(({ done, before }) => !done && before < this.end);
    return Math.max(this.start, ...begun.map(({ before }) => before));
  }

  /** Number of files of the day, as far as the server has reported. */
  get total(): number {
    const total = [...this.cursors.values()].reduce((sum, cursor) => sum + cursor.total, 0);
    return Math.max(total, this.store.items.length);
  }

  /** Loads the next page of each kind; concurrent calls share one request. Throws the error of the listing. */
  more(): Promise<void> {
    this.loading ??= this.loadPages().finally(() => {
      this.loading = undefined;
      if (!this.closed) this.changed();
    });
    return this.loading;
  }

  /** Loads the items around a time that paging has not reached. */
  async around(time: number): Promise<void> {
    const behind = [...this.cursors].filter(([, { done, before }]) => !done && time < before);
    if (behind.length > 0) this.moments.push(time);
    const half = PAGE / 8;
    await Promise.all(
      behind.map(async ([kind]) => {
        const range = { after: this.start, before: Math.min(this.end, time + 1), limit: half };
        this.take((await this.list(kind, range)).items);
      }),
    );
  }

  /** Loads as much as another object of the same day has, from scratch. Throws the error of the listing. */
  async follow(other: Day): Promise<void> {
    do await this.more();
    while (!this.closed && !this.reaches(other));
    if (this.closed) return;
    await Promise.all(other.moments.slice(-MOMENTS).map((time) => this.around(time)));
  }

  /** Applies files that were just saved or deleted. */
  happened(event: MediaEvent): void {
    if ("deleted" in event) {
      if (this.store.remove(event.deleted)) this.changed();
      return;
    }
    const { saved } = event;
    if (saved.time < this.start || saved.time >= this.end || !this.cursors.has(saved.kind)) return;
    this.take([saved]);
  }

  /** Ignores whatever arrives from now on. */
  close(): void {
    this.closed = true;
  }

  private reaches(other: Day): boolean {
    return [...this.cursors].every(
      ([kind, { done, before }]) => done || before <= (other.cursors.get(kind)?.before ?? this.end),
    );
  }

  private take(items: readonly MediaItem[]): void {
    if (!this.closed && this.store.add(items)) this.changed();
  }

  private async loadPages(): Promise<void> {
    const open = [...this.cursors].filter(([, cursor]) => !cursor.done);
    await Promise.all(
      open.map(async ([kind, cursor]) => {
        const range = { after: this.start, before: cursor.before, limit: PAGE };
        const page = await this.list(kind, range);
        if (cursor.before === this.end) cursor.total = page.total;
        const oldest = page.items[page.items.length - 1];
        cursor.done = page.items.length < PAGE;
        if (oldest) cursor.before = oldest.time;
        this.take(page.items);
      }),
    );
  }
}
