/** Tells a card when it is seen, so that nothing runs while it is not. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/**
 * Calls `changed(true)` when the host is in the document, on screen and on a page that is shown, and
 * `changed(false)` as soon as one of these ends. Each call differs from the one before. `full` tells that a
 * part of the host fills the screen: it is seen then, wherever the host itself lies.
 */
export class Presence implements ReactiveController {
  private observer: IntersectionObserver | undefined;
  private onScreen = false;
  private connected = false;
  private wasSeen = false;
  private wasFull = false;

  constructor(
    private readonly host: ReactiveControllerHost & Element,
    private readonly changed: (seen: boolean) => void,
    private readonly full: () => boolean = () => false,
  ) {
    host.addController(this);
  }

  get seen(): boolean {
    return this.wasSeen;
  }

  hostConnected(): void {
    this.connected = true;
    document.addEventListener("visibilitychange", this.check);
    // A little before it scrolls into view, the picture begins to load.
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
    // What was not looked at meanwhile is told once more.
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
    const seen = this.connected && shown && document.visibilityState === "visible";
    if (seen === this.wasSeen) return;
    this.wasSeen = seen;
    this.changed(seen);
  };
}
