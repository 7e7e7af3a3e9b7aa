/** The element that shows an ASCII stream: canvas, selectable text and statistics. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { signPath, socketUrl } from "../ha/sign";
import { formatBytes, formatNumber } from "../localize/format";
import { hasText, type TextKey } from "../localize/index";
import { pageParts, pageSound } from "../player/page";
import { DEFAULT_LOOK, type Look } from "../player/picture";
import { type Drawn, PictureCells } from "../player/picture-cells";
import { CellPlayer, type Screen } from "../player/player";
import SoftwareWorker from "../player/software.worker?worker&inline";
import type { PlayerError, PlayState } from "../player/session";
import type { Sound } from "../player/sound";
import type { StatsReport } from "../player/stats";
import { type Engine, Surface } from "../player/surface";
import type { Init } from "../player/wire";
import { screenStyles } from "./ascii-screen.styles";
import { HassElement } from "./element";
import { TextLayer } from "./text-layer";

/** Interval between updates of the statistics, in ms. */
const STATS_INTERVAL = 500;

/**
 * Runs while `active`. Fires `screen-init` (detail: Init), `screen-state` (detail: state and error) and
 * `screen-blocked` (detail: whether the browser blocks the sound).
 */
export class AsciiScreen extends HassElement {
  static override properties = {
    entryId: { attribute: false },
    active: { type: Boolean },
    away: { type: Boolean },
    look: { attribute: false },
    muted: { type: Boolean },
    volume: { type: Number },
    figures: { type: Boolean },
    engine: { attribute: false },
    picture: { attribute: false },
    info: { state: true },
    playState: { state: true },
    error: { state: true },
    linked: { state: true },
    report: { state: true },
  };
  declare entryId: string | undefined;
  declare active: boolean;
  /** The source is unavailable: show a message, request nothing. */
  declare away: boolean;
  declare look: Look;
  declare muted: boolean;
  declare volume: number;
  declare figures: boolean;
  declare engine: Engine;
  /** Returns what is shown as ASCII in place of the live picture. */
  declare picture: (() => Drawn | undefined) | undefined;
  declare private info: Init | undefined;
  declare private playState: PlayState | undefined;
  declare private error: PlayerError | null;
  declare private linked: boolean;
  declare private report: StatsReport | undefined;
  /** The frame as text, while the user selects it. */
  private readonly layer = new TextLayer({
    element: this,
    text: () => this.text,
    grid: () => this.info,
    node: () => this.renderRoot.querySelector("pre")?.firstChild ?? undefined,
    // Synchronously, not at Lit's next update: the selection that follows needs the text.
    changed: () => this.renderNow(),
  });
  private player: CellPlayer | undefined;
  private cells: PictureCells | undefined;
  private surface: Surface | undefined;
  private sound: Sound | undefined;
  private timer: number | undefined;

  constructor() {
    super();
    this.active = false;
    this.away = false;
    this.look = DEFAULT_LOOK;
    this.muted = false;
    this.volume = 1;
    this.figures = false;
    this.engine = "webgl";
    this.error = null;
    this.linked = false;
  }

  /** Starts the sound; call it from a user gesture after `screen-blocked`. */
  unblock(): void {
    this.player?.unblock();
  }

  /** Shows the frame as selected text, or returns to the picture. */
  toggleText(): void {
    if (this.layer.frozen === undefined) this.layer.selectAll();
    else this.layer.thaw();
  }

  get text(): string {
    return this.surface?.text() ?? "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate("active");
  }

  protected override updated(changed: PropertyValues): void {
    if (["active", "away", "entryId", "engine", "picture"].some((name) => changed.has(name))) {
      const shown = this.active && !this.away && this.isConnected;
      const wanted = shown && this.entryId !== undefined;
      const same = !["entryId", "engine", "picture"].some((name) => changed.has(name));
      if (!wanted || !same) this.end();
      if (wanted && !this.surface) this.begin();
    }
    if (changed.has("look")) this.surface?.restyle(this.look);
    if (changed.has("muted")) this.player?.mute(this.muted);
    if (changed.has("volume") && this.sound) this.sound.volume = this.volume;
    if (changed.has("figures")) this.measure();
  }

  protected override render(): TemplateResult {
    const title = this.info?.title || "";
    const label = this.t("screen.label", { title });
    const { frozen } = this.layer;
    return html`
      <div class="box" style=${frozen === undefined ? "" : "visibility:hidden"}></div>
      <pre
        role="img"
        aria-label=${label}
        class=${frozen === undefined ? "" : "shown"}
        style=${this.layer.style()}
        .textContent=${frozen ?? ""}
        @mousedown=${(event: Event) => event.preventDefault()}
        @pointerdown=${(event: PointerEvent) => this.layer.pressed(event)}
        @pointermove=${(event: PointerEvent) => this.layer.dragged(event)}
        @pointerup=${(event: PointerEvent) => this.layer.released(event)}
        @pointercancel=${() => this.layer.thaw()}
      ></pre>
      ${this.figures && this.report ? this.renderStats(this.report) : nothing} ${this.renderStatus()}
    `;
  }

  private renderStatus(): TemplateResult | typeof nothing {
    const { playState, error } = this;
    let text: string | undefined;
    if (this.away) text = this.t("error.unavailable");
    else if (error) {
      const key = `play_error.${error.code}`;
      text = this.t(hasText(key) ? key : "play_error.unknown");
    } else if (!this.linked && !this.picture) text = this.t("screen.connecting");
    else if (playState && playState !== "playing" && playState !== "error") {
      text = this.t(`screen.${playState}` as TextKey);
    }
    if (!text || !this.active) return nothing;
    return html`<div class="status" role=${error ? "alert" : "status"}>${text}</div>`;
  }

  private renderStats(report: StatsReport): TemplateResult {
    const { hass } = this;
    const one = (value: number): string => formatNumber(hass, value, 1);
    const line = (key: TextKey, values: Record<string, string>): TemplateResult =>
      html`<div>${this.t(key, values)}</div>`;
    return html`<div class="stats" aria-hidden="true">
      ${line("stats.fps", { fps: one(report.fps), asked: one(report.asked) })}
      ${line("stats.interval", { interval: one(report.interval), jitter: one(report.jitter) })}
      ${line("stats.bytes", { bytes: formatBytes(hass, report.bytes) })}
      ${line("stats.skipped", { count: formatNumber(hass, report.skipped) })}
      ${report.soundOffset === undefined
        ? nothing
        : line("stats.sound", { offset: formatNumber(hass, report.soundOffset) })}
    </div>`;
  }

  private begin(): void {
    const box = this.renderRoot.querySelector<HTMLElement>(".box")!;
    this.surface = new Surface(box, this.look, () => new SoftwareWorker(), this.engine);
    const screen: Screen = {
      begin: (init) => this.surface?.begin(init),
      draw: (codes) => {
        if (this.layer.frozen === undefined) this.surface?.draw(codes);
      },
    };
    if (this.picture) {
      this.cells = new PictureCells(this.picture, screen, this.info);
      this.cells.start();
    } else this.connect(screen);
    this.measure();
  }

  /** Begins to show the live picture. */
  private connect(screen: Screen): void {
    this.sound = pageSound((blocked) => this.fire("screen-blocked", blocked));
    this.sound.volume = this.volume;
    this.player = new CellPlayer(
      pageParts({
        address: async () => {
          const path = `/api/retrocam/cells/${this.entryId}`;
          return socketUrl(this.hass!, await signPath(this.hass!, path));
        },
        soundAddress: async (template, startUs) => {
          const path = template.replace("{start_us}", String(startUs));
          return this.hass!.hassUrl(await signPath(this.hass!, path));
        },
      }),
      screen,
      {
        init: (init) => {
          this.info = init;
          this.layer.thaw();
          this.fire("screen-init", init);
        },
        state: (state, error) => {
          this.playState = state;
          this.error = error;
          this.fire("screen-state", { state, error });
        },
        link: (open) => {
          this.linked = open;
        },
      },
      this.sound,
    );
    this.player.mute(this.muted);
    this.player.start();
  }

  private end(): void {
    this.player?.stop();
    this.player = undefined;
    this.cells?.stop();
    this.cells = undefined;
    this.sound = undefined;
    this.surface?.close();
    this.surface = undefined;
    this.layer.thaw();
    this.linked = false;
    this.playState = undefined;
    this.error = null;
    this.measure();
  }

  /** Runs the statistics timer only while they are shown. */
  private measure(): void {
    window.clearInterval(this.timer);
    this.timer = undefined;
    this.report = undefined;
    if (!this.figures || !this.player) return;
    this.timer = window.setInterval(() => {
      this.report = this.player?.report();
    }, STATS_INTERVAL);
  }

  private renderNow(): void {
    this.requestUpdate();
    if (this.isConnected) this.performUpdate();
  }

  static override styles = screenStyles;
}
