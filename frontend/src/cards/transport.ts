/** Buttons over the picture of the past: play, jump, step, speed, mark a part, and back to live. */

import { css, html, nothing, type TemplateResult } from "lit";
import { JUMP, handleKey } from "../footage/keys";
import type { Rewind } from "../footage/rewind";
import type { View } from "../footage/view";
import { formatNumber } from "../localize/format";
import { HassElement } from "./element";
import { iconButton } from "./icon-button";
import { shared } from "./styles";

export class Transport extends HassElement {
  static override properties = {
    view: { attribute: false },
    rewind: { attribute: false },
  };
  declare view: View;
  declare rewind: Rewind;

  protected override render(): TemplateResult {
    const { rewind, view } = this;
    const playing = view.mode === "playing";
    const seconds = { seconds: JUMP };
    return html`<div
      class="row"
      role="group"
      aria-label=${this.t("rewind.transport")}
      @keydown=${(event: KeyboardEvent) => handleKey(event, rewind)}
    >
      ${iconButton("back", this.t("rewind.back", seconds), () => rewind.jump(-JUMP))}
      ${iconButton("previous", this.t("rewind.previous_frame"), () => rewind.step(-1))}
      ${iconButton(playing ? "pause" : "play", this.t(playing ? "player.pause" : "player.play"), () =>
        rewind.toggle(),
      )}
      ${iconButton("next", this.t("rewind.next_frame"), () => rewind.step(1))}
      ${iconButton("forward", this.t("rewind.forward", seconds), () => rewind.jump(JUMP))}
      <select aria-label=${this.t("rewind.speed")} title=${this.t("rewind.speed")} @change=${this.rated}>
        ${view.rates.map(
          (rate) =>
            html`<option value=${rate} .selected=${rate === view.rate}>${this.rateText(rate)}</option>`,
        )}
      </select>
      ${view.markable
        ? iconButton("part", this.t("rewind.mark"), () => rewind.marks.toggle(), {
            pressed: view.part !== undefined,
          })
        : nothing}
    </div>`;
  }

  private rateText(rate: number): string {
    return `${formatNumber(this.hass, rate, rate === 0.25 ? 2 : rate === 0.5 ? 1 : 0)}×`;
  }

  private rated(event: Event): void {
    this.rewind.setRate(Number((event.target as HTMLSelectElement).value));
  }

  static override styles = [
    shared,
    css`
      :host {
        height: auto;
        container-type: inline-size;
      }
      .row {
        flex-wrap: nowrap;
        gap: 2px;
        width: max-content;
        max-width: 100%;
        margin: auto;
        border-radius: 99px;
        background: rgb(0 0 0 / 65%);
        pointer-events: auto;
      }
      button {
        padding: 0;
        border-radius: 99px;
      }
      button:hover,
      select:hover {
        background: rgb(255 255 255 / 20%);
      }
      button[aria-pressed="true"] {
        color: #ffc65c;
        background: rgb(255 255 255 / 20%);
      }
      button:focus-visible,
      select:focus-visible {
        outline: 2px solid #fff;
      }
      select {
        font: inherit;
        color: inherit;
        min-height: 40px;
        padding: 0 2px;
        border: 0;
        border-radius: 99px;
        background: none;
        text-align: center;
        cursor: pointer;
      }
      option {
        color: #212121;
        background: #fff;
      }
      @container (max-width: 320px) {
        .row {
          gap: 0;
        }
        button {
          min-width: 36px;
        }
      }
    `,
  ];
}
