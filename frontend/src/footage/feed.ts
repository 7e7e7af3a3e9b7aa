/** Which player shows the present: that of the footage, or Home Assistant's own where there is none to show. */

import type { ReactiveControllerHost } from "lit";

export class Feed {
  /** Why the footage cannot show it: it does not reach the present, or the browser does not play it. */
  private missing: "cold" | "failed" | undefined;
  private again = false;

  constructor(private readonly host: Pick<ReactiveControllerHost, "requestUpdate">) {}

  /** Whether the footage shows the present, or tries to. */
  get wanted(): boolean {
    return this.missing === undefined || this.again;
  }

  /** Whether Home Assistant's own player shows it, also below footage that has no picture yet. */
  get missed(): boolean {
    return this.missing !== undefined;
  }

  /** A new start asks the footage first. */
  start(): void {
    this.missing = undefined;
    this.again = false;
  }

  /** The footage has a picture. */
  shown(): void {
    if (!this.missed) return;
    this.start();
    this.host.requestUpdate();
  }

  fail(cold: boolean): void {
    this.missing = cold ? "cold" : "failed";
    this.again = false;
    this.host.requestUpdate();
  }

  /** Tries footage that may reach the present by now; what failed for another reason would fail again. */
  retry(): void {
    if (this.missing !== "cold" || this.again) return;
    this.again = true;
    this.host.requestUpdate();
  }
}
