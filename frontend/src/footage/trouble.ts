/** Why a moment of the past cannot be seen. */

/** Nothing is kept of it, there is no answer yet, or it cannot be loaded. */
export type Trouble = "missing" | "slow" | "failed";

/** Time in ms after which an answer is late: a disk may have to spin up first. */
const LATE = 6000;

export class TroubleWatch {
  trouble: Trouble | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Where what plays was last, and since when in ms. */
  private last: { time: number; since: number } | undefined;

  constructor(
    private readonly changed: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Watches a video: it is at a time, in UNIX s; undefined where it need not move. */
  at(time: number | undefined): void {
    if (time === undefined) this.last = undefined;
    else if (time !== this.last?.time) {
      // It has moved again.
      if (this.last && this.trouble === "slow") this.clear();
      this.last = { time, since: this.now() };
    } else if (this.now() - this.last.since > LATE && !this.trouble) this.set("slow");
  }

  /** Watches what is loaded; undefined is an answer that there is nothing. Rejects as it does. */
  async watch<T>(loading: Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.set("slow"), LATE);
    signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
    try {
      const found = await loading;
      if (!signal.aborted) this.end(found === undefined ? "missing" : undefined);
      return found;
    } catch (error) {
      if (!signal.aborted) this.end("failed");
      throw error;
    }
  }

  /** Something is seen, or something else is asked for. */
  clear(): void {
    this.end(undefined);
  }

  private end(trouble: Trouble | undefined): void {
    clearTimeout(this.timer);
    this.set(trouble);
  }

  private set(trouble: Trouble | undefined): void {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.changed();
  }
}
