/** The view of a camera or a grid: live picture, rewound, or ASCII, layouts, and snapshots. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { icon } from "../cards/icons";
import { layoutIcon } from "../cards/layouts";
import type { Picture } from "../footage/previews";
import { FullscreenView } from "./fullscreen-view";
import { choices } from "./element";
import { JUMP } from "../footage/keys";
import type { ShareLive } from "./live";
import { ShareRewind } from "./rewind";
import type { ScreenState, ShareScreen } from "./screen";
import { formatMoment, named, stateWords, t } from "./words";

type Mode = "picture" | "ascii";

export class CameraView extends FullscreenView {
  static override properties: PropertyDeclarations = {
    mode: { state: true },
    preset: { state: true },
    play: { state: true },
    browsing: { state: true },
    visible: { state: true },
  };
  declare private mode: Mode;
  /** The guest's own preset. */
  declare private preset: string | undefined;
  declare private play: ScreenState;
  declare private browsing: boolean;
  /** Nothing is streamed to a hidden window. */
  declare private visible: boolean;
  private readonly rewind = new ShareRewind(
    () => this.api,
    () => this.clientWidth * window.devicePixelRatio,
    () => this.requestUpdate(),
    () => {
      this.rewind.goLive();
      this.fire("look");
    },
  );

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
    this.rewind.goLive();
    this.rewind.forget();
  }

  override restart(): void {
    this.querySelector<ShareScreen | ShareLive>("retrocam-share-screen, retrocam-share-live")?.restart();
  }

  protected override willUpdate(): void {
    super.willUpdate();
    this.autoHide.hold("browsing", this.browsing);
    if (this.rewind.active && !this.info.rewind) this.rewind.goLive();
    this.autoHide.hold("past", this.rewind.active && this.rewind.mode !== "playing");
  }

  protected override renderStage(): TemplateResult {
    if (!this.visible) return html``;
    const { picture, active } = this.rewind;
    return html`${picture ? this.renderPast(picture) : nothing} ${active && picture ? nothing : this.renderLive()}`;
  }

  private renderPast({ url, time }: Picture): TemplateResult {
    const label = t("rewind.picture", { name: this.info.title, time: formatMoment({ time: time * 1000 }) });
    return html`<img class="past" src=${url} alt=${label} />`;
  }

  private renderLive(): TemplateResult {
    if (this.mode === "picture") {
      return html`<retrocam-share-live
        .api=${this.api}
        .name=${this.info.title}
        .full=${this.info.full}
        @live-lost=${() => this.fire("look")}
        @live-shown=${() => this.arrived()}
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
    if (this.rewind.active) return t("share.past");
    if (this.mode === "picture") return t("share.live");
    return stateWords(this.play, this.info.full) ?? t("share.live");
  }

  protected override renderControls(): TemplateResult {
    const { info } = this;
    return html`
      ${this.browsing
        ? html`<retrocam-share-history .api=${this.api}></retrocam-share-history>`
        : nothing}
      ${info.rewind
        ? html`<retrocam-share-rewind
            .rewind=${this.rewind}
            .view=${this.rewind.view}
            .full=${info.rewind}
          ></retrocam-share-rewind>`
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
    else return Boolean(this.info.rewind) && this.rewound(key);
    return true;
  }

  /** Handles the keys of video players; returns whether it is one. */
  private rewound(key: string): boolean {
    const { rewind } = this;
    if (key === "j") rewind.jump(-JUMP);
    else if (key === "l") rewind.jump(JUMP);
    else if (key === "k" || key === " ") rewind.toggle();
    else if (key === "Escape" && rewind.active) rewind.goLive();
    else return false;
    return true;
  }

  private arrived(): void {
    if (this.rewind.active || !this.rewind.picture) return;
    this.rewind.forget();
    this.requestUpdate();
  }

  private show(mode: Mode): void {
    this.mode = mode;
    this.rewind.goLive();
    this.rewind.forget();
    this.play = { linked: false, state: undefined, error: null };
  }

  private changed(event: CustomEvent<ScreenState>): void {
    if (this.play.linked && !event.detail.linked) this.fire("look");
    this.play = event.detail;
  }

  private readonly shown = (): void => {
    this.visible = document.visibilityState === "visible";
    if (this.visible) this.rewind.resume();
    else this.rewind.suspend();
  };
}
