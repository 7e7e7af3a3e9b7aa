/** A live camera with what is needed right after something has happened. */

import { html, nothing, type TemplateResult } from "lit";
import { act, choose, type Saved } from "../ha/actions";
import {
  domainOf,
  entryIdOf,
  firstCamera,
  isAvailable,
  nameOf,
  siblingState,
} from "../ha/entities";
import { lookbackOf } from "../ha/lookback";
import { signPath } from "../ha/sign";
import type { CardConfig, GridOptions, Hass, HassEntity } from "../ha/types";
import { formatBytes, formatSeconds } from "../localize/format";
import { hasText, type TextKey } from "../localize/index";
import type { Charset } from "../player/charset";
import { DEFAULT_LOOK } from "../player/picture";
import { type Message, RetrocamCard } from "./base";
import { cameraStyles } from "./camera-card.styles";
import { aspectOf, cameraForm, type Form } from "./forms";
import { iconButton } from "./icon-button";
import { icon } from "./icons";
import type { LiveMode } from "./live";
import { layoutIcon } from "./layouts";
import { arrowed, tabIndexOf } from "./radios";
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
const EXTEND_SECONDS = 30;
/** A link to a clip works for this long, in s: long enough to open it after a call. */
const LINK_SECONDS = 3600;

export class CameraCard extends RetrocamCard<CameraCardConfig> {
  static override properties = { ascii: { state: true }, live: { state: true } };
  declare private ascii: boolean | undefined;
  declare private live: boolean;

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

  protected began(): void {
    this.live = true;
  }

  protected ended(): void {
    this.live = false;
  }

  protected body(hass: Hass, config: CameraCardConfig): TemplateResult {
    const name = nameOf(hass, this.entityId, config.name);
    const state = hass.states[this.entityId]!;
    const ascii = this.ascii ?? config.ascii ?? false;
    const aspect = aspectOf(config.aspect_ratio);
    return html`
      <div class="stage" style="aspect-ratio:${aspect}">
        <retrocam-live
          .hass=${hass}
          .entityId=${this.entityId}
          .mode=${config.live ?? "auto"}
          .name=${name}
          ?active=${this.live && !ascii && isAvailable(state)}
        ></retrocam-live>
        ${ascii ? this.renderAscii(hass, config) : nothing}
        <div class="caption">
          ${this.renderRecording(hass)}<span class="name">${name}</span>
          ${isAvailable(state)
            ? nothing
            : html`<span class="tag">${this.t("error.unavailable")}</span>`}
        </div>
        ${this.fullscreen.on ? this.renderFullscreenButton("leave") : nothing}
      </div>
      ${config.controls === false ? nothing : this.renderControls(hass, config, ascii, state)}
      ${this.renderMessage()}
    `;
  }

  private renderAscii(hass: Hass, config: CameraCardConfig): TemplateResult {
    return html`<retrocam-screen
      .hass=${hass}
      .entryId=${entryIdOf(hass, this.entityId)}
      .look=${{ ...DEFAULT_LOOK, charset: config.charset ?? "auto" }}
      ?active=${this.live && isAvailable(hass.states[this.entityId])}
      ?muted=${true}
    ></retrocam-screen>`;
  }

  private renderControls(
    hass: Hass,
    config: CameraCardConfig,
    ascii: boolean,
    state: HassEntity,
  ): TemplateResult {
    const seconds = this.saveSeconds(config);
    const saving = this.busy === "save";
    const off = this.busy !== undefined || !isAvailable(state);
    const lookback = lookbackOf(hass, this.entityId);
    // A camera that tells nothing of it may have some; of one that is away there is what is held.
    const held = lookback ? lookback.armed && lookback.ready > 0 : isAvailable(state);
    return html`<div class="controls">
      ${this.renderGauge(hass)}
      <div class="row">
        <button class="filled save" ?disabled=${this.busy !== undefined || !held} aria-busy=${saving} @click=${this.save}>
          ${saving ? html`<span class="spinner"></span>` : icon("save")}
          <span>
            ${saving
              ? this.t("save.busy")
              : this.t("save.button", { seconds: formatSeconds(hass, seconds) })}
          </span>
        </button>
        <span class="icons">
          ${iconButton("camera", this.t("snapshot.button"), () => this.snapshot(), {
            disabled: off,
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
      ${this.renderLayouts(hass)}
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
    const lookback = lookbackOf(hass, this.entityId);
    if (!lookback) return nothing;
    if (!lookback.armed) return html`<div class="secondary gauge">${this.t("lookback.off")}</div>`;
    const { ready, full, bytes } = lookback;
    const seconds = formatSeconds(hass, ready);
    const text =
      bytes === undefined
        ? this.t("lookback.ready", { seconds })
        : this.t("lookback.ready_size", { seconds, size: formatBytes(hass, bytes) });
    return html`<div
      class="gauge"
      role="meter"
      aria-label=${this.t("lookback.label")}
      aria-valuemin="0"
      aria-valuemax=${full}
      aria-valuenow=${Math.min(full, ready)}
      aria-valuetext=${text}
    >
      <div class="bar"><div style="width:${Math.min(100, (ready / full) * 100)}%"></div></div>
      <div class="secondary">${text}</div>
    </div>`;
  }

  private renderRecording(hass: Hass): TemplateResult | typeof nothing {
    const recording = siblingState(hass, this.entityId, "binary_sensor", "recording");
    if (recording?.state !== "on") return nothing;
    const more = this.t("recording.extend", { seconds: formatSeconds(hass, EXTEND_SECONDS) });
    return html`<span class="recording" role="status">
      <span class="dot"></span>${this.t("recording.now")}
      ${iconButton("plus", `+ ${more}`, () => this.extend())}
      ${iconButton("stop", this.t("recording.stop"), () => this.stop())}
    </span>`;
  }

  private renderLayouts(hass: Hass): TemplateResult | typeof nothing {
    const select = siblingState(hass, this.entityId, "select", "layout");
    const options = select?.attributes["options"];
    if (!select || !Array.isArray(options)) return nothing;
    const names = options.map(String);
    return html`<div
      class="row layouts"
      role="radiogroup"
      aria-label=${this.t("layout.label")}
      @keydown=${arrowed}
    >
      ${names.map((option) => {
        const key = `layout.${option}`;
        const label = hasText(key) ? this.t(key as TextKey) : option;
        return html`<button
          role="radio"
          aria-checked=${option === select.state}
          tabindex=${tabIndexOf(option, names, select.state)}
          aria-label=${label}
          title=${label}
          @click=${() => this.choose(option)}
        >
          ${layoutIcon(option)}
        </button>`;
      })}
    </div>`;
  }

  private saveSeconds(config: CameraCardConfig): number {
    return Math.max(1, Number(config.save_seconds) || SAVE_SECONDS);
  }

  private async save(): Promise<void> {
    const hass = this.hass!;
    const lookback = this.saveSeconds(this.config!);
    await this.attempt("save", async () => {
      const clip = await act<Saved>(hass, "record", this.entityId, { lookback, duration: 0 });
      const seconds = formatSeconds(hass, clip?.duration ?? clip?.lookback ?? lookback);
      return this.linked(this.t("save.done", { seconds }), clip, "save.open");
    });
  }

  private async snapshot(): Promise<void> {
    await this.attempt("snapshot", async () => {
      const picture = await act<Saved>(this.hass!, "take_snapshot", this.entityId);
      return this.linked(this.t("snapshot.done"), picture, "snapshot.open");
    });
  }

  private async linked(text: string, saved: Saved | undefined, key: TextKey): Promise<Message> {
    if (!saved?.url) return { text };
    const path = await signPath(this.hass!, saved.url, LINK_SECONDS);
    return { text, link: { href: this.hass!.hassUrl(path), label: this.t(key) } };
  }

  private async extend(): Promise<void> {
    await this.attempt("extend", async () => {
      await act(this.hass!, "extend_recording", this.entityId, { duration: EXTEND_SECONDS });
      return undefined;
    });
  }

  private async stop(): Promise<void> {
    await this.attempt("stop", async () => {
      await act(this.hass!, "stop_recording", this.entityId);
      return undefined;
    });
  }

  private async choose(option: string): Promise<void> {
    await this.attempt("layout", async () => {
      await choose(this.hass!, this.entityId, "layout", option);
      return undefined;
    });
  }

  static override styles = [shared, cameraStyles];
}
