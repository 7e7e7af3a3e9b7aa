/** The element that shows cells: canvas, text on demand, figures on demand. */

import {
  css,
  html,
  LitElement,
  nothing,
  type PropertyValues,
  type TemplateResult,
  unsafeCSS,
} from "lit";
import { signPath, socketUrl } from "../ha/sign";
import type { Hass } from "../ha/types";
import { formatBytes, formatNumber } from "../localize/format";
import { hasText, localize, type TextKey } from "../localize/index";
import { FONT_FAMILY } from "../player/atlas";
import { pageParts } from "../player/page";
import { DEFAULT_LOOK, type Look } from "../player/picture";
import { CellPlayer } from "../player/player";
import SoftwareWorker from "../player/software.worker?worker&inline";
import type { PlayerError, PlayState } from "../player/session";
import { Sound } from "../player/sound";
import type { StatsReport } from "../player/stats";
import { type Engine, Surface } from "../player/surface";
import type { Init } from "../player/wire";

const FONT = unsafeCSS(FONT_FAMILY);
/** How often the figures are shown anew, in ms. */
const STATS_INTERVAL = 500;

/**
 * Runs while `active`. Fires `screen-init` (detail: Init), `screen-state` (detail: state and error) and
 * `screen-blocked` (detail: whether the browser refuses the sound).
 */
export class AsciiScreen extends LitElement {
  static override properties = {
    hass: { attribute: false },
    entryId: { attribute: false },
    active: { type: Boolean },
    look: { attribute: false },
    muted: { type: Boolean },
    volume: { type: Number },
    figures: { type: Boolean },
    engine: { attribute: false },
    info: { state: true },
    playState: { state: true },
    error: { state: true },
    linked: { state: true },
    report: { state: true },
    frozen: { state: true },
  };
  declare hass: Hass | undefined;
  declare entryId: string | undefined;
  declare active: boolean;
  declare look: Look;
  declare muted: boolean;
  declare volume: number;
  declare figures: boolean;
  declare engine: Engine;
  declare private info: Init | undefined;
  declare private playState: PlayState | undefined;
  declare private error: PlayerError | null;
  declare private linked: boolean;
  declare private report: StatsReport | undefined;
  /** The picture as text, while it is selected. */
  declare private frozen: string | undefined;

  private player: CellPlayer | undefined;
  private surface: Surface | undefined;
  private sound: Sound | undefined;
  private timer: number | undefined;
  /** Where a selection by mouse began, as an offset into the text. */
  private anchor: number | undefined;

  constructor() {
    super();
    this.active = false;
    this.look = DEFAULT_LOOK;
    this.muted = false;
    this.volume = 1;
    this.figures = false;
    this.engine = "webgl";
    this.error = null;
    this.linked = false;
  }

  /** Starts the sound; to be called from a gesture of the user after `screen-blocked`. */
  unblock(): void {
    this.player?.unblock();
  }

  /** Turns the picture into text and selects it, or back. */
  toggleText(): void {
    if (this.frozen !== undefined) {
      this.thaw();
      return;
    }
    this.freeze();
    const text = this.textNode();
    if (text) getSelection()?.setBaseAndExtent(text, 0, text, text.length);
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
    if (changed.has("active") || changed.has("entryId") || changed.has("engine")) {
      const wanted = this.active && this.isConnected && this.entryId !== undefined;
      const same = this.player !== undefined && !changed.has("entryId") && !changed.has("engine");
      if (!wanted || !same) this.end();
      if (wanted && !this.player) this.begin();
    }
    if (changed.has("look")) this.surface?.restyle(this.look);
    if (changed.has("muted")) this.player?.mute(this.muted);
    if (changed.has("volume") && this.sound) this.sound.volume = this.volume;
    if (changed.has("figures")) this.measure();
  }

  protected override render(): TemplateResult {
    const title = this.info?.title || "";
    const label = localize(this.hass, "screen.label", { title });
    return html`
      <div class="box" style=${this.frozen === undefined ? "" : "visibility:hidden"}></div>
      <pre
        role="img"
        aria-label=${label}
        class=${this.frozen === undefined ? "" : "shown"}
        style=${this.textStyle()}
        @mousedown=${(event: Event) => event.preventDefault()}
        @pointerdown=${this.pressed}
        @pointermove=${this.dragged}
        @pointerup=${this.released}
      >${this.frozen ?? ""}</pre>
      ${this.renderStatus()} ${this.figures && this.report ? this.renderStats(this.report) : nothing}
    `;
  }

  private renderStatus(): TemplateResult | typeof nothing {
    const { playState, error } = this;
    let text: string | undefined;
    if (error) {
      const key = `play_error.${error.code}`;
      text = localize(this.hass, hasText(key) ? key : "play_error.unknown");
    } else if (!this.linked) text = localize(this.hass, "screen.connecting");
    else if (playState && playState !== "playing" && playState !== "error") {
      text = localize(this.hass, `screen.${playState}` as TextKey);
    }
    if (!text || !this.active) return nothing;
    return html`<div class="status" role=${error ? "alert" : "status"}>${text}</div>`;
  }

  private renderStats(report: StatsReport): TemplateResult {
    const { hass } = this;
    const one = (value: number): string => formatNumber(hass, value, 1);
    const line = (key: TextKey, values: Record<string, string>): TemplateResult =>
      html`<div>${localize(hass, key, values)}</div>`;
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
    this.sound = new Sound(new Audio(), () => performance.now(), {
      blocked: (blocked) => this.tell("screen-blocked", blocked),
      playing: () => undefined,
    });
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
      {
        begin: (init) => this.surface?.begin(init),
        draw: (codes) => {
          if (this.frozen === undefined) this.surface?.draw(codes);
        },
      },
      {
        init: (init) => {
          this.info = init;
          this.frozen = undefined;
          this.tell("screen-init", init);
        },
        state: (state, error) => {
          this.playState = state;
          this.error = error;
          this.tell("screen-state", { state, error });
        },
        link: (open) => {
          this.linked = open;
        },
      },
      this.sound,
    );
    this.player.mute(this.muted);
    this.player.start();
    this.measure();
  }

  private end(): void {
    this.player?.stop();
    this.player = undefined;
    this.sound = undefined;
    this.surface?.close();
    this.surface = undefined;
    this.frozen = undefined;
    this.linked = false;
    this.playState = undefined;
    this.error = null;
    this.measure();
  }

  /** Runs the timer of the figures only while they are shown. */
  private measure(): void {
    window.clearInterval(this.timer);
    this.timer = undefined;
    this.report = undefined;
    if (!this.figures || !this.player) return;
    this.timer = window.setInterval(() => {
      this.report = this.player?.report();
    }, STATS_INTERVAL);
  }

  private tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /**
   * A mouse selects by dragging; on a touch screen dragging scrolls the page, and the button selects all. The
   * browser cannot select text that was not there when the button went down, so this does, on the grid.
   */
  private pressed(event: PointerEvent): void {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    this.freeze();
    if (this.frozen === undefined) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.anchor = this.offsetAt(event);
    this.selectTo(this.anchor);
  }

  private dragged(event: PointerEvent): void {
    if (this.anchor !== undefined) this.selectTo(this.offsetAt(event));
  }

  private released(event: PointerEvent): void {
    const { anchor } = this;
    this.anchor = undefined;
    // A click that selected nothing goes back to the picture.
    if (anchor !== undefined && anchor === this.offsetAt(event)) this.thaw();
  }

  /** The letter under a pointer, as an offset into the text. */
  private offsetAt(event: PointerEvent): number {
    const { cols, rows } = this.info!;
    const box = this.getBoundingClientRect();
    const cell = (at: number, size: number, cells: number): number =>
      Math.min(cells, Math.max(0, Math.floor((at / size) * cells)));
    const row = Math.min(rows - 1, cell(event.clientY - box.top, box.height, rows));
    return row * (cols + 1) + cell(event.clientX - box.left, box.width, cols);
  }

  private selectTo(offset: number): void {
    const text = this.textNode();
    if (text) getSelection()?.setBaseAndExtent(text, this.anchor ?? 0, text, offset);
  }

  private textNode(): Text | undefined {
    const nodes = [...this.renderRoot.querySelector("pre")!.childNodes];
    return nodes.find((node): node is Text => node instanceof Text && node.length > 0);
  }

  private freeze(): void {
    const text = this.text;
    if (!text) return;
    this.frozen = text;
    // At once and not at Lit's next turn: what is selected next needs the text.
    this.performUpdate();
  }

  private thaw(): void {
    getSelection()?.removeAllRanges();
    this.frozen = undefined;
  }

  /** Stretches the text over the picture. */
  private textStyle(): string {
    if (this.frozen === undefined || !this.info) return "";
    const { cols, rows } = this.info;
    const { clientWidth, clientHeight } = this;
    const size = 10;
    const advance = size * letterWidth();
    const x = clientWidth / (cols * advance);
    const y = clientHeight / (rows * size);
    return `font-size:${size}px;line-height:${size}px;transform:scale(${x},${y})`;
  }

  static override styles = css`
    :host {
      display: block;
      position: relative;
      overflow: hidden;
      background: #06080a;
    }
    .box,
    pre {
      position: absolute;
      inset: 0;
    }
    canvas {
      display: block;
      width: 100%;
      height: 100%;
    }
    pre {
      margin: 0;
      font-family: ${FONT};
      white-space: pre;
      color: transparent;
      cursor: text;
      transform-origin: 0 0;
      overflow: hidden;
    }
    pre.shown {
      right: auto;
      bottom: auto;
      color: #d8f5dd;
      overflow: visible;
    }
    .status,
    .stats {
      position: absolute;
      color: #fff;
      background: rgb(0 0 0 / 65%);
      border-radius: var(--ha-border-radius-md, 8px);
      pointer-events: none;
    }
    .status {
      left: 50%;
      top: 50%;
      transform: translate(-50%, -50%);
      padding: 8px 14px;
      max-width: 80%;
      text-align: center;
    }
    .stats {
      left: 8px;
      top: 8px;
      padding: 6px 10px;
      font: 12px/1.5 ${FONT};
      font-variant-numeric: tabular-nums;
    }
  `;
}

let measured: number | undefined;

/** Width of a letter of the screen's font, in parts of its size. */
function letterWidth(): number {
  if (measured === undefined) {
    const context = document.createElement("canvas").getContext("2d")!;
    context.font = `100px ${FONT_FAMILY}`;
    measured = context.measureText("M").width / 100 || 0.6;
  }
  return measured;
}
