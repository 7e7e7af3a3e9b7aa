/**
 * What the footage of a camera shows: the present, as soon as it is asked for, and the past. One player of Home
 * Assistant plays either; stills cover it until it is there, or are in its place.
 */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { type Extent, extentOf, lists } from "../footage/extent";
import { HLS_PLAYER, HlsPlayer, playable } from "../footage/hls-player";
import { KeepPlaying } from "../footage/keep-playing";
import type { Picture } from "../footage/previews";
import type { Rewind } from "../footage/rewind";
import type { PastSource } from "../footage/source";
import { VideoPlayback } from "../footage/video-playback";
import { setVolume, unmute } from "../live/sound";
import { HassElement } from "./element";

/** Live video that shows nothing for this long, in ms, has failed. */
const PATIENCE = 10_000;

/**
 * Fires `footage-shown` when it shows the present that is awaited, `footage-missing` when it cannot (detail: whether just because it
 * does not reach it), `live-audio` (detail: whether what is played has sound), and `live-silenced` as the live picture.
 */
export class FootagePicture extends HassElement {
  static override properties = {
    source: { attribute: false },
    rewind: { attribute: false },
    picture: { attribute: false },
    label: { attribute: false },
    live: { type: Boolean },
    past: { type: Boolean },
    covers: { type: Boolean, reflect: true },
    awaited: { type: Boolean },
    sound: { type: Boolean },
    volume: { type: Number },
    url: { state: true },
  };
  declare source: PastSource;
  declare rewind: Rewind;
  declare picture: Picture | undefined;
  declare label: string;
  /** Shows the present, unless `past`. */
  declare live: boolean;
  /** The past is shown, or about to be. */
  declare past: boolean;
  /** The past covers the present. */
  declare covers: boolean;
  /** Another player shows the present until this one does. */
  declare awaited: boolean;
  declare sound: boolean;
  declare volume: number;
  /** Of the playlist that is played. */
  declare private url: string | undefined;
  /** What is loaded, or about to be. */
  private extent: Extent | undefined;
  private player: HlsPlayer | undefined;
  /** What is played has a sound track. */
  private hasAudio = false;
  /** The rewind plays by this. */
  private attached = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly playback = new VideoPlayback(
    (time) => {
      const { timeline } = this.rewind;
      if (!this.extent || !lists(this.extent, time, timeline)) void this.load(extentOf(time, timeline));
    },
    () => (this.extent === "live" ? undefined : this.player),
    () => this.rewind.showVideo(),
    () => this.fail(),
    undefined,
    (time, last) => this.left(time, last),
  );

  private readonly keepPlaying = new KeepPlaying(
    () => !this.past && !this.covers,
    () => this.sound && this.hasAudio && this.volume > 0,
    () => this.stuck(),
  );

  constructor() {
    super();
    this.live = false;
    this.past = false;
    this.covers = false;
    this.awaited = false;
    this.sound = false;
    this.volume = 1;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate("past");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.playback.stop();
    this.rewind.attach(undefined);
    this.attached = false;
    this.unload();
  }

  /** The picture on screen, for whoever draws it otherwise. */
  get drawn(): HTMLImageElement | HTMLVideoElement | undefined {
    return this.renderRoot.querySelector("img") ?? this.player?.video;
  }

  protected override render(): TemplateResult {
    return html`
      ${this.url ? keyed(this.url, this.renderPlayer(this.url)) : nothing}
      ${this.picture ? html`<img src=${this.picture.url} alt=${this.label} />` : nothing}
    `;
  }

  private renderPlayer(url: string): TemplateResult {
    return html`<ha-hls-player
      ?autoplay=${this.extent === "live"}
      playsinline
      .hass=${this.hass}
      .url=${url}
      .muted=${!this.sound}
      aria-label=${this.label}
      @load=${this.loaded}
      @streams=${this.streamsFound}
    ></ha-hls-player>`;
  }

  protected override updated(changed: PropertyValues): void {
    const element = this.renderRoot.querySelector(HLS_PLAYER);
    if (element) this.player ??= new HlsPlayer(element);
    if (!this.isConnected) return;
    if (["rewind", "past", "covers", "live"].some((name) => changed.has(name))) this.turn();
    if (changed.has("volume")) setVolume(this.renderRoot as ShadowRoot, this.volume);
    if (changed.has("sound")) void this.checkSound();
  }

  /** Shows what it is to show now. */
  private turn(): void {
    if (this.covers && this.extent === "live") this.player?.video?.pause();
    if (this.past && this.attached) return;
    this.attached = this.source.playlist !== undefined && customElements.get(HLS_PLAYER) !== undefined;
    if (this.attached) this.rewind.attach(this.playback);
    if (this.past) return;
    if (!this.live) this.unload();
    else if (!this.plays()) void this.load("live");
  }

  /** The time from which on another playlist is needed, if one is, at a time that is shown, or is the last one. */
  private left(time: number, last: boolean): number | undefined {
    const { extent } = this;
    if (!extent || extent === "live") return undefined;
    const end = typeof extent === "string" ? undefined : extent.end;
    if (last) return end && Math.max(time, end);
    return lists(extent, time, this.rewind.timeline) ? undefined : time;
  }

  /** Whether it plays the present, or will. */
  private plays(): boolean {
    // One of the tape is long, or has an end.
    if (typeof this.extent === "object") return false;
    const video = this.player?.video;
    if (this.extent === "live" && !video?.paused) return true;
    return this.player?.goLive() ?? false;
  }

  private async load(extent: Extent): Promise<void> {
    this.unload();
    this.extent = extent;
    const stale = (): boolean => !this.isConnected || this.extent !== extent;
    if (extent === "live") this.timer = setTimeout(() => this.fail(), PATIENCE);
    let cold = true;
    const url = await playable(async () => {
      const found = await this.source.playlist?.(extent);
      cold = found === undefined;
      return found;
    });
    if (stale() || this.url) return;
    if (url === undefined) this.fail(cold);
    else this.url = url;
  }

  private unload(): void {
    clearTimeout(this.timer);
    this.keepPlaying.stop();
    this.extent = undefined;
    this.url = undefined;
    this.player = undefined;
    this.hasAudio = false;
  }

  private loaded(): void {
    clearTimeout(this.timer);
    if (this.player) this.keepPlaying.start(this.player);
    this.tellShown();
    setVolume(this.renderRoot as ShadowRoot, this.volume);
    void this.checkSound();
  }

  /** Tells of the first picture of the present once it is on the screen: until then, what lies below is seen. */
  private tellShown(): void {
    const { extent, player } = this;
    if (extent !== "live" || !this.awaited) return;
    const tell = (): void => {
      if (this.player === player && this.extent === extent) this.fire("footage-shown");
    };
    if (player?.video?.requestVideoFrameCallback) player.video.requestVideoFrameCallback(tell);
    else tell();
  }

  private streamsFound({ detail }: CustomEvent<{ hasAudio: boolean; hasVideo: boolean }>): void {
    if (!detail.hasVideo) {
      this.fail();
      return;
    }
    this.hasAudio = detail.hasAudio;
    this.fire("live-audio", detail.hasAudio);
  }

  private fail(cold = false): void {
    const { extent } = this;
    // From there on it plays single frames.
    if (extent !== "live") this.rewind.attach(undefined);
    this.unload();
    if (extent === "live" && !this.covers) this.fire("footage-missing", cold);
  }

  /** The present stands still. */
  private stuck(): void {
    if (this.extent === "live") this.fail();
    else void this.load("live");
  }

  private async checkSound(): Promise<void> {
    // The past may be paused.
    if (!this.sound || this.past) return;
    if (!(await unmute(this.renderRoot as ShadowRoot))) this.fire("live-silenced");
  }

  static override styles = css`
    :host {
      display: block;
    }
    :host([covers]) {
      background: #000;
    }
    img,
    ha-hls-player {
      position: absolute;
      inset: 0;
      width: 100%;
      height: 100%;
      object-fit: contain;
      --video-max-height: 100%;
    }
  `;
}
