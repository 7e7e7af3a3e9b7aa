/** The PIN pad: large keys for fingers, and a field for keyboards and password managers. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { icon } from "../cards/icons";
import { formatDuration } from "../localize/format";
import { LockedOutError, RefusedError, type ShareApi } from "./api";
import { PageElement } from "./element";
import { MOST_DIGITS, PinEntry } from "./pin-entry";
import { t, errorText } from "./words";

const ROWS = ["123", "456", "789"];

/** Fires `unlocked`. */
export class PinView extends PageElement {
  static override properties = {
    api: { attribute: false },
    ended: { type: Boolean },
    problem: { state: true },
    busy: { state: true },
    secondsLeft: { state: true },
  };
  declare api: ShareApi;
  /** Whether the page was unlocked before. */
  declare ended: boolean;
  declare private problem: string;
  declare private busy: boolean;
  declare private secondsLeft: number;
  private readonly entry = new PinEntry(() => performance.now());
  private ticker: number | undefined;

  constructor() {
    super();
    this.ended = false;
    this.problem = "";
    this.busy = false;
    this.secondsLeft = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("keydown", this.pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.pressed);
    window.clearInterval(this.ticker);
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    this.field.focus();
  }

  protected override render(): TemplateResult {
    const waiting = this.secondsLeft > 0;
    return html`<form class="pin panel" @submit=${this.submitted}>
      <div class="head">
        <img class="logo" src=${this.api.path("assets/share-icon.svg")} alt="" />
        <input type="text" name="username" autocomplete="username" value=${this.api.base} hidden />
        <h1 id="pin-title">${t("share.pin_title")}</h1>
        <input
          type="password"
          name="pin"
          inputmode="none"
          autocomplete="current-password"
          aria-labelledby="pin-title"
          aria-describedby="pin-problem"
          maxlength=${MOST_DIGITS}
          .value=${this.entry.digits}
          ?disabled=${waiting}
          @input=${this.typed}
        />
        <p id="pin-problem" class="problem" role="alert">
          ${this.problem || (this.ended ? t("share.ended") : "")}
        </p>
        ${waiting
          ? html`<p class="wait" role="timer">
              ${t("share.pin_wait", { time: formatDuration(this.secondsLeft) })}
            </p>`
          : nothing}
      </div>
      <div
        class="keys"
        role="group"
        aria-label=${t("share.pin_keys")}
        @mousedown=${(event: Event) => event.preventDefault()}
      >
        ${ROWS.flatMap((row) => [...row]).map((digit) => this.key(digit, waiting))}
        <button
          type="button"
          class="soft"
          aria-label=${t("share.pin_delete")}
          ?disabled=${waiting}
          @click=${() => this.change(() => this.entry.remove())}
        >
          ${icon("erase")}
        </button>
        ${this.key("0", waiting)}
        <button class="go" aria-label=${t("share.pin_unlock")} ?disabled=${waiting || this.busy}>
          ${icon("check")}
        </button>
      </div>
    </form>`;
  }

  private key(digit: string, disabled: boolean): TemplateResult {
    return html`<button
      type="button"
      ?disabled=${disabled}
      @click=${() => this.change(() => this.entry.add(digit))}
    >
      ${digit}
    </button>`;
  }

  private get field(): HTMLInputElement {
    return this.querySelector<HTMLInputElement>("input[type=password]")!;
  }

  private change(edit: () => void): void {
    edit();
    this.problem = "";
    this.requestUpdate();
  }

  private typed(): void {
    const { value } = this.field;
    this.change(() => {
      this.entry.clear();
      this.entry.add(value);
    });
    // Letters are removed, even if the digits stay the same.
    this.field.value = this.entry.digits;
  }

  /** Digits count wherever the focus is; a clicked key leaves it in the field. */
  private readonly pressed = (event: KeyboardEvent): void => {
    if (event.target === this.field || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key)) this.change(() => this.entry.add(event.key));
    else if (event.key === "Backspace") this.change(() => this.entry.remove());
    else if (event.key === "Enter" && event.target === document.body) this.submit();
  };

  private submitted(event: Event): void {
    event.preventDefault();
    this.submit();
  }

  private submit(): void {
    if (this.entry.complete && !this.busy) void this.unlock();
  }

  private async unlock(): Promise<void> {
    this.busy = true;
    this.problem = "";
    this.ended = false;
    try {
      await this.api.unlock(this.entry.digits);
      this.entry.clear();
      this.fire("unlocked");
    } catch (error) {
      this.problem = errorText(error);
      if (error instanceof RefusedError) this.entry.clear();
      if (error instanceof LockedOutError) this.lockOut(error.seconds);
    } finally {
      this.busy = false;
    }
    await this.updateComplete;
    if (this.isConnected) this.field.focus();
  }

  private lockOut(seconds: number): void {
    this.entry.lockOut(seconds);
    this.secondsLeft = this.entry.secondsLeft;
    window.clearInterval(this.ticker);
    this.ticker = window.setInterval(() => {
      this.secondsLeft = this.entry.secondsLeft;
      if (this.secondsLeft > 0) return;
      window.clearInterval(this.ticker);
      this.problem = "";
    }, 500);
  }
}
