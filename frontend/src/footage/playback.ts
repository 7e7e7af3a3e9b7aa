/** Ways to play the past. */

import type { FootageFrame } from "../ha/footage";
import type { Timeline } from "./timeline";

export interface Playback {
  /** UNIX s of what is shown; undefined until something is. */
  readonly time: number | undefined;
  /** Plays from a time on. */
  play(time: number, rate: number): void;
  /** Plays on at another speed. */
  setRate(rate: number): void;
  /** Stops where it is. */
  stop(): void;
  /** UNIX s at which something else is to be loaded by now, to play on; undefined while it plays. */
  readonly outgrown?: number | undefined;
}

/** Shortest time between two frames, in ms: a decoded frame costs Home Assistant up to a tenth of a second. */
const INTERVAL = 125;
/** Pause in ms after a frame that could not be had. */
const RETRY = 1000;

/** Plays single frames, for browsers that cannot play the video itself. */
export class FramePlayback implements Playback {
  time: number | undefined;
  private abort: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly timeline: Timeline,
    private readonly load: (time: number, signal: AbortSignal) => Promise<FootageFrame | undefined>,
    private readonly shown: (frame: FootageFrame, asked: number) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  play(time: number, rate: number): void {
    this.stop();
    const abort = new AbortController();
    this.abort = abort;
    this.time = time;
    let [from, since] = [time, this.now()];
    let last: FootageFrame | undefined;
    const next = async (): Promise<void> => {
      const asked = this.now();
      const due = from + ((asked - since) / 1000) * rate;
      const at = this.timeline.next(due);
      // Past a gap, or held up at the present.
      if (at !== due) [from, since] = [at, asked];
      const frame = await this.load(at, abort.signal).catch(() => undefined);
      if (abort.signal.aborted) return;
      this.time = at;
      // The same still may stand for many moments.
      if (frame && frame !== last) this.shown(frame, at);
      last = frame;
      const wait = frame ? INTERVAL - (this.now() - asked) : RETRY;
      this.timer = setTimeout(() => void next(), Math.max(0, wait));
    };
    void next();
  }

  setRate(rate: number): void {
    if (this.time !== undefined) this.play(this.time, rate);
  }

  stop(): void {
    this.abort?.abort();
    this.abort = undefined;
    clearTimeout(this.timer);
  }
}
