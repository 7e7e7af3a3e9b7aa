/** The visible range of a day's timeline. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Distances between tick marks, in ms. */
const STEPS = [MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR];
/** The shortest visible range, in ms. */
const LEAST = 5 * MINUTE;

export class Timeline {
  start: number;
  end: number;

  constructor(
    readonly dayStart: number,
    readonly dayEnd: number,
  ) {
    this.start = dayStart;
    this.end = dayEnd;
  }

  get span(): number {
    return this.end - this.start;
  }

  /** Pixels from the left edge of a timeline of this width. */
  x(time: number, width: number): number {
    return ((time - this.start) / this.span) * width;
  }

  /** The time at a pixel, clamped to the visible range. */
  time(x: number, width: number): number {
    const share = width > 0 ? Math.min(1, Math.max(0, x / width)) : 0;
    return this.start + share * this.span;
  }

  /** Zooms in by `factor`, keeping the time `around` in place. */
  zoom(factor: number, around: number): void {
    const whole = this.dayEnd - this.dayStart;
    const span = Math.min(whole, Math.max(LEAST, this.span / factor));
    const share = (around - this.start) / this.span;
    this.moveTo(around - share * span, span);
  }

  /** Pans by milliseconds, within the day. */
  pan(by: number): void {
    this.moveTo(this.start + by, this.span);
  }

  /** Pans as little as needed to show a time. */
  reveal(time: number): void {
    if (time < this.start) this.pan(time - this.start - this.span / 4);
    else if (time > this.end) this.pan(time - this.end + this.span / 4);
  }

  /** Times of the tick marks, at least `apart` pixels from each other. */
  ticks(width: number, apart = 56): number[] {
    const least = (this.span / Math.max(1, width)) * apart;
    const step = STEPS.find((one) => one >= least) ?? STEPS[STEPS.length - 1]!;
    const ticks: number[] = [];
    // Counted from midnight, so that ticks fall on whole hours in every time zone.
    const first = this.dayStart + Math.ceil((this.start - this.dayStart) / step) * step;
    for (let time = first; time <= this.end; time += step) ticks.push(time);
    return ticks;
  }

  private moveTo(start: number, span: number): void {
    this.start = Math.min(Math.max(start, this.dayStart), this.dayEnd - span);
    this.end = this.start + span;
  }
}
