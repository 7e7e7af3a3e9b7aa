/** The part of a day that the ribbon shows. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Distances between two marks of the scale, in ms. */
const STEPS = [MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR];
/** The least that can be shown, in ms. */
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

  /** Pixels from the left edge of a ribbon so wide. */
  x(time: number, width: number): number {
    return ((time - this.start) / this.span) * width;
  }

  /** The time at a pixel, inside of what is shown. */
  time(x: number, width: number): number {
    const share = width > 0 ? Math.min(1, Math.max(0, x / width)) : 0;
    return this.start + share * this.span;
  }

  /** Shows `factor` times less, with the moment `around` where it is. */
  zoom(factor: number, around: number): void {
    const whole = this.dayEnd - this.dayStart;
    const span = Math.min(whole, Math.max(LEAST, this.span / factor));
    const share = (around - this.start) / this.span;
    this.moveTo(around - share * span, span);
  }

  /** Moves by milliseconds, as far as the day goes. */
  pan(by: number): void {
    this.moveTo(this.start + by, this.span);
  }

  /** Moves as little as is needed to have a time in view. */
  reveal(time: number): void {
    if (time < this.start) this.pan(time - this.start - this.span / 4);
    else if (time > this.end) this.pan(time - this.end + this.span / 4);
  }

  /** Times for the marks of the scale, at least `apart` pixels from each other. */
  ticks(width: number, apart = 56): number[] {
    const least = (this.span / Math.max(1, width)) * apart;
    const step = STEPS.find((one) => one >= least) ?? STEPS[STEPS.length - 1]!;
    const ticks: number[] = [];
    // Counted from midnight, so that marks fall on whole hours in every time zone.
    const first = this.dayStart + Math.ceil((this.start - this.dayStart) / step) * step;
    for (let time = first; time <= this.end; time += step) ticks.push(time);
    return ticks;
  }

  private moveTo(start: number, span: number): void {
    this.start = Math.min(Math.max(start, this.dayStart), this.dayEnd - span);
    this.end = this.start + span;
  }
}
