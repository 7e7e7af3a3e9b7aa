/** The settings of the ASCII picture: only the preset involves the server. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { HassEntity } from "../ha/types";
import { formatNumber } from "../localize/format";
import { hasText, type TextKey } from "../localize/index";
import { CHARSETS } from "../player/charset";
import type { Look } from "../player/picture";
import { HassElement } from "./element";
import { arrowed, tabIndexOf } from "./radios";
import { shared } from "./styles";

/** Fires `restyle` (detail: the changed settings) and `preset` (detail: the requested preset). */
export class LookPanel extends HassElement {
  static override properties = {
    look: { attribute: false },
    preset: { attribute: false },
  };
  declare look: Look;
  /** The player's preset select, undefined where it has none. */
  declare preset: HassEntity | undefined;

  protected override render(): TemplateResult {
    return html`
      ${this.renderPresets()}
      ${this.choices("player.charset", ["auto", ...CHARSETS], this.look.charset, "charset", (charset) =>
        this.fire("restyle", { charset }),
      )}
      ${this.slider("player.contrast", "contrast", 0.5, 3)}
      ${this.slider("player.gamma", "gamma", 0.4, 2.5)}
      <div class="row">
        ${this.check("player.colour", "colour")} ${this.check("player.invert", "invert")}
      </div>
    `;
  }

  private renderPresets(): TemplateResult | typeof nothing {
    const options = this.preset?.attributes["options"];
    if (!this.preset || !Array.isArray(options)) return nothing;
    return this.choices("player.preset", options.map(String), this.preset.state, "preset", (option) =>
      this.fire("preset", option),
    );
  }

  private choices(
    label: TextKey,
    options: readonly string[],
    current: string,
    prefix: string,
    choose: (option: string) => void,
  ): TemplateResult {
    return html`<div
      class="row choices"
      role="radiogroup"
      aria-label=${this.t(label)}
      @keydown=${arrowed}
    >
      <span class="secondary label">${this.t(label)}</span>
      <span class="grow row">
        ${options.map((option) => {
          const key = `${prefix}.${option}`;
          return html`<button
            class="chip"
            role="radio"
            aria-checked=${option === current}
            tabindex=${tabIndexOf(option, options, current)}
            @click=${() => choose(option)}
          >
            ${hasText(key) ? this.t(key) : option}
          </button>`;
        })}
      </span>
    </div>`;
  }

  private slider(label: TextKey, key: "contrast" | "gamma", min: number, max: number): TemplateResult {
    const value = this.look[key];
    return html`<label class="row">
      <span class="secondary label">${this.t(label)}</span>
      <input
        type="range"
        class="grow"
        min=${min}
        max=${max}
        step="0.05"
        .value=${String(value)}
        @input=${(event: Event) =>
          this.fire("restyle", { [key]: Number((event.target as HTMLInputElement).value) })}
      />
      <span class="secondary figure">${formatNumber(this.hass, value, 2)}</span>
    </label>`;
  }

  private check(label: TextKey, key: "colour" | "invert"): TemplateResult {
    return html`<label class="check">
      <input
        type="checkbox"
        .checked=${this.look[key]}
        @change=${(event: Event) =>
          this.fire("restyle", { [key]: (event.target as HTMLInputElement).checked })}
      />
      ${this.t(label)}
    </label>`;
  }

  static override styles = [
    shared,
    css`
    :host {
      height: auto;
      display: flex;
      flex-direction: column;
      gap: 6px;
      padding-top: 8px;
      border-top: 1px solid var(--line);
      max-width: 640px;
      container-type: inline-size;
    }
    .label {
      width: 84px;
    }
    .choices {
      flex-wrap: nowrap;
      align-items: baseline;
    }
    @container (max-width: 340px) {
      .choices {
        flex-wrap: wrap;
      }
      .choices .label {
        width: 100%;
      }
    }
    .figure {
      width: 36px;
      text-align: end;
      font-variant-numeric: tabular-nums;
    }
    .chip {
      min-height: 34px;
      padding: 0 10px;
      border: 1px solid var(--line);
    }
    .check {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      min-height: 40px;
      padding-right: 16px;
    }
    .check input {
      width: 18px;
      height: 18px;
    }
    `,
  ];
}
