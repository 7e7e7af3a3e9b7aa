/** Follows what is held of the past, and ticks meanwhile. */

import type { Span } from "../ha/footage";
import type { PastSource } from "./source";

/** Interval in ms at which the controls are redrawn. */
const TICK = 250;

export class Following {
  private end: (() => void) | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly changed: (spans: readonly Span[], now?: number) => void,
    private readonly ticked: () => void,
  ) {}

  get running(): boolean {
    return this.end !== undefined;
  }

  start(source: PastSource): void {
    if (this.end) return;
    this.end = () => undefined;
    this.end = source.follow(this.changed);
    this.timer = setInterval(this.ticked, TICK);
  }

  stop(): void {
    this.end?.();
    this.end = undefined;
    clearInterval(this.timer);
  }
}
