/** Full screen for an element of a card, also on phones that allow full screen for videos only. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Set on the element while it covers the page without the Fullscreen API. */
export const COVER_CLASS = "cover";

export class Fullscreen implements ReactiveController {
  private element: HTMLElement | undefined;

  constructor(private readonly host: ReactiveControllerHost & Element) {
    host.addController(this);
  }

  get on(): boolean {
    return this.element !== undefined;
  }

  async toggle(element: HTMLElement): Promise<void> {
    if (this.element) {
      this.leave();
      return;
    }
    this.element = element;
    document.addEventListener("keydown", this.pressed);
    document.addEventListener("fullscreenchange", this.changed);
    this.host.requestUpdate();
    try {
      await element.requestFullscreen();
    } catch {
      // Missing on iPhones, and refused in some iframes: the element covers the page instead.
      this.element?.classList.add(COVER_CLASS);
    }
  }

  leave(): void {
    const { element } = this;
    if (!element) return;
    this.element = undefined;
    element.classList.remove(COVER_CLASS);
    document.removeEventListener("keydown", this.pressed);
    document.removeEventListener("fullscreenchange", this.changed);
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.leave();
  }

  private readonly changed = (): void => {
    if (!document.fullscreenElement) this.leave();
  };

  private readonly pressed = (event: KeyboardEvent): void => {
    if (event.key === "Escape") this.leave();
  };
}
