/** A controller that keeps an element's modal dialog open while the element wants it. */

import type { LitElement, ReactiveController } from "lit";

export class Modal implements ReactiveController {
  private shown = false;

  /** `wanted` returns whether the host's `dialog` should be open; evaluated after each update. */
  constructor(
    private readonly host: LitElement,
    private readonly wanted: () => boolean,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.host.requestUpdate();
  }

  hostUpdated(): void {
    const wanted = this.host.isConnected && this.wanted();
    // A dialog that the user has just closed stays closed, even before the host learns of it.
    if (wanted === this.shown) return;
    this.shown = wanted;
    const dialog = this.dialog!;
    if (wanted) dialog.showModal();
    else if (dialog.open) dialog.close();
  }

  /** A dialog removed from the DOM, as when a phone is turned, is no longer modal, but still reports to be open. */
  hostDisconnected(): void {
    this.shown = false;
    this.dialog?.removeAttribute("open");
  }

  close(): void {
    this.dialog?.close();
  }

  private get dialog(): HTMLDialogElement | null {
    return this.host.renderRoot.querySelector("dialog");
  }
}
