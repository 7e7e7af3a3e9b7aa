/** The dialog of an element, over the whole page while the element wants it. */

import type { LitElement, ReactiveController } from "lit";

export class Modal implements ReactiveController {
  private shown = false;

  /** `wanted` tells whether the `dialog` that the host draws is to be open; asked after each update. */
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
    // One that its user has just closed stays closed, though the host is not yet told.
    if (wanted === this.shown) return;
    this.shown = wanted;
    const dialog = this.dialog!;
    if (wanted) dialog.showModal();
    else if (dialog.open) dialog.close();
  }

  /** Out of the page a dialog is modal no more, as when a phone is turned, but goes on saying that it is open. */
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
