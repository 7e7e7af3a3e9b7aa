/** Frames waiting for their presentation time. */

import type { CellFrame } from "./wire";

/** Longest queue, in µs of pts: what the server may send ahead, and more than the sound can lag. */
const SPAN = 6_000_000;

export class FrameQueue {
  private frames: CellFrame[] = [];
  /** Frames never shown, because a newer one was due as well. */
  skipped = 0;

  get length(): number {
    return this.frames.length;
  }

  /** µs between the oldest and the newest queued frame. */
  get span(): number {
    const first = this.frames[0];
    return first ? this.frames[this.frames.length - 1]!.pts - first.pts : 0;
  }

  push(frame: CellFrame): void {
    this.frames.push(frame);
    while (this.span > SPAN) {
      this.frames.shift();
      this.skipped++;
    }
  }

  /** Returns the newest frame not later than `time`, if there is a new one; drops older ones. */
  due(time: number): CellFrame | undefined {
    let frame: CellFrame | undefined;
    while (this.frames[0] && this.frames[0].pts <= time) {
      if (frame) this.skipped++;
      frame = this.frames.shift();
    }
    return frame;
  }

  clear(): void {
    this.frames = [];
  }
}
