/** The live picture as MJPEG, asked for anew when it is lost. */

import { html, nothing, type TemplateResult } from "lit";
import type { ShareApi } from "./api";
import { PageElement } from "./element";
import { looksOf, Stillness } from "../stillness";
import { t } from "./words";

/** Waiting time in ms before a lost picture is asked for again; doubles up to eight times that. */
const RETRY = 1000;
/** How often the picture is looked at, in ms. */
const LOOK = 2000;

/** Runs while it is in the page. Fires `live-lost` when there is no picture. */
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
  /** The guest has too many streams open for another one. */
  declare full: boolean;
  /** Number of the request; 0 while none is made. */
  declare private attempt: number;
  declare private lost: boolean;
  private requests = 0;
  private failures = 0;
  private timer: number | undefined;
  private looker: number | undefined;
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
    this.looker = window.setInterval(() => this.look(), LOOK);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.timer);
    window.clearInterval(this.looker);
    this.timer = undefined;
    // Chrome goes on reading an MJPEG image whose element is gone.
    this.querySelector("img")?.removeAttribute("src");
    this.attempt = 0;
  }

  /** Asks for the picture anew: the network was away. */
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
  }

  private look(): void {
    const image = this.querySelector("img");
    // A failure that is known waits for its next attempt.
    if (!image || this.timer !== undefined) return;
    const looks = looksOf(image);
    if (looks === undefined) this.failed();
    else if (this.stillness.see(looks, performance.now())) {
      this.tell("live-lost");
      this.restart();
    }
  }

  private failed(): void {
    if (!this.isConnected) return;
    this.lost = true;
    this.tell("live-lost");
    const wait = RETRY * 2 ** Math.min(3, this.failures++);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.restart(), wait);
  }
}
