/** The span of time that the bar of the past is long: what is in memory, or more of what is on tape. */

/** All that is held. */
export const ALL = Infinity;

/** Spans to choose from, in s, where there is footage for more than that. */
const SPANS = [60, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600];
/** Shortest span of a camera that keeps nothing in memory, in s. */
const SHORTEST = 60;
/** A tape counts from here on: so many times as long as what memory may hold. */
const LONGER = 1.25;
/** All that is held is so many times as long as the next span, at least. */
const NEARLY = 1.1;
/** A bar that is longer than this, in s, is too coarse for the ends of a part, and one of less has no place for it. */
const COARSE = 600;
const CLOSE = 30;
/** Where the bar is turned to: the share of it that is after the moment shown. */
const AHEAD = 0.5;

export class BarSpan {
  private chosen: number | undefined;
  /** Seconds that memory may hold; undefined while nothing is kept there. */
  private memory: number | undefined;
  /** Seconds from the oldest moment on tape to the present. */
  private reach = 0;
  /** UNIX s at the right end; undefined for the present. */
  private until: number | undefined;

  /** Sets what there is to choose from. */
  offer(memory: number | undefined, reach: number): void {
    this.memory = memory;
    this.reach = reach;
  }

  /** Spans to choose from, in s; one alone without a tape. */
  get choices(): number[] {
    const shortest = this.memory ?? SHORTEST;
    if (this.reach < shortest * LONGER) return [shortest];
    const longer = SPANS.filter((seconds) => seconds > shortest * LONGER && seconds * NEARLY < this.reach);
    return [shortest, ...longer, ALL];
  }

  get choice(): number {
    const { choices, chosen } = this;
    // What is in memory, or if nothing is, the next that there is.
    const usual = choices[this.memory === undefined ? 1 : 0] ?? choices[0]!;
    return chosen !== undefined && choices.includes(chosen) ? chosen : usual;
  }

  /** Whether it shows more than memory holds. */
  get wide(): boolean {
    return this.choice !== (this.memory ?? 0) && this.choices.length > 1;
  }

  /** Whether it ends before the present. */
  get turned(): boolean {
    return this.until !== undefined;
  }

  /** Seconds from the left end to the right one. */
  get full(): number {
    return this.choice === ALL ? Math.max(SHORTEST, Math.ceil(this.reach)) : this.choice;
  }

  /** Seconds before the present at the right end. */
  right(edge: number): number {
    return this.until === undefined ? 0 : Math.max(0, edge - this.until);
  }

  /** UNIX s at the left end; -Infinity where it shows all that there is. */
  oldest(edge: number): number {
    return this.choices.length > 1 ? edge - this.right(edge) - this.full : -Infinity;
  }

  /** Chooses a span, around the moment shown if that is not among the newest. */
  choose(seconds: number, shown: number | undefined, edge: number): void {
    this.chosen = seconds;
    this.until = undefined;
    this.follow(shown, edge);
  }

  /** Chooses the next longer span, or the next shorter one; undefined if there is none. */
  next(steps: 1 | -1): number | undefined {
    return this.choices[this.choices.indexOf(this.choice) + steps];
  }

  /** Chooses a span in which the ends of a short part can be told apart. */
  closeUp(shown: number, edge: number): void {
    const close = this.choices.find((seconds) => seconds >= CLOSE);
    if (this.full > COARSE || this.full < CLOSE) this.choose(close ?? this.choice, shown, edge);
  }

  /** Turns to a moment that has left it, and to the present without one; returns whether it did. */
  follow(shown: number | undefined, edge: number): boolean {
    const before = this.until;
    if (shown === undefined || this.choices.length === 1) this.until = undefined;
    else {
      const ago = edge - shown - this.right(edge);
      if (ago >= 0 && ago <= this.full + 1) return false;
      const until = shown + AHEAD * this.full;
      this.until = until < edge ? until : undefined;
    }
    return this.until !== before;
  }

  /** Shows what it shows at first. */
  reset(): void {
    this.chosen = undefined;
    this.until = undefined;
  }
}
