/** The time bar of the recent past, up to the present at its right end, and its buttons. */

import { html, noChange, svg, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { shortAgo, spokenAgo } from "../cards/ago";
import { iconButton } from "../cards/icon-button";
import { JUMP } from "../footage/keys";
import { formatTime } from "../localize/format";
import { PageElement } from "./element";
import type { PastView, ShareRewind } from "./rewind";
import { LANGUAGE, t } from "./words";

/** Seconds that a key moves. */
const KEYS: Record<string, number> = {
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -JUMP, PageUp: JUMP, Home: -Infinity,
};

export class RewindBar extends PageElement {
  static override properties = {
    rewind: { attribute: false },
    view: { attribute: false },
    full: { type: Number },
  };
  declare rewind: ShareRewind;
  declare view: PastView;
  /** Seconds from the left end to the right one. */
  declare full: number;

  protected override render(): TemplateResult {
    const { rewind, view } = this;
    const ago = Math.min(this.full, view.ago);
    return html`
      <div class="row time">
        <div class="time-bar">
          ${this.renderHeld()}
          <input
            type="range"
            min=${-this.full}
            max="0"
            step="0.1"
            aria-label=${t("rewind.label")}
            aria-valuetext=${this.spoken(ago)}
            .value=${view.mode === "scrubbing" ? noChange : live(String(-ago))}
            @input=${this.dragged}
            @change=${() => rewind.release()}
            @keydown=${this.pressed}
          />
        </div>
        <span class="moment" aria-hidden="true">${this.moment(ago)}</span>
      </div>
      ${this.renderTransport()}
    `;
  }

  /** Attributes, since the page allows no inline styles. */
  private renderHeld(): TemplateResult {
    const x = (ago: number): number => (1 - Math.min(this.full, ago) / this.full) * 100;
    return html`<svg class="held" aria-hidden="true">
      ${this.view.held.map(({ from, to }) => svg`<rect x="${x(from)}%" width="${x(to) - x(from)}%" height="100%" />`)}
    </svg>`;
  }

  private renderTransport(): TemplateResult {
    const { rewind } = this;
    const { active } = rewind;
    const runs = !active || this.view.mode === "playing";
    const seconds = { seconds: JUMP };
    return html`<div class="row" role="group" aria-label=${t("rewind.transport")}>
      ${iconButton("back", t("rewind.back", seconds), () => rewind.jump(-JUMP))}
      ${iconButton(runs ? "pause" : "play", t(runs ? "player.pause" : "player.play"), () => rewind.toggle())}
      ${iconButton("forward", t("rewind.forward", seconds), () => rewind.jump(JUMP), { disabled: !active })}
      <button type="button" class="chip" aria-pressed=${!active} @click=${() => rewind.goLive()}>
        ${t("share.live")}
      </button>
    </div>`;
  }

  private moment(ago: number): string {
    if (!this.rewind.active) return t("rewind.hint");
    const { time } = this.view;
    const short = shortAgo(LANGUAGE, Math.round(ago));
    return time === undefined ? short : `${short} · ${formatTime(LANGUAGE, time * 1000)}`;
  }

  private spoken(ago: number): string {
    const { time } = this.view;
    if (!this.rewind.active) return t("share.live");
    const spoken = spokenAgo(LANGUAGE, Math.round(ago));
    return time === undefined ? spoken : t("rewind.spoken", { ago: spoken, time: formatTime(LANGUAGE, time * 1000) });
  }

  private dragged(event: Event): void {
    this.rewind.drag(-Number((event.target as HTMLInputElement).value));
  }

  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const seconds = KEYS[event.key];
    if (seconds !== undefined) this.rewind.jump(seconds);
    else if (event.key === "End") this.rewind.goLive();
    else return;
    event.preventDefault();
  }
}
