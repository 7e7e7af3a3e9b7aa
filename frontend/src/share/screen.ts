/** The ASCII picture with its sound, by the cards' player. */

import { html, type PropertyValues, type TemplateResult } from "lit";
import { pageParts, pageSound } from "../player/page";
import { DEFAULT_LOOK } from "../player/picture";
import { CellPlayer } from "../player/player";
import type { PlayerError, PlayState } from "../player/session";
import type { Sound } from "../player/sound";
import type { StatsReport } from "../player/stats";
import { type Engine, Surface } from "../player/surface";
import type { Init } from "../player/wire";
import type { ShareApi } from "./api";
import { PageElement } from "./element";
import { t } from "./words";

export interface ScreenState {
  linked: boolean;
  state: PlayState | undefined;
  error: PlayerError | null;
}

/** Aspect ratio if the stream does not report it. */
const ASPECT = 16 / 9;

/**
 * Runs while it is in the page. Fires `screen-init` (Init), `screen-state` (ScreenState) and `screen-blocked`
 * (whether the browser requires a touch before it plays sound).
 */
export class ShareScreen extends PageElement {
  static override properties = {
    api: { attribute: false },
    preset: { attribute: false },
    muted: { type: Boolean },
    volume: { type: Number },
    info: { state: true },
  };
  declare api: ShareApi;
  /** The viewer's own preset; undefined for the camera's. */
  declare preset: string | undefined;
  declare muted: boolean;
  declare volume: number;
  declare private info: Init | undefined;
  private player: CellPlayer | undefined;
  private surface: Surface | undefined;
  private sound: Sound | undefined;
  private screenState: ScreenState = { linked: false, state: undefined, error: null };

  constructor() {
    super();
    this.muted = false;
    this.volume = 1;
  }

  /** The engine in use, once something was drawn. */
  get engine(): Engine | undefined {
    return this.surface?.drawnBy;
  }

  /** The frame as lines of text. */
  get text(): string {
    return this.surface?.text() ?? "";
  }

  /** Playback position of the frame on screen, in s. */
  get position(): number | undefined {
    return this.player?.position;
  }

  report(): StatsReport | undefined {
    return this.player?.report();
  }

  /** Starts the sound; call it from a touch. */
  unblock(): void {
    this.player?.unblock();
  }

  /** Requests everything again: the network was lost. */
  restart(): void {
    this.end();
    this.begin();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.restart();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("preset") || changed.has("api")) this.restart();
    if (changed.has("muted")) this.player?.mute(this.muted);
    if (changed.has("volume") && this.sound) this.sound.volume = this.volume;
  }

  protected override render(): TemplateResult {
    return html`<div
      class="box"
      role="img"
      aria-label=${t("screen.label", { title: this.info?.title ?? "" })}
    ></div>`;
  }

  private begin(): void {
    if (!this.isConnected) return;
    const box = this.querySelector<HTMLElement>(".box")!;
    const worker = (): Worker => new Worker(this.api.path("assets/share-worker.js"));
    const surface = new Surface(box, DEFAULT_LOOK, worker);
    this.surface = surface;
    this.sound = pageSound((blocked) => this.fire("screen-blocked", blocked));
    this.sound.volume = this.volume;
    let first = true;
    this.player = new CellPlayer(
      pageParts({
        address: async () => {
          // A socket does not report why it was refused: the cookie may have expired.
          if (!first) await this.api.info();
          first = false;
          return this.api.cellsUrl(this.preset);
        },
        soundAddress: async (template, startUs) => template.replace("{start_us}", String(startUs)),
      }),
      { begin: (init) => surface.begin(init), draw: (codes) => surface.draw(codes) },
      {
        init: (init) => this.began(init, box),
        state: (state, error) => this.say({ state, error }),
        link: (linked) => this.say({ linked }),
      },
      this.sound,
    );
    this.player.mute(this.muted);
    this.player.start();
  }

  private began(init: Init, box: HTMLElement): void {
    this.info = init;
    box.style.setProperty("--aspect", String(init.aspect || ASPECT));
    this.fire("screen-init", init);
  }

  private end(): void {
    this.player?.stop();
    this.player = undefined;
    this.sound = undefined;
    this.surface?.close();
    this.surface = undefined;
    this.screenState = { linked: false, state: undefined, error: null };
  }

  private say(change: Partial<ScreenState>): void {
    this.screenState = { ...this.screenState, ...change };
    this.fire("screen-state", this.screenState);
  }
}
