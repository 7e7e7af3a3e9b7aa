/** A camera or a grid: its picture or its glyphs, its layouts, and what it has kept. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { icon } from "../cards/icons";
import { layoutIcon } from "../cards/layouts";
import { CurtainedView } from "./curtained-view";
import { choices } from "./element";
import type { ShareLive } from "./live";
import type { ScreenState, ShareScreen } from "./screen";
import { named, stateWords, t } from "./words";

type Mode = "picture" | "ascii";

export class CameraView extends CurtainedView {
  static override properties: PropertyDeclarations = {
    mode: { state: true },
    preset: { state: true },
    play: { state: true },
    browsing: { state: true },
    visible: { state: true },
  };
  declare private mode: Mode;
  /** The guest's own grid of glyphs. */
  declare private preset: string | undefined;
  declare private play: ScreenState;
  declare private browsing: boolean;
  /** Nothing is sent to a window that nobody sees. */
  declare private visible: boolean;

  constructor() {
    super();
    this.mode = "picture";
    this.play = { linked: false, state: undefined, error: null };
    this.browsing = false;
    this.visible = true;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.shown);
    this.shown();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.shown);
  }

  override restart(): void {
    this.querySelector<ShareScreen | ShareLive>(".stage > *")?.restart();
  }

  protected override willUpdate(): void {
    super.willUpdate();
    this.curtain.hold("browsing", this.browsing);
  }

  protected override renderStage(): TemplateResult {
    if (!this.visible) return html``;
    if (this.mode === "picture") {
      return html`<retrocam-share-live
        .api=${this.api}
        .name=${this.info.title}
        .full=${this.info.full}
        @live-lost=${() => this.tell("look")}
      ></retrocam-share-live>`;
    }
    return html`<retrocam-share-screen
      muted
      .api=${this.api}
      .preset=${this.preset}
      @screen-state=${this.changed}
    ></retrocam-share-screen>`;
  }

  protected override state(): string {
    if (this.mode === "picture") return t("share.live");
    return stateWords(this.play, this.info.full) ?? t("share.live");
  }

  protected override renderControls(): TemplateResult {
    const { info } = this;
    return html`
      ${this.browsing
        ? html`<retrocam-share-history .api=${this.api}></retrocam-share-history>`
        : nothing}
      <div class="row">
        ${choices(
          t("share.view"),
          [
            { value: "picture", text: t("share.picture") },
            { value: "ascii", text: t("share.ascii") },
          ],
          this.mode,
          (mode) => this.show(mode as Mode),
        )}
        ${info.history ? this.renderHistoryButton() : nothing}
        ${this.mode === "ascii" && info.presets.length > 1
          ? choices(
              t("player.preset"),
              info.presets.map((value) => ({ value, text: named("preset", value) })),
              this.preset ?? info.preset,
              (preset) => {
                this.preset = preset;
              },
            )
          : nothing}
        <span class="grow"></span>
        ${info.kind === "grid" && info.control ? this.renderLayouts() : nothing}
      </div>
    `;
  }

  private renderLayouts(): TemplateResult {
    const { info } = this;
    const large = info.layout === "single" || info.layout === "main_plus_preview";
    return html`
      ${choices(
        t("layout.label"),
        info.layouts.map((value) => ({
          value,
          text: layoutIcon(value),
          name: named("layout", value),
        })),
        info.layout,
        (layout) => void this.order("layout", { layout }),
      )}
      ${large && info.members.length > 1
        ? choices(
            t("share.main"),
            info.members.map(({ id, name }) => ({ value: id, text: name })),
            info.main,
            (main) => void this.order("layout", { layout: info.layout, main }),
          )
        : nothing}
    `;
  }

  private renderHistoryButton(): TemplateResult {
    return html`<button
      type="button"
      class="chip"
      aria-expanded=${this.browsing}
      @click=${() => {
        this.browsing = !this.browsing;
      }}
    >
      ${icon("film")} ${t("share.history")}
    </button>`;
  }

  protected override shortcut(key: string): boolean {
    if (key === "a") this.show(this.mode === "ascii" ? "picture" : "ascii");
    else if (key === "h" && this.info.history) this.browsing = !this.browsing;
    else if (key === "Escape" && this.browsing) this.browsing = false;
    else return false;
    return true;
  }

  private show(mode: Mode): void {
    this.mode = mode;
    this.play = { linked: false, state: undefined, error: null };
  }

  private changed(event: CustomEvent<ScreenState>): void {
    if (this.play.linked && !event.detail.linked) this.tell("look");
    this.play = event.detail;
  }

  private readonly shown = (): void => {
    this.visible = document.visibilityState === "visible";
  };
}
