/** A bar of the recent past, up to the present at its right end: a knob for what is shown, handles for a part. */

import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../footage/view";
import { formatMoment } from "../localize/format";
import { HassElement } from "./element";
import { spokenAgo } from "./ago";
import { timeBarStyles } from "./time-bar.styles";

/** Seconds that a key moves on a short bar, in steps of which a longer one has as many. */
const KEYS: Record<string, number> = {
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5,
};
const STEPS = [1, 5, 10, 30, 60, 300, 900, 3600];
/** Steps that a bar has at most, but for the longest. */
const MOST_STEPS = 180;

type Grip = "knob" | "start" | "end";

/**
 * Fires `bar-drag` and `bar-end-drag` with the seconds before the present under the pointer, `bar-release`, and
 * for keys `bar-jump` with seconds, `bar-oldest` and `bar-live`.
 */
export interface BarDrag {
  grip: Grip;
  ago: number;
}

export interface BarJump {
  grip: Grip;
  seconds: number;
}

export class TimeBar extends HassElement {
  static override properties = {
    view: { attribute: false },
    full: { type: Number },
    right: { type: Number },
    label: { attribute: false },
    held: { state: true },
  };
  declare view: View;
  /** Seconds from the left end to the right one. */
  declare full: number;
  /** Seconds before the present at the right end. */
  declare right: number;
  declare label: string;
  /** What a pointer holds. */
  declare private held: Grip | undefined;
  private pointer: number | undefined;

  constructor() {
    super();
    this.right = 0;
  }

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector<HTMLElement>(".knob")?.focus(options);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // A removed element gets no pointerup.
    this.held = undefined;
    this.pointer = undefined;
  }

  protected override render(): TemplateResult {
    const { view, full, right } = this;
    const x = (ago: number): number => (1 - Math.min(full, Math.max(0, ago - right)) / full) * 100;
    const { part } = view;
    const seen = (ago: number): boolean => ago >= right && ago <= right + full;
    const held = view.held.filter(({ from, to }) => from > right && to < right + full);
    return html`<div
      class="bar ${view.mode === "live" ? "" : "past"} ${this.held ? "held" : ""}"
      @pointerdown=${this.down}
      @pointermove=${this.moved}
      @pointerup=${this.up}
      @pointercancel=${this.up}
      @lostpointercapture=${this.up}
    >
      <div class="rail">
      <div class="track">
        ${held.map(
          ({ from, to }) =>
            html`<div class="kept" style="left:${x(from)}%;width:${x(to) - x(from)}%"></div>`,
        )}
        ${part
          ? html`<div class="part" style="left:${x(part.from)}%;width:${x(part.to) - x(part.from)}%"></div>`
          : nothing}
      </div>
      ${part && seen(part.from) ? this.renderEnd("start", part.from, x(part.from)) : nothing}
      ${part && seen(part.to) ? this.renderEnd("end", part.to, x(part.to)) : nothing}
      <div
        class="knob"
        data-grip="knob"
        role="slider"
        tabindex="0"
        style="left:${x(view.ago)}%"
        aria-label=${this.label}
        aria-valuemin=${Math.round(-right - full)}
        aria-valuemax=${Math.round(-right)}
        aria-valuenow=${Math.round(-Math.min(right + full, Math.max(right, view.ago)))}
        aria-valuetext=${this.spoken(view.ago, view.time)}
        @keydown=${this.pressed}
      ></div>
      </div>
    </div>`;
  }

  private renderEnd(grip: "start" | "end", ago: number, x: number): TemplateResult {
    const { time } = this.view;
    return html`<div
      class="end ${grip}"
      data-grip=${grip}
      role="slider"
      tabindex="0"
      style="left:${x}%"
      aria-label=${this.t(grip === "start" ? "rewind.part_start" : "rewind.part_end")}
      aria-valuemin=${Math.round(-this.right - this.full)}
      aria-valuemax=${Math.round(-this.right)}
      aria-valuenow=${Math.round(-ago)}
      aria-valuetext=${this.spoken(ago, time === undefined ? undefined : time + this.view.ago - ago)}
      @keydown=${this.pressed}
    ></div>`;
  }

  private spoken(ago: number, time: number | undefined): string {
    if (this.view.mode === "live" && ago === 0) return this.t("player.live");
    if (time === undefined) return spokenAgo(this.hass, ago);
    const clock = formatMoment(this.hass, time * 1000, ago * 1000);
    return this.t("rewind.spoken", { ago: spokenAgo(this.hass, ago), time: clock });
  }

  private agoAt(event: PointerEvent): number {
    const { left, width } = this.renderRoot.querySelector(".track")!.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / Math.max(1, width)));
    return this.right + (1 - share) * this.full;
  }

  private down(event: PointerEvent): void {
    // Another button opens a menu, after which no pointerup comes; a second finger changes nothing.
    if (event.button !== 0 || this.pointer !== undefined) return;
    const bar = event.currentTarget as Element;
    this.pointer = event.pointerId;
    const grip = (event.target as HTMLElement).dataset["grip"] as Grip | undefined;
    this.held = grip ?? "knob";
    bar.setPointerCapture(event.pointerId);
    // Selects no text, and lets keys go on from there.
    event.preventDefault();
    const focused = { preventScroll: true, focusVisible: false };
    this.renderRoot.querySelector<HTMLElement>(`[data-grip=${this.held}]`)?.focus(focused);
    if (this.held === "knob") this.moved(event);
  }

  private moved(event: PointerEvent): void {
    if (event.pointerId !== this.pointer || !this.held) return;
    this.fire("bar-drag", { grip: this.held, ago: this.agoAt(event) } satisfies BarDrag);
  }

  private up(event: PointerEvent): void {
    if (event.pointerId !== this.pointer || !this.held) return;
    const grip = this.held;
    this.pointer = undefined;
    this.held = undefined;
    this.fire("bar-release", { grip });
  }

  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const grip = (event.target as HTMLElement).dataset["grip"] as Grip;
    const { key } = event;
    const seconds = KEYS[key];
    if (seconds !== undefined) this.fire("bar-jump", { grip, seconds: seconds * this.step(grip) } satisfies BarJump);
    else if (key === "Home") this.fire("bar-jump", { grip, seconds: -Infinity });
    else if (key === "End") this.fire("bar-jump", { grip, seconds: Infinity });
    else return;
    event.preventDefault();
  }

  /** Seconds that an arrow key moves. */
  private step(grip: Grip): number {
    if (grip !== "knob") return 1;
    return STEPS.find((step) => this.full / step <= MOST_STEPS) ?? STEPS[STEPS.length - 1]!;
  }

  static override styles = timeBarStyles;
}
