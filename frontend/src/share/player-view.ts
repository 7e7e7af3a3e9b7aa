/** The view of a player: its ASCII screen, and the controls allowed to guests. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { iconButton } from "../cards/icon-button";
import { icon } from "../cards/icons";
import { SeekBar } from "../cards/seek-bar";
import type { Init } from "../player/wire";
import { FullscreenView } from "./fullscreen-view";
import { choices } from "./element";
import type { ScreenState, ShareScreen } from "./screen";
import { named, stateWords, t } from "./words";

/** States with loaded media. */
const ACTIVE = ["playing", "paused", "buffering"];
/** Interval between updates of the position, in ms. */
const POSITION_INTERVAL = 500;
const VOLUME_STEP = 0.05;

export class PlayerView extends FullscreenView {
  static override properties: PropertyDeclarations = {
    init: { state: true },
    play: { state: true },
    muted: { state: true },
    volume: { state: true },
    blocked: { state: true },
    position: { state: true },
  };
  declare private init: Init | undefined;
  declare private play: ScreenState;
  declare private muted: boolean;
  declare private volume: number;
  /** The browser requires a touch before it plays sound. */
  declare private blocked: boolean;
  declare private position: number;
  private readonly seekBar = new SeekBar(this, (position) => {
    this.position = position;
    return this.order("seek", { position });
  });
  private ticker: number | undefined;

  constructor() {
    super();
    this.play = { linked: false, state: undefined, error: null };
    this.muted = false;
    this.volume = 1;
    this.blocked = false;
    this.position = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("click", this.clicked);
    this.ticker = window.setInterval(() => {
      if (!this.seekBar.holds) this.position = Math.floor(this.screen?.position ?? 0);
    }, POSITION_INTERVAL);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener("click", this.clicked);
    window.clearInterval(this.ticker);
  }

  override restart(): void {
    this.screen?.restart();
  }

  protected override willUpdate(): void {
    super.willUpdate();
    this.autoHide.hold("state", this.play.state !== "playing" || !this.play.linked || this.blocked);
  }

  protected override renderStage(): TemplateResult {
    const idle = this.play.linked && this.play.state === "idle" && !this.busy;
    this.classList.toggle("idle", this.play.state === "idle");
    return html`<retrocam-share-screen
        .api=${this.api}
        .volume=${this.volume}
        ?muted=${this.muted}
        @screen-init=${this.began}
        @screen-state=${this.changed}
        @screen-blocked=${(event: CustomEvent<boolean>) => {
          this.blocked = event.detail;
        }}
      ></retrocam-share-screen>
      ${idle
        ? html`<div class="empty">
            <img class="logo" src=${this.api.path("assets/share-icon.svg")} alt="" />
            <p>${t(this.info.control ? "share.hint" : "screen.idle")}</p>
          </div>`
        : nothing}
      ${this.blocked
        ? html`<button type="button" class="go unblock">
            ${icon("sound")} ${t("screen.sound")}
          </button>`
        : nothing}`;
  }

  protected override state(): string {
    const words = stateWords(this.play, this.info.full);
    if (words !== undefined || !this.init) return words ?? "";
    const playing = t(this.init.live ? "share.live" : "share.playing");
    return this.init.title ? `${playing}: ${this.init.title}` : playing;
  }

  protected override renderControls(): TemplateResult {
    const { control } = this.info;
    return html`
      ${control ? this.renderSearch() : nothing} ${this.renderPosition()}
      <div class="row">
        ${control ? this.renderTransport() : nothing} ${this.renderVolume()}
        <span class="grow"></span>
        ${control && this.info.presets.length > 1
          ? choices(
              t("player.preset"),
              this.info.presets.map((value) => ({ value, text: named("preset", value) })),
              this.info.preset,
              (preset) => void this.order("preset", { preset }),
            )
          : nothing}
      </div>
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
        autocapitalize="off"
        spellcheck="false"
        aria-label=${t("player.search")}
        placeholder=${t("player.search")}
        @focus=${() => this.autoHide.hold("typing", true)}
        @blur=${() => this.autoHide.hold("typing", false)}
      />
      <button class="go" aria-label=${t("share.search")}>${icon("search")}</button>
    </form>`;
  }

  private renderPosition(): TemplateResult | typeof nothing {
    const duration = this.init?.duration;
    if (!duration || this.init?.live || !this.active) return nothing;
    const bar = this.seekBar.render({
      position: this.position,
      duration,
      media: this.init?.title,
      label: t("player.seek"),
      disabled: !this.info.control,
    });
    return html`<div class="position row">${bar}</div>`;
  }

  private renderTransport(): TemplateResult {
    const running = this.play.state === "playing" || this.play.state === "buffering";
    return html`
      ${iconButton(
        running ? "pause" : "play",
        t(running ? "player.pause" : "player.play"),
        () => this.order(running ? "pause" : "play"),
        { disabled: !this.active },
      )}
      ${iconButton("stop", t("player.stop"), () => this.order("stop"), {
        disabled: !this.active,
      })}
    `;
  }

  private renderVolume(): TemplateResult {
    const { muted } = this;
    return html`
      ${iconButton(muted ? "mute" : "sound", t(muted ? "player.unmute" : "player.mute"), () => {
        this.muted = !muted;
      })}
      <input
        type="range"
        class="volume"
        min="0"
        max="1"
        step=${VOLUME_STEP}
        aria-label=${t("player.volume")}
        .value=${String(this.volume)}
        ?disabled=${muted}
        @input=${(event: Event) => {
          this.volume = Number((event.target as HTMLInputElement).value);
        }}
      />
    `;
  }

  protected override shortcut(key: string): boolean {
    const running = this.play.state === "playing";
    if (key === "m") this.muted = !this.muted;
    else if (key === "/") this.querySelector<HTMLInputElement>("input[type=search]")?.focus();
    else if (key === " " && this.info.control && this.active) {
      void this.order(running ? "pause" : "play");
    } else return false;
    return true;
  }

  private get screen(): ShareScreen | null {
    return this.querySelector("retrocam-share-screen");
  }

  private get active(): boolean {
    return ACTIVE.includes(this.play.state ?? "");
  }

  private began(event: CustomEvent<Init>): void {
    this.init = event.detail;
    // Another preset may have been chosen elsewhere.
    this.fire("look");
  }

  private changed(event: CustomEvent<ScreenState>): void {
    if (this.play.linked && !event.detail.linked) this.fire("look");
    this.play = event.detail;
  }

  private submitted(event: SubmitEvent): void {
    event.preventDefault();
    const field = this.querySelector<HTMLInputElement>("input[type=search]")!;
    const media = field.value.trim();
    if (!media) {
      field.focus();
      return;
    }
    // Hides the keyboard of a touch screen, and the controls after it.
    field.blur();
    void this.order("play", { media }, t("share.searching", { media }));
  }

  /** Any touch starts the sound, if the browser has blocked it. */
  private readonly clicked = (): void => {
    if (this.blocked) this.screen?.unblock();
  };
}
