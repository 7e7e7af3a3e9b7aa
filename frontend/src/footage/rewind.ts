/** Rewinds a live picture: what pointers, buttons and keys do, from the first touch until the return to live. */

import { SHORTEST } from "./marks";
import { Tape } from "./tape";
import { LIVE_WITHIN } from "./view";

/** Seconds of the smallest jump out of the present. */
const OUT_OF_LIVE = 2;
/** Before anything that is held, in s. */
const LONG_AGO = 1e6;
/** Seconds between two frames at most: steps of a search for the next one, and for the one before. */
const NEXT = [0.02, 0.045, 0.07, 0.11, 0.2, 0.4, 1];
// A time is told up to 0.5 ms late, and a frame counts from 0.6 ms before its time: 1 ms earlier may still be the same.
const PREVIOUS = [-0.002];

export class Rewind extends Tape {
  /** Shows the moment under a pointer, in s before the present as it was when the pointer came down. */
  drag(ago: number): void {
    this.open();
    this.stopPlaying();
    this.mode = "scrubbing";
    if (this.timeline.known) this.point(this.freeze() - ago);
    else this.asked = ago;
    this.changed();
  }

  /** The pointer has left: plays on from there, or returns to the present. */
  release(): void {
    const near = this.asked ?? this.edge - this.time;
    this.frozen = undefined;
    this.changed();
    if (this.mode !== "scrubbing") return;
    if (near < LIVE_WITHIN) this.goLive();
    else this.play();
  }

  /** Goes back, or forward, by some seconds, and by a picture at least; from the present as well. */
  jump(seconds: number): void {
    if (this.active && this.asked === undefined) {
      const time = this.moment + seconds;
      const next = this.source()?.neighbour?.(this.moment, seconds < 0 ? -1 : 1);
      this.seek(seconds < 0 ? Math.min(time, next ?? time) : Math.max(time, next ?? time));
    } else if (seconds < 0) {
      this.open();
      const back = Math.max(OUT_OF_LIVE, -seconds);
      if (this.timeline.known) this.seek(this.timeline.edge - back);
      else {
        this.mode = "paused";
        this.asked = (this.asked ?? 0) + back;
        this.changed();
      }
    }
  }

  /** Goes to the oldest moment that the bar shows. */
  goOldest(): void {
    const { bar, edge, timeline } = this;
    if (timeline.known) this.seek(Math.max(timeline.oldest + SHORTEST, bar.oldest(edge)));
    else this.jump(-Math.min(LONG_AGO, edge - bar.oldest(edge)));
  }

  /** Lets the bar show another span. */
  span(seconds: number): void {
    const shown = this.mode === "live" ? undefined : this.shown;
    this.bar.choose(seconds, shown, this.edge);
    if (this.active && this.timeline.known) this.prefetch();
    else if (this.bar.wide) this.look();
    else if (!this.active) this.close();
    this.changed();
  }

  /** Lets the bar show the next longer span, or the next shorter one. */
  zoom(steps: 1 | -1): void {
    const next = this.bar.next(steps);
    if (next !== undefined) this.span(next);
  }

  /** Ends for good, or until it is shown again. */
  leave(): void {
    this.bar.reset();
    this.goLive();
  }

  /** Shows the next frame, or the one before. */
  async step(frames: 1 | -1): Promise<void> {
    if (!this.active) {
      this.jump(-OUT_OF_LIVE);
      return;
    }
    const from = this.moment;
    this.stopPlaying();
    this.mode = "paused";
    const next = this.source()?.neighbour?.(from, frames);
    if (next !== undefined) {
      this.point(next);
      return;
    }
    const beyond = this.timeline.beyond(from, frames);
    const found = await this.pictures.step(from, frames < 0 ? PREVIOUS : NEXT, frames > 0, beyond);
    if (found === undefined) return;
    this.time = found;
    this.changed();
  }

  toggle(): void {
    if (this.mode === "playing") this.pause();
    else if (this.active) this.play();
    else this.jump(-OUT_OF_LIVE);
  }

  setRate(rate: number): void {
    this.rate = rate;
    if (this.mode === "playing" && this.asked === undefined) this.playback.setRate(rate);
    this.changed();
  }

  /** Chooses the next speed, or the one before. */
  changeRate(steps: 1 | -1): void {
    const rates = this.source()?.rates ?? [];
    const next = rates[rates.indexOf(this.rate) + steps];
    if (next !== undefined) this.setRate(next);
  }

  /** Ends whatever runs while the card cannot be seen; the moment shown is kept. */
  suspend(): void {
    if (this.asked !== undefined) this.goLive();
    this.close();
    if (!this.active) return;
    this.mode = "paused";
    this.changed();
  }

  /** The card can be seen again. */
  resume(): void {
    if (!this.active) {
      if (this.bar.wide) this.look();
      return;
    }
    this.open();
    this.point(this.time);
  }
}
