/** The buttons that choose the layout of a grid. */

import { html, nothing, type TemplateResult } from "lit";
import { siblingState } from "../ha/entities";
import type { Hass } from "../ha/types";
import { hasText, localize, type TextKey } from "../localize/index";
import { layoutIcon } from "./layouts";
import { arrowed, tabIndexOf } from "./radios";

/** The layouts of an entity, of which `choose` is called with one; nothing for a camera that is no grid. */
export function layoutPicker(
  hass: Hass,
  entityId: string,
  choose: (option: string) => unknown,
): TemplateResult | typeof nothing {
  const select = siblingState(hass, entityId, "select", "layout");
  const options = select?.attributes["options"];
  if (!select || !Array.isArray(options)) return nothing;
  const names = options.map(String);
  return html`<div
    class="row layouts"
    role="radiogroup"
    aria-label=${localize(hass, "layout.label")}
    @keydown=${arrowed}
  >
    ${names.map((option) => {
      const key = `layout.${option}`;
      const label = hasText(key) ? localize(hass, key as TextKey) : option;
      return html`<button
        role="radio"
        aria-checked=${option === select.state}
        tabindex=${tabIndexOf(option, names, select.state)}
        aria-label=${label}
        title=${label}
        @click=${() => choose(option)}
      >
        ${layoutIcon(option)}
      </button>`;
    })}
  </div>`;
}
