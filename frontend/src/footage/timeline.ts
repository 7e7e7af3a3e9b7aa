/** The time line of a camera's recent past: what is held of it, and where it meets the present. */

import type { Span, Told } from "../ha/footage";

/** Seconds by which the present may be ahead of the newest part that was reported. */
const MOST_AHEAD = 2.5;
/** Seconds for which it is worth something what was told to whoever does not follow: each 5 s, and that late. */
const LATELY = 5 + MOST_AHEAD;
/** Seconds before the end of a span that still show its last frame. */
const LAST = 0.001;
/** Seconds between tape and memory that are none: times are told in milliseconds. */
const ROUGH = 0.005;

export class Timeline {
  /** Oldest first. */
  spans: readonly Span[] = [];
  /** UNIX s from which on memory has what is held. */
  memory = -Infinity;
  private reported = 0;
  private ahead = MOST_AHEAD;
  /** The present when it was told last, in UNIX s, and when that was. */
  private told: { present: number; at: number } | undefined;

  /** `now` returns milliseconds of a steady clock: the browser's date may differ from Home Assistant's. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** `present` is UNIX s, where it is told. */
  update(spans: readonly Span[], present?: number): void {
    if (spans.at(-1)?.end !== this.spans.at(-1)?.end) this.reported = this.now();
    this.told = present === undefined ? undefined : { present, at: this.now() };
    this.memory = spans.find(({ taped }) => !taped)?.start ?? Infinity;
    this.spans = joined(spans);
    this.ahead = MOST_AHEAD;
  }

  /** Begins with what memory was told to hold lately, until the first report. */
  expect({ spans, at }: Told): void {
    if (this.now() - at > LATELY * 1000) return;
    this.spans = spans;
    this.memory = this.oldest;
    this.reported = at;
    this.ahead = LATELY;
  }

  /** Whether more is held than memory has. */
  get taped(): boolean {
    return this.oldest < this.memory;
  }

  /** UNIX s by Home Assistant's clock; as far as it is not told, the newest moment held. */
  get present(): number {
    return this.told ? this.told.present + (this.now() - this.told.at) / 1000 : this.edge;
  }

  get known(): boolean {
    return this.spans.length > 0;
  }

  /** The newest moment that can be seen; for a camera that is gone, its last one. */
  get edge(): number {
    const newest = this.spans.at(-1);
    if (!newest) return 0;
    return newest.end + Math.min(this.ahead, (this.now() - this.reported) / 1000);
  }

  get oldest(): number {
    return this.spans[0]?.start ?? 0;
  }

  /** Whether a time may be had: it is held, or has just passed. */
  holds(time: number): boolean {
    const newest = this.spans.at(-1);
    if (!newest || time >= newest.end) return true;
    return this.spans.some(({ start, end }) => time >= start && time < end);
  }

  /** The moment next to a time that is held. */
  nearest(time: number): number {
    let best = time;
    let distance = Infinity;
    for (const { start, end } of this.spans) {
      const last = Math.max(start, end - LAST);
      const held = Math.min(last, Math.max(start, time));
      if (Math.abs(held - time) >= distance) continue;
      best = held;
      distance = Math.abs(held - time);
    }
    return best;
  }

  /** The first moment after the gap that follows a time, or the last one before that which precedes it. */
  beyond(time: number, direction: 1 | -1): number | undefined {
    if (direction > 0) return this.spans.find(({ start }) => start > time)?.start;
    const before = this.spans.filter(({ end }) => end <= time);
    return before.length ? before[before.length - 1]!.end - LAST : undefined;
  }

  /** The first moment at or after a time that is held, or may be soon; past a gap if need be. */
  next(time: number): number {
    const span = this.spans.find(({ end }) => end > time);
    return span ? Math.max(span.start, time) : Math.min(time, this.edge);
  }
}

/** Spans, where what memory has goes on with what is on tape as one. */
function joined(spans: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const span of spans) {
    const before = found[found.length - 1];
    if (before?.taped && span.start - before.end < ROUGH) found[found.length - 1] = { ...span, start: before.start };
    else found.push(span);
  }
  return found;
}
