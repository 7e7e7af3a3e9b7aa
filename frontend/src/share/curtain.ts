/** Hides the controls after a while, so that the picture is alone. */

export interface Timers {
  setTimer(callback: () => void, ms: number): number;
  clearTimer(id: number): void;
}

/** Time in ms without a touch after which the controls go. */
export const PATIENCE = 5000;

export class Curtain {
  /** Whether the controls are to be seen. */
  shown = true;
  private timer: number | undefined;
  /** Why they have to stay: nothing plays, something is being typed, a list is open. */
  private readonly reasons = new Set<string>();

  constructor(
    private readonly timers: Timers,
    private readonly changed: (shown: boolean) => void,
  ) {}

  /** Somebody touched the page: the controls come, or stay for another while. */
  touch(): void {
    this.set(true);
    this.wait();
  }

  /** Keeps the controls for as long as this reason holds. */
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
