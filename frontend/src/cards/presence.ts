/** Tells a card whether it is visible, so that nothing runs while it is not. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/**
 * Calls `changed(true)` when the host is in the DOM, on screen and on a visible page, and `changed(false)` as
 * soon as one of these ends. Consecutive calls always differ. `full` returns whether a part of the host is in
 * full screen: then it is visible wherever the host lies.
 */
export class Presence implements ReactiveController {
  private observer: IntersectionObserver | undefined;
  private onScreen = false;
  private connected = false;
  private wasVisible = false;
  private wasFull = false;

  constructor(
    private readonly host: ReactiveControllerHost & Element,
    private readonly changed: (visible: boolean) => void,
    private readonly full: () => boolean = () => false,
  ) {
    host.addController(this);
  }

  get visible(): boolean {
    return this.wasVisible;
  }

  hostConnected(): void {
    this.connected = true;
    document.addEventListener("visibilitychange", this.check);
    // Starts loading shortly before the card scrolls into view.
    this.observer = new IntersectionObserver(
      (entries) => {
        this.onScreen = entries[entries.length - 1]!.isIntersecting;
        this.check();
      },
      { rootMargin: "64px" },
    );
    this.observer.observe(this.host);
  }

  hostUpdated(): void {
    if (this.wasFull === this.full()) return;
    this.wasFull = !this.wasFull;
    if (this.wasFull || !this.observer) return;
    // Reports again what was not observed meanwhile.
    this.observer.disconnect();
    this.observer.observe(this.host);
  }

  hostDisconnected(): void {
    this.connected = false;
    this.onScreen = false;
    document.removeEventListener("visibilitychange", this.check);
    this.observer?.disconnect();
    this.observer = undefined;
    this.check();
  }

  private readonly check = (): void => {
    const shown = this.onScreen || this.full();
    const visible = this.connected && shown && document.visibilityState === "visible";
    if (visible === this.wasVisible) return;
    this.wasVisible = visible;
    this.changed(visible);
  };
}
