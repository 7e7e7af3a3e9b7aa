/** Polls the server for its reachability and what is shared: streams may stall unnoticed. */

import { type Info, LockedError } from "./api";
import type { Timers } from "./auto-hide";

export interface WatchEvents {
  info(info: Info): void;
  /** The server is lost, or reachable again: then streams should be requested again. */
  lost(): void;
  back(): void;
}

/** Polling interval in ms, while the server answers and while it does not. */
const INTERVAL = 10_000;
const RETRY = 2000;

export class Watch {
  private timer: number | undefined;
  private turn = 0;
  private gone = false;

  constructor(
    private readonly ask: () => Promise<Info>,
    private readonly timers: Timers,
    private readonly events: WatchEvents,
  ) {}

  start(): void {
    this.stop();
    this.timer = this.timers.setTimer(() => void this.look(), INTERVAL);
  }

  stop(): void {
    this.turn++;
    if (this.timer !== undefined) this.timers.clearTimer(this.timer);
    this.timer = undefined;
  }

  /** Polls at once, because something hints at a change. */
  async look(): Promise<void> {
    this.stop();
    const { turn } = this;
    try {
      const info = await this.ask();
      if (turn !== this.turn) return;
      this.events.info(info);
      if (this.gone) this.events.back();
      this.gone = false;
    } catch (error) {
      if (turn !== this.turn || error instanceof LockedError) return;
      if (!this.gone) this.events.lost();
      this.gone = true;
    }
    // The callback may have ended the watch.
    if (turn !== this.turn) return;
    this.timer = this.timers.setTimer(() => void this.look(), this.gone ? RETRY : INTERVAL);
  }
}
