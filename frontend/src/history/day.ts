/** One day of an instance: loaded page by page, growing as things happen. */

import { KINDS, type Kind, type MediaEvent, type MediaItem, type MediaPage, type Range } from "../ha/media";
import { MediaStore } from "./store";

/** Items asked for at once: a screen or two, since each is signed by the server. */
const PAGE = 200;
/** How many of the moments looked at last are loaded again with a day that is asked for anew. */
const MOMENTS = 8;

/** Milliseconds since 1970 of the first and the next day's first moment, in the browser's time zone. */
export function dayOf(time: number): { start: number; end: number } {
  const date = new Date(time);
  const start = new Date(date.getFullYear(), date.getMonth(), date.getDate());
  // Not 24 hours: two days of the year are longer and shorter.
  const end = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1);
  return { start: start.getTime(), end: end.getTime() };
}

export type Lister = (kind: Kind, range: Range) => Promise<MediaPage>;

interface Cursor {
  /** Everything of the kind between this time and the day's end is loaded. */
  before: number;
  total: number;
  done: boolean;
}

export class Day {
  readonly store = new MediaStore();
  private readonly cursors = new Map<Kind, Cursor>();
  /** Times that were looked at before paging came to them, the last one at the end. */
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

  /** The time back to which all is loaded, in UNIX ms; before that there is more. */
  get loadedFrom(): number {
    // Of a kind whose first page is still to come nothing is known yet, nor that there is more than that page.
    const begun = [...this.cursors.values()].filter(({ done, before }) => !done && before < this.end);
    return Math.max(this.start, ...begun.map(({ before }) => before));
  }

  /** How many files the day has, as far as the server has told. */
  get total(): number {
    const told = [...this.cursors.values()].reduce((sum, cursor) => sum + cursor.total, 0);
    return Math.max(told, this.store.items.length);
  }

  /** Loads the next page of each kind; calls while one is on its way share it. Throws what listing throws. */
  more(): Promise<void> {
    this.loading ??= this.loadPages().finally(() => {
      this.loading = undefined;
      if (!this.closed) this.changed();
    });
    return this.loading;
  }

  /** Loads what lies around a time that paging has not reached yet. */
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

  /** Loads as much as another has of the same day, beginning anew. Throws what listing throws. */
  async follow(other: Day): Promise<void> {
    do await this.more();
    while (!this.closed && !this.reaches(other));
    if (this.closed) return;
    await Promise.all(other.moments.slice(-MOMENTS).map((time) => this.around(time)));
  }

  /** Takes in what was saved or deleted just now. */
  happened(event: MediaEvent): void {
    if ("deleted" in event) {
      if (this.store.remove(event.deleted)) this.changed();
      return;
    }
    const { saved } = event;
    if (saved.time < this.start || saved.time >= this.end || !this.cursors.has(saved.kind)) return;
    this.take([saved]);
  }

  /** What comes after this is dropped. */
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
