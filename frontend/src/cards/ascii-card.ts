/** A player that shows any video as ASCII, or any camera of Retrocam. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { act } from "../ha/actions";
import {
  domainOf,
  entryIdOf,
  isRetrocam,
  nameOf,
  sibling,
  siblingState,
} from "../ha/entities";
import type { CardConfig, GridOptions, Hass, HassEntity } from "../ha/types";
import { formatDuration, formatNumber } from "../localize/format";
import { hasText, type TextKey } from "../localize/index";
import { type Charset, CHARSETS } from "../player/charset";
import { DEFAULT_LOOK, type Look } from "../player/picture";
import { asciiStyles } from "./ascii-card.styles";
import type { AsciiScreen } from "./ascii-screen";
import { RetrocamCard } from "./base";
import { asciiForm, aspectOf, type Form } from "./forms";
import { Fullscreen } from "./fullscreen";
import { icon, type IconName } from "./icons";
import type { BrowseItem } from "./media-browser";
import { shared } from "./styles";

export interface AsciiCardConfig extends CardConfig {
  charset?: Charset | "auto";
  colour?: boolean;
  muted?: boolean;
  aspect_ratio?: string;
  controls?: boolean;
}

/** States of a media player in which something is loaded. */
const ACTIVE = ["playing", "paused", "buffering"];
/** How often the position is drawn anew while it moves, in ms. */
const POSITION_INTERVAL = 1000;

export class AsciiCard extends RetrocamCard<AsciiCardConfig> {
  static override properties: PropertyDeclarations = {
    live: { state: true },
    look: { state: true },
    muted: { state: true },
    volume: { state: true },
    blocked: { state: true },
    figures: { state: true },
    styling: { state: true },
    browsing: { state: true },
  };
  declare private live: boolean;
  declare private look: Look;
  declare private muted: boolean;
  declare private volume: number;
  /** The browser wants a click before it plays sound. */
  declare private blocked: boolean;
  declare private figures: boolean;
  declare private styling: boolean;
  declare private browsing: boolean;
  private readonly fullscreen = new Fullscreen(this);
  private ticker: number | undefined;

  constructor() {
    super();
    this.live = false;
    this.look = DEFAULT_LOOK;
    this.muted = false;
    this.volume = 1;
    this.blocked = false;
    this.figures = false;
    this.styling = false;
    this.browsing = false;
  }

  static getConfigForm(): Form {
    return asciiForm();
  }

  static getStubConfig(hass: Hass, entities: string[]): Partial<AsciiCardConfig> {
    const entity =
      entities.find((id) => isRetrocam(hass, id, "media_player")) ??
      entities.find((id) => isRetrocam(hass, id, "camera"));
    return { entity: entity ?? "media_player.retrocam" };
  }

  override setConfig(config: AsciiCardConfig): void {
    super.setConfig(config);
    this.look = {
      ...DEFAULT_LOOK,
      charset: config.charset ?? "auto",
      colour: config.colour ?? true,
    };
    this.muted = config.muted ?? matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  getGridOptions(): GridOptions {
    return { columns: 12, rows: "auto", min_columns: 6, min_rows: 4 };
  }

  protected accepts(entityId: string): boolean {
    return ["media_player", "camera"].includes(domainOf(entityId));
  }

  protected began(): void {
    this.live = true;
    // Only the number on the slider moves by itself.
    this.ticker = window.setInterval(() => {
      if (this.player?.state === "playing") this.requestUpdate();
    }, POSITION_INTERVAL);
  }

  protected ended(): void {
    this.live = false;
    this.blocked = false;
    window.clearInterval(this.ticker);
  }

  /** The state of the player, undefined where the card shows a camera. */
  private get player(): HassEntity | undefined {
    if (domainOf(this.entityId) !== "media_player") return undefined;
    return this.hass?.states[this.entityId];
  }

  private get screen(): AsciiScreen | null {
    return this.renderRoot.querySelector<AsciiScreen>("retrocam-screen");
  }

  protected body(hass: Hass, config: AsciiCardConfig): TemplateResult {
    const { player } = this;
    const title = String(player?.attributes["media_title"] ?? nameOf(hass, this.entityId, config.name));
    const controls = config.controls !== false;
    return html`
      ${player && controls ? this.renderSearch() : nothing}
      <div class="stage" style="aspect-ratio:${aspectOf(config.aspect_ratio)}">
        <retrocam-screen
          .hass=${hass}
          .entryId=${entryIdOf(hass, this.entityId)}
          .look=${this.look}
          .volume=${this.volume}
          ?active=${this.live}
          ?muted=${this.muted || !player}
          ?figures=${this.figures}
          @screen-blocked=${(event: CustomEvent<boolean>) => {
            this.blocked = event.detail;
          }}
        ></retrocam-screen>
        ${this.blocked
          ? html`<button class="filled unblock" @click=${() => this.screen?.unblock()}>
              ${icon("sound")} ${this.t("screen.sound")}
            </button>`
          : nothing}
        ${this.fullscreen.on
          ? this.button("shrink", "fullscreen.leave", () => this.toggleFullscreen(), "leave")
          : nothing}
      </div>
      ${controls
        ? html`<div class="controls">
            <div class="title">${title}</div>
            ${player ? this.renderPosition(player) : nothing}
            ${this.renderButtons(player)} ${this.styling ? this.renderLook(hass) : nothing}
          </div>`
        : nothing}
      ${this.renderMessage()}
      ${player
        ? html`<retrocam-browser
            .hass=${hass}
            .entityId=${this.entityId}
            ?open=${this.browsing}
            @chosen=${(event: CustomEvent<BrowseItem>) => this.play(event.detail.media_content_id)}
            @close=${() => {
              this.browsing = false;
            }}
          ></retrocam-browser>`
        : nothing}
    `;
  }

  private renderSearch(): TemplateResult {
    return html`<form class="search row" role="search" @submit=${this.submitted}>
      <input
        type="search"
        name="media"
        class="grow"
        enterkeyhint="go"
        autocomplete="off"
        aria-label=${this.t("player.search")}
        placeholder=${this.t("player.search")}
      />
      <button
        aria-label=${this.t("player.search_button")}
        title=${this.t("player.search_button")}
        ?disabled=${this.busy !== undefined}
      >
        ${icon("search")}
      </button>
      <button
        type="button"
        aria-label=${this.t("player.browse")}
        title=${this.t("player.browse")}
        @click=${() => {
          this.browsing = true;
        }}
      >
        ${icon("folder")}
      </button>
    </form>`;
  }

  private renderPosition(player: HassEntity): TemplateResult | typeof nothing {
    if (!ACTIVE.includes(player.state)) return nothing;
    const duration = Number(player.attributes["media_duration"] ?? 0);
    if (!duration) return html`<div class="secondary">${this.t("player.live")}</div>`;
    const position = positionOf(player, Date.now());
    return html`<div class="position secondary">
      <span>${formatDuration(position)}</span>
      <input
        type="range"
        class="grow"
        min="0"
        max=${duration}
        step="1"
        aria-label=${this.t("player.seek")}
        aria-valuetext=${formatDuration(position)}
        .value=${String(position)}
        @change=${this.sought}
      />
      <span>${formatDuration(duration)}</span>
    </div>`;
  }

  private renderButtons(player: HassEntity | undefined): TemplateResult {
    const playing = player?.state === "playing" || player?.state === "buffering";
    const loaded = player !== undefined && ACTIVE.includes(player.state);
    return html`<div class="row">
      ${player
        ? html`${this.button(
            playing ? "pause" : "play",
            playing ? "player.pause" : "player.play",
            () => this.transport(playing ? "media_pause" : "media_play"),
            "",
            !loaded,
          )}
          ${this.button("stop", "player.stop", () => this.transport("media_stop"), "", !loaded)}
          ${this.button(
            this.muted ? "mute" : "sound",
            this.muted ? "player.unmute" : "player.mute",
            () => {
              this.muted = !this.muted;
            },
          )}
          <input
            type="range"
            class="volume"
            min="0"
            max="1"
            step="0.05"
            aria-label=${this.t("player.volume")}
            .value=${String(this.volume)}
            ?disabled=${this.muted}
            @input=${(event: Event) => {
              this.volume = Number((event.target as HTMLInputElement).value);
            }}
          />`
        : nothing}
      <span class="grow"></span>
      ${this.button("text", "screen.text", () => this.screen?.toggleText())}
      ${this.toggle("stats", "screen.stats", this.figures, () => {
        this.figures = !this.figures;
      })}
      ${this.toggle("look", "player.look", this.styling, () => {
        this.styling = !this.styling;
      })}
      ${this.button("full", "fullscreen.enter", () => this.toggleFullscreen())}
    </div>`;
  }

  private renderLook(hass: Hass): TemplateResult {
    return html`<div class="look">
      ${this.renderPresets(hass)}
      ${this.choices("player.charset", ["auto", ...CHARSETS], this.look.charset, "charset", (name) =>
        this.restyle({ charset: name as Charset | "auto" }),
      )}
      ${this.slider("player.contrast", "contrast", 0.5, 3)}
      ${this.slider("player.gamma", "gamma", 0.4, 2.5)}
      <div class="row">
        ${this.check("player.colour", "colour")} ${this.check("player.invert", "invert")}
      </div>
    </div>`;
  }

  private renderPresets(hass: Hass): TemplateResult | typeof nothing {
    const preset = siblingState(hass, this.entityId, "select", "preset");
    const options = preset?.attributes["options"];
    if (!preset || !Array.isArray(options)) return nothing;
    return this.choices("player.preset", options.map(String), preset.state, "preset", (option) => {
      const entity_id = sibling(hass, this.entityId, "select", "preset")!;
      void this.attempt("preset", async () => {
        await hass.callService("select", "select_option", { option }, { entity_id });
        return undefined;
      });
    });
  }

  private choices(
    label: TextKey,
    options: readonly string[],
    current: string,
    prefix: string,
    choose: (option: string) => void,
  ): TemplateResult {
    return html`<div class="row" role="radiogroup" aria-label=${this.t(label)}>
      <span class="secondary label">${this.t(label)}</span>
      ${options.map((option) => {
        const key = `${prefix}.${option}`;
        return html`<button
          class="chip"
          role="radio"
          aria-checked=${option === current}
          @click=${() => choose(option)}
        >
          ${hasText(key) ? this.t(key) : option}
        </button>`;
      })}
    </div>`;
  }

  private slider(label: TextKey, key: "contrast" | "gamma", min: number, max: number): TemplateResult {
    const value = this.look[key];
    return html`<label class="row">
      <span class="secondary label">${this.t(label)}</span>
      <input
        type="range"
        class="grow"
        min=${min}
        max=${max}
        step="0.05"
        .value=${String(value)}
        @input=${(event: Event) =>
          this.restyle({ [key]: Number((event.target as HTMLInputElement).value) })}
      />
      <span class="secondary figure">${formatNumber(this.hass, value, 2)}</span>
    </label>`;
  }

  private check(label: TextKey, key: "colour" | "invert"): TemplateResult {
    return html`<label class="check">
      <input
        type="checkbox"
        .checked=${this.look[key]}
        @change=${(event: Event) =>
          this.restyle({ [key]: (event.target as HTMLInputElement).checked })}
      />
      ${this.t(label)}
    </label>`;
  }

  private button(
    name: IconName,
    key: TextKey,
    action: () => void,
    extra = "",
    disabled = false,
  ): TemplateResult {
    const label = this.t(key);
    return html`<button
      class=${extra}
      aria-label=${label}
      title=${label}
      ?disabled=${disabled}
      @click=${action}
    >
      ${icon(name)}
    </button>`;
  }

  private toggle(name: IconName, key: TextKey, on: boolean, action: () => void): TemplateResult {
    const label = this.t(key);
    return html`<button aria-pressed=${on} aria-label=${label} title=${label} @click=${action}>
      ${icon(name)}
    </button>`;
  }

  private restyle(change: Partial<Look>): void {
    this.look = { ...this.look, ...change };
  }

  private toggleFullscreen(): void {
    void this.fullscreen.toggle(this.renderRoot.querySelector<HTMLElement>(".stage")!);
  }

  private submitted(event: SubmitEvent): void {
    event.preventDefault();
    const media = String(new FormData(event.target as HTMLFormElement).get("media") ?? "").trim();
    if (media) this.play(media);
  }

  private play(media: string): void {
    void this.attempt("play", async () => {
      await act(this.hass!, "play", this.entityId, { media });
      return undefined;
    });
  }

  private transport(service: string, data: object = {}): void {
    void this.attempt(service, async () => {
      await this.hass!.callService("media_player", service, data, { entity_id: this.entityId });
      return undefined;
    });
  }

  private sought(event: Event): void {
    const position = Number((event.target as HTMLInputElement).value);
    this.transport("media_seek", { seek_position: position });
  }

  static override styles = [shared, asciiStyles];
}

/** Seconds into the media at a moment (UNIX ms): the state tells where it was at the last change. */
export function positionOf(player: HassEntity, now: number): number {
  const { media_position, media_position_updated_at, media_duration } = player.attributes;
  let position = Number(media_position ?? 0);
  const updated = Date.parse(String(media_position_updated_at ?? ""));
  if (player.state === "playing" && Number.isFinite(updated)) position += (now - updated) / 1000;
  const duration = Number(media_duration ?? 0);
  return Math.max(0, duration > 0 ? Math.min(duration, position) : position);
}
