/** The live picture as MJPEG, requested again when it is lost. */

import { html, nothing, type TemplateResult } from "lit";
import type { ShareApi } from "./api";
import { PageElement } from "./element";
import { sampleOf, Stillness } from "../stillness";
import { t } from "./words";

/** Delay in ms before a lost picture is requested again; doubles up to eight times that. */
const RETRY = 1000;
/** Interval between checks of the picture, in ms. */
const CHECK_INTERVAL = 2000;

/** Runs while it is in the page. Fires `live-lost` when there is no picture, and `live-shown` when there is. */
export class ShareLive extends PageElement {
  static override properties = {
    api: { attribute: false },
    name: { attribute: false },
    full: { attribute: false },
    attempt: { state: true },
    lost: { state: true },
  };
  declare api: ShareApi;
  declare name: string;
  /** The guest has too many open streams for another one. */
  declare full: boolean;
  /** Number of the request; 0 if none is running. */
  declare private attempt: number;
  declare private lost: boolean;
  private requests = 0;
  private failures = 0;
  private timer: number | undefined;
  private checkTimer: number | undefined;
  private readonly stillness = new Stillness();

  constructor() {
    super();
    this.name = "";
    this.full = false;
    this.attempt = 0;
    this.lost = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.restart();
    this.checkTimer = window.setInterval(() => this.check(), CHECK_INTERVAL);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.timer);
    window.clearInterval(this.checkTimer);
    this.timer = undefined;
    // Chrome keeps reading an MJPEG image after its element is removed.
    this.querySelector("img")?.removeAttribute("src");
    this.attempt = 0;
  }

  /** Requests the picture again: the network was lost. */
  restart(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    this.attempt = ++this.requests;
  }

  protected override render(): TemplateResult {
    const label = t("live.label", { name: this.name });
    return html`
      ${this.attempt
        ? html`<img
            src=${this.api.path(`mjpeg?n=${this.attempt}`)}
            alt=${label}
            @load=${this.loaded}
            @error=${this.failed}
          />`
        : nothing}
      ${this.lost ? html`<p class="lost" role="status">${t(this.full ? "share.full" : "live.lost")}</p>` : nothing}
    `;
  }

  private loaded(): void {
    this.failures = 0;
    this.lost = false;
    this.fire("live-shown");
  }

  private check(): void {
    const image = this.querySelector("img");
    // A detected failure waits for its next retry.
    if (!image || this.timer !== undefined) return;
    const sample = sampleOf(image);
    if (sample === undefined) this.failed();
    else if (this.stillness.update(sample, performance.now())) {
      this.fire("live-lost");
      this.restart();
    }
  }

  private failed(): void {
    if (!this.isConnected) return;
    this.lost = true;
    this.fire("live-lost");
    const wait = RETRY * 2 ** Math.min(3, this.failures++);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.restart(), wait);
  }
}
