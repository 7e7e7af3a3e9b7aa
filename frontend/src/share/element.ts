/** What the page's elements have in common: no shadow, so that one style sheet serves all. */

import { html, LitElement, type TemplateResult } from "lit";

export abstract class PageElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected tell(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** One of several choices, as buttons of which one is pressed: a list to open fails in some cars. */
export function choices(
  label: string,
  options: readonly { value: string; text: string | TemplateResult; name?: string }[],
  current: string | null,
  choose: (value: string) => void,
): TemplateResult {
  return html`<div class="choices" role="group" aria-label=${label}>
    <span class="caption" aria-hidden="true">${label}</span>
    ${options.map(
      ({ value, text, name }) =>
        html`<button
          type="button"
          class="chip"
          aria-label=${name ?? String(text)}
          aria-pressed=${value === current}
          @click=${() => choose(value)}
        >
          ${text}
        </button>`,
    )}
  </div>`;
}
