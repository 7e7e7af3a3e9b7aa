/** The digits typed of a PIN, and the time left of a lock-out. */

/** New PINs have 6 digits or more; those of earlier versions may have 4. */
export const LEAST_DIGITS = 4;
export const MOST_DIGITS = 12;

export class PinEntry {
  digits = "";
  private lockedUntil = -Infinity;

  /** `now` returns monotonic milliseconds. */
  constructor(private readonly now: () => number) {}

  get complete(): boolean {
    return this.digits.length >= LEAST_DIGITS && this.secondsLeft === 0;
  }

  /** Seconds left of the lock-out, rounded up. */
  get secondsLeft(): number {
    return Math.max(0, Math.ceil((this.lockedUntil - this.now()) / 1000));
  }

  /** Adds the digits in `text`, as far as there is room: it may be pasted. */
  add(text: string): void {
    if (this.secondsLeft > 0) return;
    this.digits = (this.digits + text.replace(/\D/g, "")).slice(0, MOST_DIGITS);
  }

  remove(): void {
    this.digits = this.digits.slice(0, -1);
  }

  clear(): void {
    this.digits = "";
  }

  lockOut(seconds: number): void {
    this.digits = "";
    this.lockedUntil = this.now() + seconds * 1000;
  }
}
