/** An icon button with an accessible label. */

import { html, nothing, type TemplateResult } from "lit";
import { icon, type IconName } from "./icons";

export interface ButtonState {
  disabled?: boolean;
  /** State of a toggle button. */
  pressed?: boolean | undefined;
  /** CSS classes. */
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
