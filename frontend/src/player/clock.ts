/** The presentation clock: follows the sound if there is any, else the arrival of the frames. */

/** What the clock reads of an `<audio>` element. */
export interface AudioPosition {
  readonly currentTime: number;
  readonly paused: boolean;
}

/** Window of the smallest transit time, in ms. */
const WINDOW = 1500;
/** A difference above this is a jump (seek, stall, late joiner), in µs; below it the clock is steered. */
const JUMP = 200_000;
/** Share of a difference that is corrected each second. */
const STEER = 2;
/** Largest arrival jitter that is smoothed, in µs. */
const MAX_MARGIN = 120_000;
/** Frames this soon after the first are a replay for a late joiner, and do not count as jitter; in ms. */
const REPLAY = 250;
/**
 * Sound farther than this from the arriving frames is not followed, in µs: no frame waits for so long, and the
 * picture would freeze. Browsers buffer a second or two of live sound before they play it.
 */
export const MOST_LAG = 3_500_000;
/** An audio position unchanged for this long is a stall, in ms. */
const STALL = 250;

interface Arrival {
  at: number;
  transit: number;
}

/**
 * Times are microseconds on the stream's timeline (pts). A frame cannot arrive before it was sent, so the
 * smallest `arrival - pts` of the last second or so is the best estimate of the offset. The spread above it is
 * the jitter, and frames are shown later by that much, so that most have arrived when due.
 *
 * With sound, `currentTime` moves in steps: the clock runs freely and is steered to it.
 */
export class PlayerClock {
  private arrivals: Arrival[] = [];
  private audio: { source: AudioPosition; startUs: number } | undefined;
  private audioMoved = { at: 0, time: -1 };
  private joined = 0;
  /** Whether the sound was followed at the last update. */
  private bySound = false;
  private base: { at: number; time: number } | undefined;

  /** `now` returns monotonic milliseconds, like `performance.now`. */
  constructor(private readonly now: () => number) {}

  /** Resets all estimates, as at the start of an epoch. */
  reset(): void {
    this.arrivals = [];
    this.audio = undefined;
    this.base = undefined;
  }

  /** Records that the frame with this pts has just arrived. */
  arrived(pts: number): void {
    const at = this.now();
    if (this.arrivals.length === 0) this.joined = at;
    const transit = at * 1000 - pts;
    this.arrivals.push({ at, transit });
    while (this.arrivals[0] && this.arrivals[0].at < at - WINDOW) this.arrivals.shift();
  }

  /** Follows an audio element whose position 0 is at `startUs`; undefined returns to arrivals. */
  follow(source: AudioPosition | undefined, startUs = 0): void {
    this.audio = source ? { source, startUs } : undefined;
    this.audioMoved = { at: this.now(), time: -1 };
  }

  /** The presentation time, in µs; undefined before the first frame. */
  time(): number | undefined {
    const live = this.arrivalTime();
    const heard = this.soundTime();
    const near = heard !== undefined && live !== undefined && Math.abs(live - heard) <= MOST_LAG;
    const sound = near || live === undefined ? heard : undefined;
    const target = sound ?? live;
    if (target === undefined) return undefined;
    const at = this.now();
    if (!this.base || this.bySound !== (sound !== undefined)) this.base = { at, time: target };
    this.bySound = sound !== undefined;
    const elapsed = at - this.base.at;
    const running = this.base.time + elapsed * 1000;
    const difference = target - running;
    const share = Math.min(1, (STEER * elapsed) / 1000);
    const time = Math.abs(difference) > JUMP ? target : running + difference * share;
    this.base = { at, time };
    return time;
  }

  /** The time of the frames that arrive now, in µs: the live edge, less the jitter. */
  arrivalTime(): number | undefined {
    if (this.arrivals.length === 0) return undefined;
    const edge = this.now() - WINDOW;
    let least = Infinity;
    for (const { transit } of this.arrivals) least = Math.min(least, transit);
    let most = least;
    for (const { at, transit } of this.arrivals) {
      if (at >= edge && at > this.joined + REPLAY && transit - least < JUMP) most = Math.max(most, transit);
    }
    const margin = Math.min(MAX_MARGIN, most - least);
    return this.now() * 1000 - least - margin;
  }

  /** The position of the sound, in µs; undefined while none plays. */
  soundTime(): number | undefined {
    if (!this.audio || this.audio.source.paused) return undefined;
    const { source, startUs } = this.audio;
    const at = this.now();
    if (source.currentTime !== this.audioMoved.time) {
      this.audioMoved = { at, time: source.currentTime };
    } else if (at - this.audioMoved.at > STALL) {
      return undefined;
    }
    if (source.currentTime <= 0) return undefined;
    // Between two steps of `currentTime` the sound plays on.
    return startUs + source.currentTime * 1e6 + (at - this.audioMoved.at) * 1000;
  }
}
