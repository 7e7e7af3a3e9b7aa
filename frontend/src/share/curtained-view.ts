/** A picture over the whole screen, with controls that come at a touch and go by themselves. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { Fullscreen } from "../cards/fullscreen";
import { iconButton } from "../cards/icon-button";
import { type Info, LockedError, type ShareApi } from "./api";
import { Curtain } from "./curtain";
import { PageElement } from "./element";
import { t, wordsOf } from "./words";

/** Set on the view while its controls are hidden: they stay reachable by keyboard and screen reader. */
const HIDDEN = "bare";
const TOUCHES = ["pointerdown", "pointermove", "keydown", "focusin"] as const;

/** Fires `look` when what is shared may have changed, and `leave` when the guest locks the page. */
export abstract class CurtainedView extends PageElement {
  static override properties: PropertyDeclarations = {
    api: { attribute: false },
    info: { attribute: false },
    problem: { state: true },
    busy: { state: true },
  };
  declare api: ShareApi;
  declare info: Info;
  /** Why the last order failed, in words. */
  declare protected problem: string;
  /** What is under way, in words. */
  declare protected busy: string;
  private turn = 0;
  private readonly fullscreen = new Fullscreen(this);
  protected readonly curtain = new Curtain(
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

  /** Asks for all streams anew: the network was away. */
  abstract restart(): void;

  protected abstract renderStage(): TemplateResult;
  protected abstract renderControls(): TemplateResult;
  /** What goes on, in a few words. */
  protected abstract state(): string;
  /** Does what a key means; tells whether it means something. */
  protected abstract shortcut(key: string): boolean;

  override connectedCallback(): void {
    super.connectedCallback();
    for (const name of TOUCHES) window.addEventListener(name, this.touched, { passive: true });
    window.addEventListener("keydown", this.pressed);
    this.curtain.touch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const name of TOUCHES) window.removeEventListener(name, this.touched);
    window.removeEventListener("keydown", this.pressed);
    this.curtain.close();
  }

  protected override willUpdate(): void {
    this.curtain.hold("order", this.busy !== "" || this.problem !== "");
  }

  protected override firstUpdated(): void {
    // Whoever came in by keyboard or screen reader goes on from the top.
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
        ${iconButton("lock", t("share.lock"), () => this.tell("leave"))}
      </header>
      <section class="bar bottom" aria-label=${t("share.controls")}>
        <p class="problem" role="alert">${this.problem}</p>
        ${this.renderControls()}
      </section>
    `;
  }

  /** Gives an order to the server, whose failure is told; tells whether it was done. A later one wins. */
  protected async order(name: string, data: Record<string, unknown> = {}, busy = ""): Promise<boolean> {
    const turn = ++this.turn;
    this.problem = "";
    this.busy = busy;
    try {
      await this.api.command(name, data);
      return turn === this.turn;
    } catch (error) {
      if (turn === this.turn && !(error instanceof LockedError)) this.problem = wordsOf(error);
      return false;
    } finally {
      if (turn === this.turn) {
        this.busy = "";
        this.tell("look");
      }
    }
  }

  protected toggleFullscreen(): void {
    void this.fullscreen.toggle(document.documentElement);
  }

  private readonly touched = (): void => this.curtain.touch();

  private readonly pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    // A letter in a field is a letter, and a space on a button presses it.
    if (target instanceof HTMLInputElement) return;
    if (target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter")) return;
    if (event.key === "f") this.toggleFullscreen();
    else if (!this.shortcut(event.key)) return;
    event.preventDefault();
  };
}
