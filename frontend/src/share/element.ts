/** Base class of the share page's elements: no shadow root, so that one style sheet applies to all. */

import { html, LitElement, type TemplateResult } from "lit";

export abstract class PageElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected fire(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** A choice as a row of toggle buttons: drop-down lists fail in some cars. */
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
