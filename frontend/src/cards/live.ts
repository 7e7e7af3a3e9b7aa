/** The live picture: a poster at once, then Home Assistant's own player, its HLS alone, MJPEG, or stills. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { isAvailable } from "../ha/entities";
import type { HassEntity } from "../ha/types";
import { stills } from "../live/budget";
import { ImageFeed } from "../live/image-feed";
import { Restarts } from "../live/restarts";
import { setVolume, unmute } from "../live/sound";
import { sampleOf, Stillness } from "../stillness";
import { HassElement } from "./element";
import { liveStyles } from "./live.styles";

export type LiveMode = "auto" | "hls" | "mjpeg" | "still";
type Method = "player" | "hls" | "mjpeg" | "still";

const STREAM_FEATURE = 2;
const PLAYER = "ha-camera-stream";
const HLS_PLAYER = "ha-hls-player";
/** Delay in ms before a player that has failed is replaced; doubles up to eight times that. */
const RETRY = 2000;
/** Times that a player is replaced before MJPEG takes its place. */
const PLAYER_TRIES = 2;
/** Interval between checks of an MJPEG picture, in ms. */
const CHECK_INTERVAL = 2000;

/** What a player of Home Assistant has found in its stream. */
interface Streams {
  hasAudio: boolean;
  hasVideo: boolean;
}

/** How an entity is shown, given which elements this page has. */
export function liveMethod(
  state: HassEntity,
  mode: LiveMode,
  has: (element: string) => boolean,
): Method {
  if (mode === "still" || mode === "mjpeg") return mode;
  const streams = (Number(state.attributes["supported_features"] ?? 0) & STREAM_FEATURE) !== 0;
  if (!streams) return "mjpeg";
  // Home Assistant's player also starts WebRTC where the camera has it.
  if (mode === "hls") return has(HLS_PLAYER) ? "hls" : "mjpeg";
  return has(PLAYER) ? "player" : "mjpeg";
}

/** Fires `live-audio` (detail: true) once there is sound, and `live-silenced`: the browser allows no sound yet. */
export class LivePicture extends HassElement {
  static override properties = {
    entityId: { attribute: false },
    mode: { attribute: false },
    active: { type: Boolean },
    name: { attribute: false },
    sound: { type: Boolean },
    volume: { type: Number },
    poster: { state: true },
    ready: { state: true },
    broken: { state: true },
  };
  declare entityId: string;
  declare mode: LiveMode;
  declare active: boolean;
  declare name: string;
  declare sound: boolean;
  declare volume: number;
  declare private poster: string | undefined;
  declare private ready: boolean;
  /** The player has failed, and is replaced soon. */
  declare private broken: boolean;
  private leavePoster: () => void = () => undefined;
  private timer: number | undefined;
  private checkTimer: number | undefined;
  private failures = 0;
  /** Number of starts: each has elements of its own. */
  private starts = 0;
  /** Number of image requests: makes each URL unique, since a browser may not load the same one again. */
  private requests = 0;
  private startedMethod: Method | undefined;
  private readonly restarts = new Restarts();
  /** Home Assistant's player has found nothing to play, and would open MJPEG without a place. */
  private unplayable = false;
  private stillness = new Stillness();
  private readonly feed = new ImageFeed(
    { stream: () => this.streamUrl(), still: () => this.stillUrl() },
    () => this.requestUpdate(),
  );

  constructor() {
    super();
    this.mode = "auto";
    this.active = false;
    this.name = "";
    this.sound = false;
    this.volume = 1;
    this.ready = false;
    this.broken = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // Moved within the page: what ran has ended.
    this.startedMethod = undefined;
    this.requestUpdate();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const state = this.hass?.states[this.entityId];
    const asked = ["active", "entityId", "mode"].some((name) => changed.has(name));
    const anew = this.restarts.seen(state) || asked;
    if (anew) this.unplayable = false;
    const method = state && this.method(state);
    // Home Assistant's player may load later: then what ran until now ends.
    if (method === this.startedMethod && !anew) return;
    this.startedMethod = method;
    this.end();
    if (state && this.isConnected) this.begin(state);
  }

  protected override render(): TemplateResult | typeof nothing {
    const state = this.hass?.states[this.entityId];
    if (!this.hass || !state) return nothing;
    return html`
      ${this.poster && !this.ready
        ? html`<img
            class="poster"
            src=${this.poster}
            alt=""
            @load=${() => this.leavePoster()}
            @error=${this.posterFailed}
          />`
        : nothing}
      ${this.active ? keyed(this.starts, this.renderLive(state)) : nothing}
      ${this.active && (this.feed.lost || this.broken)
        ? html`<div class="lost" role="status">${this.t("live.lost")}</div>`
        : nothing}
    `;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("volume")) setVolume(this.renderRoot as ShadowRoot, this.volume);
    if (changed.has("sound")) void this.checkSound();
  }

  private renderLive(state: HassEntity): TemplateResult | typeof nothing {
    const label = this.t("live.label", { name: this.name });
    const method = this.method(state);
    if (this.broken) return nothing;
    if (method === "player") {
      return html`<ha-camera-stream
        .hass=${this.hass}
        .stateObj=${state}
        .muted=${!this.sound}
        .controls=${false}
        aria-label=${label}
        @load=${this.loaded}
        @streams=${this.streamsFound}
      ></ha-camera-stream>`;
    }
    if (method === "hls") {
      return html`<ha-hls-player
        autoplay
        playsinline
        .hass=${this.hass}
        .entityid=${this.entityId}
        .muted=${!this.sound}
        .controls=${false}
        aria-label=${label}
        @load=${this.loaded}
        @streams=${this.streamsFound}
      ></ha-hls-player>`;
    }
    if (!this.feed.url) return nothing;
    return html`<img
      src=${this.feed.url}
      alt=${label}
      @load=${this.loaded}
      @error=${() => this.feed.failed()}
    />`;
  }

  private method(state: HassEntity): Method {
    if (this.unplayable) return "mjpeg";
    return liveMethod(state, this.mode, (name) => customElements.get(name) !== undefined);
  }

  private begin(state: HassEntity): void {
    const method = this.method(state);
    this.starts++;
    this.showPoster(state, method);
    if (!this.active || method === "player" || method === "hls") return;
    this.feed.start(method === "mjpeg");
    this.stillness = new Stillness();
    if (method === "mjpeg") this.checkTimer = window.setInterval(() => this.check(), CHECK_INTERVAL);
  }

  private showPoster(state: HassEntity, method: Method): void {
    const picture = state.attributes["entity_picture"];
    // An offline camera has none: a request would fail.
    const has = typeof picture === "string" && isAvailable(state);
    const poster = has ? this.hass!.hassUrl(picture) : undefined;
    if (poster === this.poster) return;
    this.poster = undefined;
    // Stills begin with one themselves.
    if (poster === undefined || (this.active && method === "still")) return;
    this.leavePoster = stills.take(() => {
      this.poster = poster;
    });
  }

  private end(): void {
    window.clearTimeout(this.timer);
    window.clearInterval(this.checkTimer);
    // Chrome keeps reading an MJPEG image after its element is removed.
    const image = this.renderRoot?.querySelector<HTMLImageElement>("img:not(.poster)");
    image?.removeAttribute("src");
    this.feed.stop();
    this.leavePoster();
    this.ready = false;
    this.broken = false;
    this.failures = 0;
  }

  private streamUrl(): string {
    const token = encodeURIComponent(String(this.attribute("access_token")));
    const again = this.requests++ ? `&_=${this.requests}` : "";
    return this.hass!.hassUrl(`/api/camera_proxy_stream/${this.entityId}?token=${token}${again}`);
  }

  private stillUrl(): string {
    const picture = String(this.attribute("entity_picture"));
    return this.hass!.hassUrl(`${picture}${picture.includes("?") ? "&" : "?"}_=${Date.now()}`);
  }

  private attribute(name: string): unknown {
    return this.hass?.states[this.entityId]?.attributes[name] ?? "";
  }

  /** Requests an MJPEG picture again that has ended or failed without an event. */
  private check(): void {
    const image = this.renderRoot.querySelector<HTMLImageElement>("img:not(.poster)");
    // A detected failure waits for its next retry.
    if (!image || !this.feed.streaming) return;
    let sample: string | undefined;
    try {
      sample = sampleOf(image);
    } catch {
      // On a cast device the picture has another origin, so that its pixels cannot be read.
      window.clearInterval(this.checkTimer);
      return;
    }
    if (sample === undefined) this.feed.failed();
    else if (this.stillness.update(sample, performance.now())) this.feed.renew();
  }

  private loaded(): void {
    this.leavePoster();
    this.ready = true;
    this.failures = 0;
    this.feed.loaded();
    setVolume(this.renderRoot as ShadowRoot, this.volume);
    void this.checkSound();
  }

  private async streamsFound(event: CustomEvent<Streams>): Promise<void> {
    const { hasAudio, hasVideo } = event.detail;
    const player = event.currentTarget as HassElement;
    if (hasVideo) this.ready = true;
    if (hasAudio) this.fire("live-audio", true);
    if (hasVideo) return;
    if (player.localName === HLS_PLAYER) {
      this.playerFailed();
      return;
    }
    // Where nothing else plays, it shows MJPEG, which needs a place.
    await player.updateComplete;
    const image = player.shadowRoot?.querySelector("img");
    if (!image || !player.isConnected) return;
    image.removeAttribute("src");
    if (this.failures < PLAYER_TRIES) {
      this.playerFailed();
      return;
    }
    this.unplayable = true;
    this.requestUpdate();
  }

  private playerFailed(): void {
    this.broken = true;
    this.ready = false;
    const wait = RETRY * 2 ** Math.min(3, this.failures++);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.broken = false;
    }, wait);
  }

  /** A browser that allows no sound yet stops a video that should have it. */
  private async checkSound(): Promise<void> {
    if (this.sound && this.active && !(await unmute(this.renderRoot as ShadowRoot))) this.fire("live-silenced");
  }

  private posterFailed(): void {
    this.leavePoster();
    this.poster = undefined;
  }

  static override styles = liveStyles;
}
