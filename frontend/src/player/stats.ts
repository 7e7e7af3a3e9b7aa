/** Playback statistics for the overlay. */

/** Number of frames in the statistics. */
const KEPT = 240;

export interface StatsReport {
  /** Frames drawn and frames requested per second. */
  fps: number;
  asked: number;
  /** Milliseconds between drawn frames: median, and the distance of the 95th percentile from it. */
  interval: number;
  jitter: number;
  /** Bytes received per second. */
  bytes: number;
  skipped: number;
  /** Frames drawn since the epoch began, and frames expected by its rate between the first and last pts. */
  drawn: number;
  due: number;
  /** Video minus audio in ms, undefined without sound. */
  soundOffset: number | undefined;
}

export class Stats {
  private drawn: number[] = [];
  private received: { at: number; bytes: number }[] = [];
  private count = 0;
  private first = 0;
  private last = 0;

  constructor(private readonly now: () => number) {}

  reset(): void {
    this.drawn = [];
    this.received = [];
    this.count = 0;
  }

  arrived(bytes: number): void {
    this.received.push({ at: this.now(), bytes });
    if (this.received.length > KEPT) this.received.shift();
  }

  /** Records that a frame with this pts, in µs, has been drawn. */
  drew(pts: number): void {
    if (this.count++ === 0) this.first = pts;
    this.last = pts;
    this.drawn.push(this.now());
    if (this.drawn.length > KEPT) this.drawn.shift();
  }

  report(asked: number, skipped: number, soundOffset: number | undefined): StatsReport {
    const intervals = this.drawn.slice(1).map((at, i) => at - this.drawn[i]!);
    const total = intervals.reduce((sum, ms) => sum + ms, 0);
    const sorted = [...intervals].sort((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const interval = at(0.5);
    return {
      fps: total ? (1000 * intervals.length) / total : 0,
      asked,
      interval,
      jitter: at(0.95) - interval,
      bytes: this.bytesPerSecond(),
      skipped,
      drawn: this.count,
      due: this.count && Math.round(((this.last - this.first) * asked) / 1e6) + 1,
      soundOffset,
    };
  }

  private bytesPerSecond(): number {
    const first = this.received[0];
    const last = this.received[this.received.length - 1];
    if (!first || !last || last.at === first.at) return 0;
    // The first message marks the start; its bytes came before it.
    const bytes = this.received.slice(1).reduce((sum, item) => sum + item.bytes, 0);
    return (bytes * 1000) / (last.at - first.at);
  }
}
