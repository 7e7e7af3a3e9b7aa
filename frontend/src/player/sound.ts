/** The sound of a player: one `<audio>` element that joins at the picture's time. */

import { type AudioPosition, MOST_LAG } from "./clock";

/** Waiting time in ms before a sound that does not play is asked for anew; doubles each time. */
const PATIENCE = 3000;
const MOST_PATIENCE = 30_000;

export class Sound {
  /** Position 0 of the element on the stream's line, in µs. */
  startUs = 0;
  private startedAt: number | undefined;
  private patience = PATIENCE;
  private blocked = false;
  private turn = 0;

  /** `tell` hears that the browser wants a gesture of the user before it plays; or no longer does. */
  constructor(
    private readonly element: HTMLAudioElement,
    private readonly now: () => number,
    private readonly tell: (blocked: boolean) => void,
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

  /** Plays what `address` gives from `startUs` on. A later start or stop wins over one still under way. */
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
      // Any other failure is tried again by `needsStart`.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.block(true);
    }
  }

  /**
   * Whether to start (again) now: never started, not playing for longer than patience, or too far behind
   * `live`, the time of what arrives, to be followed. `sound` is where the clock hears it, undefined while silent.
   */
  needsStart(live: number, sound: number | undefined): boolean {
    if (this.blocked) return false;
    if (this.startedAt === undefined) return true;
    if (this.now() - this.startedAt < this.patience) return false;
    if (sound !== undefined && Math.abs(live - sound) < MOST_LAG) return false;
    this.patience = Math.min(MOST_PATIENCE, this.patience * 2);
    return true;
  }

  /** Silence, and no more bytes. */
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
    this.tell(blocked);
  }
}
