/** One snapshot in full screen, with steps to its neighbours. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { iconButton } from "../cards/icon-button";
import type { ShareApi, Snapshot } from "./api";
import { PageElement } from "./element";
import { t, formatMoment } from "./words";

/** More of the list is requested this close to its end. */
const AHEAD = 5;

/** Fires `older` when the guest comes near the end of the list. */
export class SnapshotViewer extends PageElement {
  static override properties = {
    api: { attribute: false },
    items: { attribute: false },
    index: { state: true },
    missing: { state: true },
  };
  declare api: ShareApi;
  /** Newest first. */
  declare items: Snapshot[];
  /** Index of the shown item; undefined while the viewer is closed. */
  declare private index: number | undefined;
  declare private missing: boolean;

  constructor() {
    super();
    this.items = [];
    this.missing = false;
  }

  open(index: number): void {
    this.show(index);
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has("index")) return;
    const dialog = this.querySelector("dialog")!;
    if (this.index !== undefined && !dialog.open) dialog.showModal();
    else if (this.index === undefined && dialog.open) dialog.close();
  }

  protected override render(): TemplateResult {
    const item = this.index === undefined ? undefined : this.items[this.index];
    return html`<dialog
      class="viewer"
      aria-label=${t("viewer.label")}
      @close=${() => {
        this.index = undefined;
      }}
      @keydown=${this.pressed}
    >
      ${item ? this.renderItem(item, this.index!) : nothing}
    </dialog>`;
  }

  private renderItem(item: Snapshot, index: number): TemplateResult {
    const when = formatMoment(item);
    return html`
      ${this.missing
        ? html`<p class="none" role="status">${t("viewer.missing")}</p>`
        : html`<img
            src=${this.api.path(`snapshots/${encodeURIComponent(item.filename)}`)}
            alt=${t("share.snapshot", { time: when })}
            @error=${() => {
              this.missing = true;
            }}
          />`}
      <div class="bar bottom row">
        ${iconButton(
          "left",
          t("viewer.previous"),
          () => this.show(index + 1),
          { disabled: index + 1 >= this.items.length },
        )}
        <p class="grow" role="status">${when}</p>
        ${iconButton("right", t("viewer.next"), () => this.show(index - 1), {
          disabled: index === 0,
        })}
        ${iconButton("close", t("viewer.close"), () => {
          this.index = undefined;
        })}
      </div>
    `;
  }

  private show(index: number): void {
    if (index < 0 || index >= this.items.length) return;
    this.index = index;
    this.missing = false;
    if (index + AHEAD >= this.items.length) this.fire("older");
  }

  private pressed(event: KeyboardEvent): void {
    if (this.index === undefined) return;
    if (event.key === "ArrowLeft") this.show(this.index + 1);
    else if (event.key === "ArrowRight") this.show(this.index - 1);
    // Escape belongs to the dialog, and no key reaches the page behind it.
    event.stopPropagation();
  }
}
