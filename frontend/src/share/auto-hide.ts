/** Hides the controls after a while, so that only the picture remains. */

export interface Timers {
  setTimer(callback: () => void, ms: number): number;
  clearTimer(id: number): void;
}

/** Time in ms without a touch after which the controls hide. */
export const PATIENCE = 5000;

export class AutoHide {
  /** Whether the controls are visible. */
  shown = true;
  private timer: number | undefined;
  /** Reasons to keep them: paused, typing, an open list. */
  private readonly reasons = new Set<string>();

  constructor(
    private readonly timers: Timers,
    private readonly changed: (shown: boolean) => void,
  ) {}

  /** A touch: show the controls, or keep them for another while. */
  touch(): void {
    this.set(true);
    this.wait();
  }

  /** Keeps the controls visible while this reason holds. */
  hold(reason: string, holds: boolean): void {
    if (holds === this.reasons.has(reason)) return;
    if (holds) this.reasons.add(reason);
    else this.reasons.delete(reason);
    if (holds) this.touch();
    else this.wait();
  }

  close(): void {
    if (this.timer !== undefined) this.timers.clearTimer(this.timer);
    this.timer = undefined;
  }

  private wait(): void {
    this.close();
    if (this.reasons.size > 0 || !this.shown) return;
    this.timer = this.timers.setTimer(() => {
      this.timer = undefined;
      this.set(false);
    }, PATIENCE);
  }

  private set(shown: boolean): void {
    if (shown === this.shown) return;
    this.shown = shown;
    this.changed(shown);
  }
}
