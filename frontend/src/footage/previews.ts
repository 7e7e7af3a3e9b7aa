/** Small pictures of the past, which follow a pointer: the keyframes of the whole time line, and those it asks for. */

import type { FootageFrame } from "../ha/footage";

/** A picture in memory, as the URL of a blob. */
export interface Picture {
  url: string;
  /** UNIX s at which it was first shown. */
  time: number;
}

interface Kept extends Picture {
  /** Latest time known to show it. */
  until: number;
  /** Keeps it loaded: an element that is given its URL shows it at once. */
  image: HTMLImageElement;
  bytes: number;
  /** Loaded before the return to the present: shown in no place but its own, as there may be much nearer ones by now. */
  old: boolean;
}

/** Loads the keyframe at or before a time. */
export type LoadKeyframe = (time: number, signal: AbortSignal) => Promise<FootageFrame | undefined>;

/** Requests at a time; one of them is kept for where the pointer is. */
const IN_FLIGHT = 3;
/** Pictures of the strip, evenly spaced. */
const STRIP = 40;
/** Shortest distance of the strip's pictures, in s. */
const NEAREST = 1;
/** Pictures kept. */
const MOST = 120;
/** Of those, most while nobody looks, their bytes, and the ms for which they are kept. */
const MOST_RETIRED = 60;
const MOST_RETIRED_BYTES = 4_000_000;
const RETIRED = 10_000;
/** Seconds by which times are told wrongly: they are in milliseconds, and move by some with the clock. */
const ROUGH = 0.005;

export class Previews {
  private kept: Kept[] = [];
  private strip: number[] = [];
  private wanted: number | undefined;
  /** Where the pointer was last. */
  private pointer: number | undefined;
  /** The last keyframe that told when the next one comes. */
  private told = { time: NaN, until: NaN };
  private retired: ReturnType<typeof setTimeout> | undefined;
  private readonly running = new Map<number, AbortController>();

  constructor(
    private readonly load: LoadKeyframe,
    private readonly changed: () => void,
  ) {}

  /** Begins to load pictures of a stretch of time: those around the pointer first, else coarse ones. */
  prefetch(start: number, end: number): void {
    clearTimeout(this.retired);
    this.strip = bisected(start, end, Math.max(NEAREST, (end - start) / STRIP));
    this.pump();
  }

  /** Loads the picture of this time next; an earlier wish that has not been begun is dropped. */
  want(time: number): void {
    clearTimeout(this.retired);
    this.wanted = time;
    this.pointer = time;
    this.pump();
  }

  /** The best picture of a time that is there. */
  at(time: number): Picture | undefined {
    const best = this.kept[Math.max(0, this.after(time) - 1)];
    return best?.old && !this.covers(time) ? undefined : best;
  }

  /** Ends all requests, and frees the pictures in a while, unless they are asked for again. */
  retire(): void {
    this.running.forEach((one) => one.abort());
    this.running.clear();
    this.strip = [];
    this.wanted = undefined;
    this.pointer = undefined;
    let bytes = 0;
    for (const one of this.kept) {
      one.old = true;
      bytes += one.bytes;
    }
    // The oldest leave the footage first.
    while (this.kept.length > MOST_RETIRED || bytes > MOST_RETIRED_BYTES) {
      bytes -= this.kept[0]!.bytes;
      this.drop(1);
    }
    clearTimeout(this.retired);
    if (this.kept.length) this.retired = setTimeout(() => this.drop(), RETIRED);
  }

  /** Ends all requests, and frees the pictures. */
  clear(): void {
    this.retire();
    clearTimeout(this.retired);
    this.drop();
  }

  /** Frees the oldest pictures. */
  private drop(count = this.kept.length): void {
    this.kept.splice(0, count).forEach((one) => URL.revokeObjectURL(one.url));
  }

  private covers(time: number): boolean {
    const before = this.kept[this.after(time) - 1];
    return before !== undefined && time <= before.until;
  }

  /** Whether the keyframe of a time is likely to be on its way: mostly they are evenly spaced. */
  private asksFor(time: number): boolean {
    const { time: origin, until } = this.told;
    const group = (one: number): number => Math.floor((one - origin) / (until - origin));
    return [...this.running.keys()].some((asked) => asked === time || group(asked) === group(time));
  }

  /** The index of the first picture after a time; in-car browsers lack `findLast`. */
  private after(time: number): number {
    const index = this.kept.findIndex((one) => one.time > time);
    return index < 0 ? this.kept.length : index;
  }

  private pump(): void {
    while (this.running.size < IN_FLIGHT) {
      const next = this.next();
      if (next === undefined) return;
      void this.request(next);
    }
  }

  private next(): number | undefined {
    const { wanted } = this;
    // What is on its way is waited for.
    if (wanted !== undefined && !this.asksFor(wanted)) {
      this.wanted = undefined;
      if (!this.covers(wanted)) return wanted;
    }
    // The first picture under a pointer is not held up by others; later, one place stays free for the pointer.
    const { pointer } = this;
    const alone = pointer !== undefined && !this.covers(pointer) && this.kept.every(({ old }) => old);
    if (this.running.size >= (alone ? 1 : IN_FLIGHT - 1)) return undefined;
    this.strip = this.strip.filter((time) => !this.covers(time));
    const next = this.nearest();
    this.strip = this.strip.filter((time) => time !== next);
    return next;
  }

  /** The time of the strip that the pointer may come to first. */
  private nearest(): number | undefined {
    const { pointer } = this;
    const strip = this.strip.filter((time) => !this.asksFor(time));
    if (pointer === undefined || !strip.length) return strip[0];
    return strip.reduce((best, time) => (Math.abs(time - pointer) < Math.abs(best - pointer) ? time : best));
  }

  /** Removes a picture: the first one, or the last one if it is farther from the pointer. */
  private farthest(): Kept {
    const { kept, pointer } = this;
    const [first, last] = [kept[0]!, kept[kept.length - 1]!];
    const isLast = pointer !== undefined && last.time - pointer > pointer - first.time;
    return isLast ? kept.pop()! : kept.shift()!;
  }

  private async request(time: number): Promise<void> {
    const abort = new AbortController();
    this.running.set(time, abort);
    try {
      const frame = await this.load(time, abort.signal);
      if (frame && !abort.signal.aborted) this.keep(frame, time);
    } catch {
      // Aborted, or the connection is lost: what is there stays.
    }
    if (this.running.get(time) !== abort) return;
    this.running.delete(time);
    this.pump();
  }

  private keep(frame: FootageFrame, asked: number): void {
    const until = Math.max(asked, frame.time, (frame.until ?? 0) - ROUGH);
    if (frame.until && frame.until > frame.time) this.told = { time: frame.time, until: frame.until };
    const same = this.kept.find((one) => one.time === frame.time);
    if (same) {
      same.until = Math.max(same.until, until);
      same.old = false;
      return;
    }
    const url = URL.createObjectURL(frame.picture);
    const image = new Image();
    image.src = url;
    this.kept.splice(this.after(frame.time), 0, { url, time: frame.time, until, image, bytes: frame.picture.size, old: false });
    if (this.kept.length > MOST) URL.revokeObjectURL(this.farthest().url);
    this.changed();
  }
}

/** Times between two, at most `step` apart: the middle first, then the middles of the halves, and so on. */
export function bisected(start: number, end: number, step: number): number[] {
  const times: number[] = [];
  for (let parts = 2; (end - start) / (parts / 2) > step; parts *= 2) {
    for (let odd = 1; odd < parts; odd += 2) times.push(start + ((end - start) * odd) / parts);
  }
  return times;
}
