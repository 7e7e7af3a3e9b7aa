/** The ASCII card: an ASCII player, or any Retrocam camera as ASCII. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { choose } from "../ha/actions";
import {
  domainOf,
  entryIdOf,
  isAvailable,
  isRetrocam,
  nameOf,
  siblingState,
} from "../ha/entities";
import {
  durationOf,
  isLoaded,
  isPlaying,
  play,
  positionOf,
  seek,
  type Transport,
  transport,
} from "../ha/player";
import type { CardConfig, GridOptions, Hass, HassEntity } from "../ha/types";
import type { Charset } from "../player/charset";
import { DEFAULT_LOOK, type Look } from "../player/picture";
import { asciiStyles } from "./ascii-card.styles";
import type { AsciiScreen } from "./ascii-screen";
import { RetrocamCard } from "./base";
import { asciiForm, aspectOf, type Form } from "./forms";
import { iconButton } from "./icon-button";
import { icon } from "./icons";
import { samplePicture } from "./sample-picture";
import { SeekBar } from "./seek-bar";
import { soundButton, volumeSlider } from "./sound-button";
import { shared } from "./styles";

export interface AsciiCardConfig extends CardConfig {
  charset?: Charset | "auto";
  colour?: boolean;
  muted?: boolean;
  aspect_ratio?: string;
  controls?: boolean;
}

/** Interval between redraws of the moving position, in ms. */
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
  };
  declare private live: boolean;
  declare private look: Look;
  declare private muted: boolean;
  declare private volume: number;
  /** The browser requires a click before it plays sound. */
  declare private blocked: boolean;
  declare private figures: boolean;
  declare private styling: boolean;
  private readonly seekBar = new SeekBar(this, (position) =>
    this.order(() => seek(this.hass!, this.entityId, position)),
  );
  private ticker: number | undefined;
  /** Counts requests to play or stop: the result of an earlier search is ignored. */
  private turn = 0;

  constructor() {
    super();
    this.live = false;
    this.look = DEFAULT_LOOK;
    this.muted = false;
    this.volume = 1;
    this.blocked = false;
    this.figures = false;
    this.styling = false;
  }

  static getConfigForm(): Form {
    return asciiForm();
  }

  /** `others` are entities that already have a card: a player is preferred to a camera without one. */
  static getStubConfig(hass: Hass, entities: string[], others: string[] = []): Partial<AsciiCardConfig> {
    const entity =
      [...entities, ...others].find((id) => isRetrocam(hass, id, "media_player")) ??
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
    // Only the slider's time changes by itself.
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
    const available = isAvailable(hass.states[this.entityId]);
    return html`
      ${player && controls
        ? html`<retrocam-search
            .hass=${hass}
            .entityId=${this.entityId}
            ?disabled=${!available}
            @play=${(event: CustomEvent<string>) => this.play(event.detail)}
          ></retrocam-search>`
        : nothing}
      <div class="stage" style="aspect-ratio:${aspectOf(config.aspect_ratio)}">
        <retrocam-screen
          .hass=${hass}
          .entryId=${entryIdOf(hass, this.entityId)}
          .look=${this.look}
          .volume=${this.volume}
          ?active=${this.live}
          ?away=${!available}
          ?muted=${this.muted || !player}
          ?figures=${this.figures}
          @screen-blocked=${(event: CustomEvent<boolean>) => {
            this.blocked = event.detail;
          }}
        ></retrocam-screen>
        ${this.mayRun
          ? nothing
          : html`<div class="sample" aria-hidden="true"><pre .textContent=${samplePicture()}></pre></div>`}
        ${this.blocked
          ? html`<button class="filled unblock" @click=${() => this.screen?.unblock()}>
              ${icon("sound")} ${this.t("screen.sound")}
            </button>`
          : nothing}
        ${this.fullscreen.on
          ? iconButton("shrink", this.t("fullscreen.leave"), () => this.toggleFullscreen(), {
              extra: "leave",
            })
          : nothing}
      </div>
      ${controls
        ? html`<div class="controls">
            <div class="title">${title}</div>
            ${player ? this.renderPosition(player) : nothing}
            ${this.renderButtons(hass, player)} ${this.styling ? this.renderLook(hass) : nothing}
          </div>`
        : nothing}
      ${this.renderMessage()}
    `;
  }

  private renderPosition(player: HassEntity): TemplateResult | typeof nothing {
    if (!isLoaded(player)) return nothing;
    const duration = durationOf(player);
    if (!duration) return html`<div class="secondary">${this.t("player.live")}</div>`;
    const position = positionOf(player, Date.now());
    const media = player.attributes["media_content_id"];
    const bar = this.seekBar.render({ position, duration, media, label: this.t("player.seek") });
    return html`<div class="position secondary">${bar}</div>`;
  }

  private renderButtons(hass: Hass, player: HassEntity | undefined): TemplateResult {
    const playing = isPlaying(player);
    const loaded = isLoaded(player);
    return html`<div class="row">
      ${player
        ? html`${iconButton(
            playing ? "pause" : "play",
            this.t(playing ? "player.pause" : "player.play"),
            () => this.transport(playing ? "media_pause" : "media_play"),
            { disabled: !loaded },
          )}
          ${iconButton("stop", this.t("player.stop"), () => this.transport("media_stop"), {
            disabled: !loaded,
          })}
          ${soundButton(hass, {
            silent: this.muted,
            toggle: () => {
              this.muted = !this.muted;
            },
          })}
          ${volumeSlider(hass, this.volume, (volume) => {
            this.volume = volume;
          }, this.muted)}`
        : nothing}
      <span class="grow"></span>
      ${iconButton("text", this.t("screen.text"), () => this.screen?.toggleText())}
      ${iconButton(
        "stats",
        this.t("screen.stats"),
        () => {
          this.figures = !this.figures;
        },
        { pressed: this.figures },
      )}
      ${iconButton(
        "look",
        this.t("player.look"),
        () => {
          this.styling = !this.styling;
        },
        { pressed: this.styling },
      )}
      ${iconButton("full", this.t("fullscreen.enter"), () => this.toggleFullscreen())}
    </div>`;
  }

  private renderLook(hass: Hass): TemplateResult {
    const preset = siblingState(hass, this.entityId, "select", "preset");
    return html`<retrocam-look
      .hass=${hass}
      .look=${this.look}
      .preset=${preset}
      @restyle=${(event: CustomEvent<Partial<Look>>) => {
        this.look = { ...this.look, ...event.detail };
      }}
      @preset=${(event: CustomEvent<string>) => this.choosePreset(event.detail)}
    ></retrocam-look>`;
  }

  private toggleFullscreen(): void {
    void this.fullscreen.toggle(this.renderRoot.querySelector<HTMLElement>(".stage")!);
  }

  private play(media: string): void {
    this.turn++;
    void this.order(() => play(this.hass!, this.entityId, media));
  }

  private transport(action: Transport): void {
    if (action === "media_stop") this.turn++;
    void this.order(() => transport(this.hass!, this.entityId, action));
  }

  private choosePreset(option: string): void {
    void this.order(() => choose(this.hass!, this.entityId, "preset", option));
  }

  /** Runs a command at once, even during a search; reports only failures. */
  private async order(action: () => Promise<unknown>): Promise<void> {
    const { turn } = this;
    this.message = undefined;
    try {
      await action();
    } catch (error) {
      if (turn === this.turn) this.message = this.failureOf(error);
    }
  }

  static override styles = [shared, asciiStyles];
}
