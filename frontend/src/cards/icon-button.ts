/** A button that shows an icon, and has its text for those who do not see it. */

import { html, nothing, type TemplateResult } from "lit";
import { icon, type IconName } from "./icons";

export interface ButtonState {
  disabled?: boolean;
  /** Whether it is on, for a button that stays so. */
  pressed?: boolean | undefined;
  /** Classes for the style sheet. */
  extra?: string;
}

export function iconButton(
  name: IconName,
  label: string,
  action: () => unknown,
  { disabled = false, pressed, extra }: ButtonState = {},
): TemplateResult {
  return html`<button
    type="button"
    class=${extra ?? nothing}
    aria-label=${label}
    aria-pressed=${pressed ?? nothing}
    title=${label}
    ?disabled=${disabled}
    @click=${() => void action()}
  >
    ${icon(name)}
  </button>`;
}
