/** The snapshots, newest first, as a strip of thumbnails. */

import { html, nothing, type TemplateResult } from "lit";
import { formatTime } from "../localize/format";
import { LockedError, type ShareApi, type Snapshot } from "./api";
import { PageElement } from "./element";
import type { SnapshotViewer } from "./snapshot-viewer";
import { LANGUAGE, t, formatMoment, errorText } from "./words";

/** Page size. */
const LISTED = 30;

export class HistoryStrip extends PageElement {
  static override properties = {
    api: { attribute: false },
    items: { state: true },
    problem: { state: true },
  };
  declare api: ShareApi;
  /** Undefined while the first page loads. */
  declare private items: Snapshot[] | undefined;
  declare private problem: string;
  private busy = false;
  /** Whether there may be older ones. */
  private more = true;

  constructor() {
    super();
    this.problem = "";
  }

  protected override firstUpdated(): void {
    void this.older();
  }

  protected override render(): TemplateResult {
    const { items } = this;
    return html`
      <p class="problem" role="alert">${this.problem}</p>
      ${items?.length === 0 ? html`<p class="none" role="status">${t("share.history_empty")}</p>` : nothing}
      <ul class="strip" aria-label=${t("share.history")}>
        ${items?.map((item, index) => this.renderItem(item, index))}
        ${items?.length && this.more
          ? html`<li>
              <button type="button" class="chip" @click=${() => void this.older()}>
                ${t("share.history_older")}
              </button>
            </li>`
          : nothing}
      </ul>
      <retrocam-share-viewer
        .api=${this.api}
        .items=${items ?? []}
        @older=${() => void this.older()}
      ></retrocam-share-viewer>
    `;
  }

  private renderItem(item: Snapshot, index: number): TemplateResult {
    return html`<li>
      <button
        type="button"
        class="thumb"
        aria-label=${t("share.snapshot", { time: formatMoment(item) })}
        @click=${() => this.querySelector<SnapshotViewer>("retrocam-share-viewer")?.open(index)}
      >
        <img
          src=${this.api.path(`thumbnails/${encodeURIComponent(item.filename)}`)}
          alt=""
          loading="lazy"
        />
        <span>${formatTime(LANGUAGE, item.time)}</span>
      </button>
    </li>`;
  }

  private async older(): Promise<void> {
    if (this.busy || !this.more) return;
    this.busy = true;
    this.problem = "";
    try {
      const before = this.items?.[this.items.length - 1]?.timestamp;
      const found = await this.api.snapshots(LISTED, before);
      this.more = found.length === LISTED;
      this.items = [...(this.items ?? []), ...found];
    } catch (error) {
      if (!(error instanceof LockedError)) this.problem = errorText(error);
    } finally {
      this.busy = false;
    }
  }
}
