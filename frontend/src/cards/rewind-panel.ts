/** The time bar of a camera's past, how much of it is there, and the choice of how much is shown. */

import { css, html, nothing, type TemplateResult } from "lit";
import { handleKey } from "../footage/keys";
import type { Rewind } from "../footage/rewind";
import type { View } from "../footage/view";
import { WheelZoom } from "../footage/wheel-zoom";
import { barTicks, tickStyles } from "./bar-ticks";
import { HassElement } from "./element";
import { spanPicker, spanPickerStyles } from "./span-picker";
import { shared } from "./styles";
import type { BarDrag, BarJump } from "./time-bar";

/** Pixels across while it has no size. */
const WIDTH = 400;

export class RewindPanel extends HassElement {
  static override properties = {
    view: { attribute: false },
    text: { attribute: false },
    rewind: { attribute: false },
  };
  declare view: View;
  /** What is ready to be saved. */
  declare text: string;
  declare rewind: Rewind;
  private readonly wheel = new WheelZoom();

  protected override render(): TemplateResult {
    const { bar } = this.rewind;
    const { full } = bar;
    const edge = this.rewind.barEdge ?? Date.now() / 1000;
    const right = bar.right(edge);
    const long = bar.wide || bar.turned;
    const ready = Math.max(0, ...this.view.held.map(({ from }) => from));
    return html`<retrocam-time-bar
        .hass=${this.hass}
        .view=${this.view}
        .full=${full}
        .right=${right}
        .label=${this.t("rewind.label")}
        @keydown=${(event: KeyboardEvent) => handleKey(event, this.rewind)}
        @wheel=${(event: WheelEvent) => this.wheel.turn(event, this.rewind)}
        @bar-drag=${this.dragged}
        @bar-release=${() => this.rewind.release()}
        @bar-jump=${this.jumped}
      ></retrocam-time-bar>
      ${long ? barTicks(this.hass, edge - right - full, edge - right, this.clientWidth || WIDTH) : nothing}
      <div class="info secondary">
        ${spanPicker(this.hass, this.rewind, bar.choices)}
        <span class="grow" aria-hidden="true">${this.t("rewind.hint")}</span>
        ${long ? html`<span>${this.text}</span>` : this.renderMeter(full, ready)}
      </div>`;
  }

  private renderMeter(full: number, ready: number): TemplateResult {
    return html`<span
      role="meter"
      aria-label=${this.t("lookback.label")}
      aria-valuemin="0"
      aria-valuemax=${full}
      aria-valuenow=${Math.min(full, ready)}
      aria-valuetext=${this.text}
      >${this.text}</span
    >`;
  }

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector<HTMLElement>("retrocam-time-bar")?.focus(options);
  }

  private dragged({ detail }: CustomEvent<BarDrag>): void {
    if (detail.grip === "knob") this.rewind.drag(detail.ago);
    else this.rewind.marks.drag(detail.grip, detail.ago);
  }

  private jumped({ detail: { grip, seconds } }: CustomEvent<BarJump>): void {
    const { rewind } = this;
    if (grip !== "knob") rewind.marks.move(grip, (rewind.marks.part?.[grip] ?? 0) + seconds);
    else if (seconds === Infinity) rewind.goLive();
    else if (seconds === -Infinity) rewind.goOldest();
    else rewind.jump(seconds);
  }

  static override styles = [
    shared,
    tickStyles,
    spanPickerStyles,
    css`
      :host {
        height: auto;
        margin-top: -8px;
      }
      .info {
        display: flex;
        align-items: center;
        gap: 8px;
        margin-top: -6px;
        padding: 0 4px;
        white-space: nowrap;
        font-variant-numeric: tabular-nums;
      }
      .ticks + .info {
        margin-top: 2px;
      }
      .grow {
        overflow: hidden;
        text-overflow: ellipsis;
      }
    `,
  ];
}
