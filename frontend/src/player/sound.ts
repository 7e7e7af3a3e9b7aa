/** The sound of a player: one `<audio>` element that joins at the time of the picture. */

import { type AudioPosition, MOST_LAG } from "./clock";

/** Delay in ms before sound that does not play is requested again; doubles each time. */
const PATIENCE = 3000;
const MOST_PATIENCE = 30_000;

export class Sound {
  /** Position 0 of the element on the stream's timeline, in µs. */
  startUs = 0;
  private startedAt: number | undefined;
  private patience = PATIENCE;
  private blocked = false;
  private turn = 0;

  /** `onBlocked` is called when the browser starts or stops to require a user gesture before it plays. */
  constructor(
    private readonly element: HTMLAudioElement,
    private readonly now: () => number,
    private readonly onBlocked: (blocked: boolean) => void,
  ) {
    element.addEventListener("playing", () => {
      this.patience = PATIENCE;
    });
  }

  get position(): AudioPosition {
    return this.element;
  }

  get wanted(): boolean {
    return this.startedAt !== undefined;
  }

  set volume(volume: number) {
    this.element.volume = volume;
  }

  /** Plays `address` from `startUs`. A later start or stop overrides one in progress. */
  async start(address: (startUs: number) => Promise<string>, startUs: number): Promise<void> {
    const turn = ++this.turn;
    this.startedAt = this.now();
    this.startUs = Math.max(0, Math.round(startUs));
    try {
      const url = await address(this.startUs);
      if (turn !== this.turn) return;
      this.element.src = url;
      await this.element.play();
      if (turn === this.turn) this.block(false);
    } catch (error) {
      if (turn !== this.turn) return;
      // Any other failure is retried by `needsStart`.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.block(true);
    }
  }

  /**
   * Whether to start (again) now: never started, silent for longer than the delay, or too far behind `live` (the
   * time of the arriving frames) to be followed. `sound` is the clock's position of it, undefined while silent.
   */
  needsStart(live: number, sound: number | undefined): boolean {
    if (this.blocked) return false;
    if (this.startedAt === undefined) return true;
    if (this.now() - this.startedAt < this.patience) return false;
    if (sound !== undefined && Math.abs(live - sound) < MOST_LAG) return false;
    this.patience = Math.min(MOST_PATIENCE, this.patience * 2);
    return true;
  }

  /** Silences the sound and ends its download. */
  stop(): void {
    this.turn++;
    this.startedAt = undefined;
    this.patience = PATIENCE;
    this.element.pause();
    if (this.element.hasAttribute("src")) {
      this.element.removeAttribute("src");
      this.element.load();
    }
    this.block(false);
  }

  private block(blocked: boolean): void {
    if (blocked === this.blocked) return;
    this.blocked = blocked;
    this.onBlocked(blocked);
  }
}
