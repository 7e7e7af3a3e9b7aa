/** The choice of how much of the past the bar shows. */

import { css, html, nothing, type TemplateResult } from "lit";
import { ALL } from "../footage/bar-span";
import type { Rewind } from "../footage/rewind";
import { formatAge, formatSeconds } from "../localize/format";
import { type Language, localize } from "../localize/index";

/** Nothing where there is no choice. */
export function spanPicker(
  hass: Language | undefined,
  rewind: Rewind,
  choices: readonly number[],
): TemplateResult | typeof nothing {
  if (choices.length < 2) return nothing;
  const { bar } = rewind;
  const label = localize(hass, "rewind.span");
  const chosen = (event: Event): void => rewind.span(Number((event.target as HTMLSelectElement).value));
  return html`<select class="span" aria-label=${label} title=${label} @change=${chosen}>
    ${choices.map(
      (seconds) =>
        html`<option value=${seconds} .selected=${seconds === bar.choice}>${choiceText(hass, seconds)}</option>`,
    )}
  </select>`;
}

function choiceText(hass: Language | undefined, seconds: number): string {
  if (seconds === ALL) return localize(hass, "rewind.all");
  return seconds < 3600 ? formatSeconds(hass, seconds) : formatAge(hass, seconds, "short");
}

export const spanPickerStyles = css`
  .span {
    font: inherit;
    color: var(--primary-text-color, #212121);
    min-height: 32px;
    padding: 0 4px;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: none;
    cursor: pointer;
  }
  .span:focus-visible {
    outline: 2px solid var(--primary-color, #03a9f4);
  }
  .span option {
    color: #212121;
    background: #fff;
  }
`;
