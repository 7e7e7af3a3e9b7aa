/** The live picture: a poster at once, then Home Assistant's own player, MJPEG, or stills. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { isAvailable } from "../ha/entities";
import type { HassEntity } from "../ha/types";
import { HassElement } from "./element";

export type LiveMode = "auto" | "hls" | "mjpeg" | "still";

const STREAM_FEATURE = 2;
/** Waiting time in ms before a lost picture is asked for again; doubles up to eight times that. */
const RETRY = 2000;
/** Between two stills, in ms. */
const STILL_INTERVAL = 10_000;

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
  private failures = 0;

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
    if (!changed.has("active") && !changed.has("entityId") && !changed.has("mode")) return;
    this.end();
    if (this.hass?.states[this.entityId]) this.begin();
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

  private begin(): void {
    const state = this.hass!.states[this.entityId]!;
    const picture = state.attributes["entity_picture"];
    // Of a camera that is away there is none, and asking would be answered with an error.
    const has = typeof picture === "string" && isAvailable(state);
    this.poster = has ? this.hass!.hassUrl(picture) : undefined;
    if (!this.active) return;
    const way = this.way(state);
    if (way === "mjpeg") this.source = this.streamUrl(state);
    else if (way === "still") this.nextStill();
  }

  private end(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
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
    return this.hass!.hassUrl(`/api/camera_proxy_stream/${this.entityId}?token=${token}`);
  }

  private stillUrl(): string {
    const picture = String(this.hass!.states[this.entityId]?.attributes["entity_picture"] ?? "");
    return this.hass!.hassUrl(`${picture}${picture.includes("?") ? "&" : "?"}_=${Date.now()}`);
  }

  private nextStill(): void {
    this.source = this.stillUrl();
    this.timer = window.setTimeout(() => this.nextStill(), STILL_INTERVAL);
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
