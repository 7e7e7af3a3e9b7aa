/** The live picture: a poster at once, then Home Assistant's own player, MJPEG, or stills. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { isAvailable } from "../ha/entities";
import type { HassEntity } from "../ha/types";
import { looksOf, Stillness } from "../stillness";
import { HassElement } from "./element";

export type LiveMode = "auto" | "hls" | "mjpeg" | "still";

const STREAM_FEATURE = 2;
/** Waiting time in ms before a lost picture is asked for again; doubles up to eight times that. */
const RETRY = 2000;
/** Between two stills, in ms. */
const STILL_INTERVAL = 10_000;
/** How often an MJPEG picture is looked at, in ms. */
const LOOK = 2000;

/** How the picture of an entity is shown, given what this page has. */
export function liveWay(
  state: HassEntity,
  mode: LiveMode,
  hasPlayer: boolean,
): "player" | "mjpeg" | "still" {
  if (mode === "still" || mode === "mjpeg") return mode;
  const streams = (Number(state.attributes["supported_features"] ?? 0) & STREAM_FEATURE) !== 0;
  return streams && hasPlayer ? "player" : "mjpeg";
}

export class LivePicture extends HassElement {
  static override properties = {
    entityId: { attribute: false },
    mode: { attribute: false },
    active: { type: Boolean },
    name: { attribute: false },
    source: { state: true },
    poster: { state: true },
    lost: { state: true },
    ready: { state: true },
  };
  declare entityId: string;
  declare mode: LiveMode;
  declare active: boolean;
  declare name: string;
  /** Address of the MJPEG stream while it is shown: kept when the token changes, since it goes on. */
  declare private source: string | undefined;
  declare private poster: string | undefined;
  declare private lost: boolean;
  declare private ready: boolean;
  private timer: number | undefined;
  private looker: number | undefined;
  private failures = 0;
  /** How often MJPEG was asked for: an address that was loaded once might not be loaded again. */
  private requests = 0;
  private begunAs: ReturnType<typeof liveWay> | undefined;
  private stillness = new Stillness();

  constructor() {
    super();
    this.mode = "auto";
    this.active = false;
    this.name = "";
    this.lost = false;
    this.ready = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const state = this.hass?.states[this.entityId];
    const way = state && this.way(state);
    // Home Assistant's player may be there only later: what ran until then is to end.
    const same = way === this.begunAs && !changed.has("active") && !changed.has("entityId");
    if (same && !changed.has("mode")) return;
    this.begunAs = way;
    this.end();
    if (state) this.begin(state);
  }

  protected override render(): TemplateResult | typeof nothing {
    const state = this.hass?.states[this.entityId];
    if (!this.hass || !state) return nothing;
    const label = this.t("live.label", { name: this.name });
    return html`
      ${this.poster && !this.ready
        ? html`<img class="poster" src=${this.poster} alt="" @error=${this.posterFailed} />`
        : nothing}
      ${this.active ? this.renderLive(state, label) : nothing}
      ${this.active && this.lost
        ? html`<div class="lost" role="status">${this.t("live.lost")}</div>`
        : nothing}
    `;
  }

  private renderLive(state: HassEntity, label: string): TemplateResult | typeof nothing {
    const way = this.way(state);
    if (way === "player") {
      return html`<ha-camera-stream
        .hass=${this.hass}
        .stateObj=${state}
        .muted=${true}
        .controls=${false}
        aria-label=${label}
        @load=${this.loaded}
        @streams=${this.loaded}
      ></ha-camera-stream>`;
    }
    if (!this.source) return nothing;
    return html`<img
      src=${this.source}
      alt=${label}
      @load=${this.loaded}
      @error=${this.failed}
    />`;
  }

  private way(state: HassEntity): ReturnType<typeof liveWay> {
    return liveWay(state, this.mode, customElements.get("ha-camera-stream") !== undefined);
  }

  private begin(state: HassEntity): void {
    const picture = state.attributes["entity_picture"];
    // Of a camera that is away there is none, and asking would be answered with an error.
    const has = typeof picture === "string" && isAvailable(state);
    this.poster = has ? this.hass!.hassUrl(picture) : undefined;
    if (!this.active) return;
    const way = this.way(state);
    if (way === "mjpeg") {
      this.source = this.streamUrl(state);
      this.stillness = new Stillness();
      this.looker = window.setInterval(() => this.look(), LOOK);
    } else if (way === "still") this.nextStill();
  }

  private end(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    window.clearInterval(this.looker);
    // Chrome goes on reading an MJPEG image whose element is gone.
    const image = this.renderRoot?.querySelector<HTMLImageElement>("img:not(.poster)");
    image?.removeAttribute("src");
    this.source = undefined;
    this.ready = false;
    this.lost = false;
    this.failures = 0;
  }

  private streamUrl(state: HassEntity): string {
    const token = encodeURIComponent(String(state.attributes["access_token"] ?? ""));
    const again = this.requests++ ? `&_=${this.requests}` : "";
    return this.hass!.hassUrl(`/api/camera_proxy_stream/${this.entityId}?token=${token}${again}`);
  }

  private stillUrl(): string {
    const picture = String(this.hass!.states[this.entityId]?.attributes["entity_picture"] ?? "");
    return this.hass!.hassUrl(`${picture}${picture.includes("?") ? "&" : "?"}_=${Date.now()}`);
  }

  private nextStill(): void {
    this.source = this.stillUrl();
    this.timer = window.setTimeout(() => this.nextStill(), STILL_INTERVAL);
  }

  /** Asks anew for an MJPEG picture that has ended or failed without a word. */
  private look(): void {
    const image = this.renderRoot.querySelector<HTMLImageElement>("img:not(.poster)");
    const state = this.hass?.states[this.entityId];
    // A failure that is known waits for its next attempt.
    if (!image || !state || this.source === undefined) return;
    let looks: string | undefined;
    try {
      looks = looksOf(image);
    } catch {
      // On a screen that Home Assistant casts to, the picture is of another origin: it may not be looked at.
      window.clearInterval(this.looker);
      return;
    }
    if (looks === undefined) this.failed();
    else if (this.stillness.see(looks, performance.now())) this.source = this.streamUrl(state);
  }

  private loaded(): void {
    this.ready = true;
    this.lost = false;
    this.failures = 0;
  }

  private posterFailed(): void {
    this.poster = undefined;
  }

  private failed(): void {
    this.lost = true;
    this.source = undefined;
    const wait = RETRY * 2 ** Math.min(3, this.failures++);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      const state = this.hass?.states[this.entityId];
      if (!state) return;
      if (this.way(state) === "still") this.nextStill();
      else this.source = this.streamUrl(state);
    }, wait);
  }

  static override styles = css`
    :host {
      display: block;
      position: relative;
      overflow: hidden;
      background: #000;
    }
    img,
    ha-camera-stream {
      position: absolute;
      inset: 0;
      width: 100%;
      height: 100%;
      object-fit: contain;
    }
    .lost {
      position: absolute;
      inset: auto 0 12px;
      margin: auto;
      width: max-content;
      max-width: 90%;
      padding: 6px 12px;
      border-radius: var(--ha-border-radius-md, 8px);
      color: #fff;
      background: rgb(0 0 0 / 65%);
    }
  `;
}
