/** A full-screen picture, with controls that show on a touch and hide by themselves. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { Fullscreen } from "../cards/fullscreen";
import { iconButton } from "../cards/icon-button";
import { type Info, LockedError, type ShareApi } from "./api";
import { AutoHide } from "./auto-hide";
import { PageElement } from "./element";
import { t, errorText } from "./words";

/** Set on the view while its controls are hidden: they stay reachable by keyboard and screen reader. */
const HIDDEN = "bare";
const TOUCHES = ["pointerdown", "pointermove", "keydown", "focusin"] as const;

/** Fires `look` when what is shared may have changed, and `leave` when the guest locks the page. */
export abstract class FullscreenView extends PageElement {
  static override properties: PropertyDeclarations = {
    api: { attribute: false },
    info: { attribute: false },
    problem: { state: true },
    busy: { state: true },
  };
  declare api: ShareApi;
  declare info: Info;
  /** Error message of the last command. */
  declare protected problem: string;
  /** The running command, as text. */
  declare protected busy: string;
  private turn = 0;
  private readonly fullscreen = new Fullscreen(this);
  protected readonly autoHide = new AutoHide(
    {
      setTimer: (callback, ms) => window.setTimeout(callback, ms),
      clearTimer: (id) => window.clearTimeout(id),
    },
    (shown) => this.classList.toggle(HIDDEN, !shown),
  );

  constructor() {
    super();
    this.problem = "";
    this.busy = "";
  }

  /** Requests all streams again: the network was lost. */
  abstract restart(): void;

  protected abstract renderStage(): TemplateResult;
  protected abstract renderControls(): TemplateResult;
  /** The status, as a short text. */
  protected abstract state(): string;
  /** Handles a key; returns whether it has a meaning. */
  protected abstract shortcut(key: string): boolean;

  override connectedCallback(): void {
    super.connectedCallback();
    for (const name of TOUCHES) window.addEventListener(name, this.touched, { passive: true });
    window.addEventListener("keydown", this.pressed);
    this.autoHide.touch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const name of TOUCHES) window.removeEventListener(name, this.touched);
    window.removeEventListener("keydown", this.pressed);
    this.autoHide.close();
  }

  protected override willUpdate(): void {
    this.autoHide.hold("order", this.busy !== "" || this.problem !== "");
  }

  protected override firstUpdated(): void {
    // Keyboard and screen-reader users continue from the top.
    this.querySelector("h1")!.focus();
  }

  protected override render(): TemplateResult {
    const full = this.fullscreen.on;
    return html`
      <div class="stage">${this.renderStage()}</div>
      <header class="bar top">
        <div class="titles">
          <h1 tabindex="-1">${this.info.title}</h1>
          <p class="state" role="status">${this.busy || this.state()}</p>
        </div>
        ${document.fullscreenEnabled
          ? iconButton(full ? "shrink" : "full", t(full ? "fullscreen.leave" : "fullscreen.enter"), () =>
              this.toggleFullscreen(),
            )
          : nothing}
        ${iconButton("lock", t("share.lock"), () => this.fire("leave"))}
      </header>
      <section class="bar bottom" aria-label=${t("share.controls")}>
        <p class="problem" role="alert">${this.problem}</p>
        ${this.renderControls()}
      </section>
    `;
  }

  /** Sends a command and shows its error; returns whether it succeeded. A later command overrides an earlier one. */
  protected async order(name: string, data: Record<string, unknown> = {}, busy = ""): Promise<boolean> {
    const turn = ++this.turn;
    this.problem = "";
    this.busy = busy;
    try {
      await this.api.command(name, data);
      return turn === this.turn;
    } catch (error) {
      if (turn === this.turn && !(error instanceof LockedError)) this.problem = errorText(error);
      return false;
    } finally {
      if (turn === this.turn) {
        this.busy = "";
        this.fire("look");
      }
    }
  }

  protected toggleFullscreen(): void {
    void this.fullscreen.toggle(document.documentElement);
  }

  private readonly touched = (): void => this.autoHide.touch();

  private readonly pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    // In a field a letter is text, and on a button a space presses it.
    if (target instanceof HTMLInputElement && target.type !== "range") return;
    if (target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter")) return;
    if (event.key === "f") this.toggleFullscreen();
    else if (!this.shortcut(event.key)) return;
    event.preventDefault();
  };
}
