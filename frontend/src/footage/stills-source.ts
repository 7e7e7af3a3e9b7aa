/** The past of a camera without a stream: the stills of its history. */

import type { FootageFrame, FrameRequest, Span } from "../ha/footage";
import { listMedia, type MediaEvent, type MediaItem, watchMedia } from "../ha/media";
import type { Hass } from "../ha/types";
import type { PastSource } from "./source";

/** Seconds that can be looked back on, and most stills of them. */
export const STILLS_SECONDS = 3600;
const MOST = 500;
/** A still stands for this many of the usual intervals between two, at most; what follows is a gap. */
const INTERVALS = 2.5;
/** The interval in s while it is unknown. */
const INTERVAL = 60;
/** Interval in ms at which is told that time goes on. */
const TICK = 1000;

export class StillsSource implements PastSource {
  readonly rates = [1, 10, 60, 300];
  readonly rate = 60;
  readonly savable = false;
  /** Oldest first. */
  private items: MediaItem[] = [];
  private latest: { url: string; frame: FootageFrame } | undefined;

  constructor(
    private readonly hass: () => Hass,
    readonly entryId: string,
    private readonly now: () => number = () => Date.now(),
  ) {}

  follow(changed: (spans: readonly Span[]) => void): () => void {
    let following = true;
    const report = (): void => changed(this.spans());
    const list = async (): Promise<void> => {
      const now = this.now();
      const range = { after: now - STILLS_SECONDS * 1000, before: now + STILLS_SECONDS * 1000, limit: MOST };
      const page = await listMedia(this.hass(), this.entryId, "snapshots", range).catch(() => undefined);
      if (!following || !page) return;
      this.items = page.items.sort((a, b) => a.time - b.time);
      report();
    };
    const unwatch = watchMedia(this.hass(), this.entryId, {
      happened: (event) => {
        this.happened(event);
        report();
      },
      missed: () => void list(),
      progress: () => undefined,
      failed: () => undefined,
    });
    const timer = setInterval(report, TICK);
    void list();
    return () => {
      following = false;
      clearInterval(timer);
      unwatch();
      this.items = [];
      this.latest = undefined;
    };
  }

  async frame(time: number, { fast }: FrameRequest, signal: AbortSignal): Promise<FootageFrame | undefined> {
    const index = this.indexAt(time);
    const item = this.items[index];
    if (!item) return undefined;
    const next = this.items[index + 1];
    const url = this.hass().hassUrl(fast ? item.thumb : item.url);
    if (this.latest?.url === url) return this.latest.frame;
    const response = await fetch(url, { signal });
    if (!response.ok) return undefined;
    const frame = { picture: await response.blob(), time: item.time / 1000, until: next && next.time / 1000 };
    if (!fast) this.latest = { url, frame };
    return frame;
  }

  neighbour(time: number, frames: 1 | -1): number | undefined {
    const item = this.items[this.indexAt(time) + frames];
    return item && item.time / 1000;
  }

  private happened(event: MediaEvent): void {
    if ("deleted" in event) this.items = this.items.filter(({ id }) => id !== event.deleted);
    else if (event.saved.kind === "snapshots") this.items = [...this.items, event.saved].slice(-MOST);
  }

  /** Index of the still that is shown at a time; -1 before the first. */
  private indexAt(time: number): number {
    // Times are told in milliseconds.
    return this.items.findLastIndex((item) => item.time / 1000 <= time + 0.0005);
  }

  /** Each still is shown until the next. */
  private spans(): Span[] {
    const times = this.items.map((item) => item.time / 1000);
    const last = times.at(-1);
    if (last === undefined) return [];
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    const usual = gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? INTERVAL;
    // The browser's clock may be behind that of Home Assistant.
    const present = Math.max(this.now() / 1000, last + 0.001);
    const spans: Span[] = [];
    times.forEach((start, index) => {
      const end = Math.min(times[index + 1] ?? present, start + INTERVALS * usual);
      const before = spans.at(-1);
      if (before?.end === start) before.end = end;
      else spans.push({ start, end });
    });
    return spans;
  }
}
