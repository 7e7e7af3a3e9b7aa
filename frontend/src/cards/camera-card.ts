/** The camera card: live video, and the controls needed right after an event. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { domainOf, entryIdOf, firstCamera, isAvailable, nameOf } from "../ha/entities";
import { PastChoice } from "../footage/choice";
import { Feed } from "../footage/feed";
import { Rewind } from "../footage/rewind";
import { isUnloaded, type Lookback, LookbackWatch } from "../ha/lookback";
import { Restarts } from "../live/restarts";
import { isHeardAt, SoundSwitch } from "../live/sound";
import type { CardConfig, GridOptions, Hass, HassEntity } from "../ha/types";
import { formatMoment, formatSeconds } from "../localize/format";
import type { Charset } from "../player/charset";
import { DEFAULT_LOOK } from "../player/picture";
import type { Drawn } from "../player/picture-cells";
import { shortAgo } from "./ago";
import { RetrocamCard } from "./base";
import { chooseLayout, extendRecording, savePast, stopRecording, takeSnapshot } from "./camera-actions";
import { cameraStyles } from "./camera-card.styles";
import type { FootagePicture } from "./footage-picture";
import { aspectOf, cameraForm, type Form } from "./forms";
import { iconButton } from "./icon-button";
import { icon } from "./icons";
import { layoutPicker } from "./layout-picker";
import type { LiveMode } from "./live";
import { keepsPast, pastBar } from "./past-bar";
import { recordingTag } from "./recording-tag";
import type { RewindPanel } from "./rewind-panel";
import { soundControl } from "./sound-button";
import { shared } from "./styles";

export interface CameraCardConfig extends CardConfig {
  live?: LiveMode;
  save_seconds?: number;
  ascii?: boolean;
  charset?: Charset | "auto";
  aspect_ratio?: string;
  controls?: boolean;
}

const SAVE_SECONDS = 10;
/** Pixels across of a picture whose place has no size yet. */
const PICTURE_WIDTH = 1280;

export class CameraCard extends RetrocamCard<CameraCardConfig> {
  static override properties = {
    ascii: { state: true },
    live: { state: true },
  };
  declare private ascii: boolean | undefined;
  declare private live: boolean;
  private readonly watch = new LookbackWatch(() => {
    if (this.watch.lookback?.told.spans.length && !this.rewind.active) this.feed.retry();
    this.requestUpdate();
  });
  private readonly past = new PastChoice(() => this.hass, () => this.watch.lookback?.told);
  private readonly rewind = new Rewind(
    this,
    () => this.past.of(this.entityId),
    () => this.pictureWidth(),
  );
  private readonly sound = new SoundSwitch(this);
  private readonly feed = new Feed(this);
  /** Number of starts of the camera: each has a player of its own. */
  private starts = 0;
  private readonly restarts = new Restarts();
  private readonly drawn = (): Drawn | undefined =>
    this.renderRoot.querySelector<FootagePicture>("retrocam-footage")?.drawn;

  constructor() {
    super();
    this.live = false;
  }

  static getConfigForm(): Form {
    return cameraForm();
  }

  static getStubConfig(hass: Hass, entities: string[]): Partial<CameraCardConfig> {
    return { entity: firstCamera(hass, entities) ?? "camera.retrocam" };
  }

  getGridOptions(): GridOptions {
    return { columns: 12, rows: "auto", min_columns: 6, min_rows: 4 };
  }

  protected accepts(entityId: string): boolean {
    return domainOf(entityId) === "camera";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.rewind.leave();
  }

  protected began(): void {
    this.live = true;
    this.sound.begin(this.entityId);
    this.rewind.resume();
  }

  protected ended(): void {
    this.live = false;
    this.sound.end();
    this.rewind.suspend();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const state = this.hass?.states[this.entityId];
    const restarted = this.restarts.seen(state);
    if (restarted) this.restarted();
    const reads = this.live && !this.asciiOn && isAvailable(state);
    if (restarted || !reads || this.rewind.covers) this.feed.start();
    this.watch.follow(this.live ? this.hass : undefined, this.entityId);
  }

  private restarted(): void {
    this.starts++;
    this.sound.audible = false;
  }

  protected body(hass: Hass, config: CameraCardConfig): TemplateResult {
    const name = nameOf(hass, this.entityId, config.name);
    const state = hass.states[this.entityId]!;
    const ascii = this.asciiOn;
    const { active, covers } = this.rewind;
    const reads = this.live && !ascii && isAvailable(state);
    const fed = this.past.mayFeed(this.entityId, config.live) && this.feed.wanted;
    const aspect = aspectOf(config.aspect_ratio);
    return html`
      <div class="stage" style="aspect-ratio:${aspect}">
        <retrocam-live
          .hass=${hass}
          .entityId=${this.entityId}
          .mode=${config.live ?? "auto"}
          .name=${name}
          ?sound=${this.sound.on && !active}
          .volume=${this.sound.volume}
          @live-audio=${this.sound.heard}
          @live-silenced=${this.sound.silenced}
          ?active=${reads && !covers && (!fed || this.feed.missed)}
        ></retrocam-live>
        ${this.live ? this.renderFootage(hass, name, reads && fed) : nothing}
        ${ascii ? this.renderAscii(hass, config, state) : nothing}
        ${this.live && active ? this.renderPlace(hass) : nothing}
        <div class="caption ${active ? "past" : ""}">
          ${recordingTag(hass, this.entityId, {
            extend: () => this.attempt("extend", () => extendRecording(hass, this.entityId)),
            stop: () => this.attempt("stop", () => stopRecording(hass, this.entityId)),
          })}<span class="name">${name}</span>
          ${isAvailable(state)
            ? nothing
            : html`<span class="tag">${this.t("error.unavailable")}</span>`}
          ${this.sound.audible && this.live && !ascii && !active ? soundControl(hass, this.sound) : nothing}
          ${active
            ? html`<retrocam-transport
                .hass=${hass}
                .view=${this.rewind.view(0)}
                .rewind=${this.rewind}
              ></retrocam-transport>`
            : nothing}
          ${this.fullscreen.on ? this.renderBar(hass) : nothing}
        </div>
        ${this.fullscreen.on ? this.renderFullscreenButton("leave") : nothing}
      </div>
      ${config.controls === false ? nothing : this.renderControls(hass, config, ascii, state)}
      ${this.renderMessage()}
    `;
  }

  private renderAscii(hass: Hass, config: CameraCardConfig, state: HassEntity): TemplateResult {
    const { covers } = this.rewind;
    return html`<retrocam-screen
      .hass=${hass}
      .entryId=${entryIdOf(hass, this.entityId)}
      .look=${{ ...DEFAULT_LOOK, charset: config.charset ?? "auto" }}
      .picture=${covers ? this.drawn : undefined}
      ?active=${this.live && (covers || isAvailable(state))}
      ?muted=${true}
    ></retrocam-screen>`;
  }

  /** The present from footage, if `live`, and the past. */
  private renderFootage(hass: Hass, name: string, live: boolean): TemplateResult | typeof nothing {
    const source = this.past.of(this.entityId);
    if (!source) return nothing;
    const { active, covers, picture, shown } = this.rewind;
    const time = shown === undefined ? "" : formatMoment(hass, shown * 1000, this.rewind.view(0).ago * 1000);
    const label = active ? this.t("rewind.picture", { name, time }) : this.t("live.label", { name });
    return html`${keyed(
      this.starts,
      html`<retrocam-footage
        .hass=${hass}
        .source=${source}
        .rewind=${this.rewind}
        .picture=${picture}
        .label=${label}
        ?live=${live}
        ?past=${active}
        ?covers=${covers}
        ?awaited=${this.feed.missed}
        ?sound=${this.sound.on && !this.feed.missed && (!active || isHeardAt(this.rewind.rate))}
        .volume=${this.sound.volume}
        @live-audio=${this.sound.heard}
        @live-silenced=${this.sound.silenced}
        @footage-shown=${() => this.feed.shown()}
        @footage-missing=${({ detail }: CustomEvent<boolean>) => this.feed.fail(detail)}
      ></retrocam-footage>`,
    )}`;
  }

  /** Where the past is, and the way back. */
  private renderPlace(hass: Hass): TemplateResult {
    const { time, ago } = this.rewind.view(0);
    const { trouble } = this.rewind;
    return html`<div class="top">
      <span class="pill" aria-hidden="true"
        ><b>${shortAgo(hass, ago)}</b>${time === undefined ? "" : formatMoment(hass, time * 1000, ago * 1000)}</span
      >
      <button class="pill live" @click=${this.returnToLive}>
        <span class="dot"></span>${this.t("player.live")}
      </button>
      ${this.sound.audible && this.rewind.playsVideo ? this.renderPastSound(hass) : nothing}
      ${trouble ? html`<span class="pill trouble" role="status">${this.t(`rewind.${trouble}`)}</span>` : nothing}
    </div>`;
  }

  private renderPastSound(hass: Hass): TemplateResult {
    const hindrance = isHeardAt(this.rewind.rate) ? undefined : this.t("rewind.silent");
    return html`<span class="pill hearing">${soundControl(hass, this.sound, hindrance)}</span>`;
  }

  private returnToLive(): void {
    this.rewind.goLive();
    // The button goes, and the focus with it.
    this.renderRoot.querySelector<RewindPanel>("retrocam-rewind")?.focus();
  }

  private renderControls(
    hass: Hass,
    config: CameraCardConfig,
    ascii: boolean,
    state: HassEntity,
  ): TemplateResult {
    const saving = this.busy === "save";
    const off = this.busy !== undefined || !isAvailable(state);
    const { lookback } = this;
    // Until it is known, there may be a lookback; a camera that is offline keeps what it has buffered.
    const canSave = lookback ? keepsPast(lookback) && lookback.ready + lookback.reach > 0 : isAvailable(state);
    return html`<div class="controls">
      ${this.fullscreen.on ? nothing : this.renderGauge(hass)}
      <div class="row">
        <button class="filled save" ?disabled=${this.busy !== undefined || !canSave} aria-busy=${saving} @click=${this.save}>
          ${saving ? html`<span class="spinner"></span>` : icon("save")}
          <span>
            ${saving
              ? this.t("save.busy")
              : this.saveLabel(hass, config)}
          </span>
        </button>
        <span class="icons">
          ${iconButton("camera", this.t("snapshot.button"), () => this.snapshot(), {
            // A still of the past is kept already.
            disabled: off || (this.rewind.active && !this.rewind.savable),
          })}
          ${iconButton(
            "ascii",
            this.t("ascii.show"),
            () => {
              this.ascii = !ascii;
            },
            { pressed: ascii },
          )}
          ${this.renderFullscreenButton("enter")}
        </span>
      </div>
      ${layoutPicker(hass, this.entityId, (option) =>
        this.attempt("layout", () => chooseLayout(hass, this.entityId, option)),
      )}
    </div>`;
  }

  private renderFullscreenButton(way: "enter" | "leave"): TemplateResult {
    return iconButton(
      way === "enter" ? "full" : "shrink",
      this.t(`fullscreen.${way}`),
      () => this.fullscreen.toggle(this.renderRoot.querySelector(".stage")!),
      { extra: way },
    );
  }

  private renderGauge(hass: Hass): TemplateResult | typeof nothing {
    const bar = this.renderBar(hass);
    if (bar !== nothing || this.lookback?.armed !== false) return bar;
    return html`<div class="secondary gauge">${this.t("lookback.off")}</div>`;
  }

  /** The bar of the past; nothing for a camera that keeps none. */
  private renderBar(hass: Hass): TemplateResult | typeof nothing {
    return pastBar(hass, this.rewind, this.past.of(this.entityId), this.lookback);
  }

  private saveSeconds(config: CameraCardConfig): number {
    return Math.max(1, Number(config.save_seconds) || SAVE_SECONDS);
  }

  private saveLabel(hass: Hass, config: CameraCardConfig): string {
    const { part } = this.rewind.marks;
    if (part) return this.t("rewind.save", { seconds: formatSeconds(hass, part.end - part.start) });
    return this.t("save.button", { seconds: formatSeconds(hass, this.saveSeconds(config)) });
  }

  private async save(): Promise<void> {
    const seconds = this.saveSeconds(this.config!);
    const { part } = this.rewind.marks;
    await this.attempt("save", () => savePast(this.hass!, this.entityId, part, seconds));
  }

  private async snapshot(): Promise<void> {
    await this.attempt("snapshot", () => takeSnapshot(this.hass!, this.entityId, this.rewind.shown));
  }

  /** Undefined while it is unknown, and of an unloaded entry. */
  private get lookback(): Lookback | undefined {
    return isUnloaded(this.hass!, this.entityId) ? undefined : this.watch.lookback;
  }

  private get asciiOn(): boolean {
    return this.ascii ?? this.config?.ascii ?? false;
  }

  /** Pixels across of the picture on this screen. */
  private pictureWidth(): number {
    const stage = this.renderRoot.querySelector(".stage");
    return Math.ceil((stage?.clientWidth ?? 0) * window.devicePixelRatio) || PICTURE_WIDTH;
  }

  static override styles = [shared, cameraStyles];
}
