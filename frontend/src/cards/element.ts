/** What the cards and the elements in them have in common: Home Assistant, its words, telling of what is done. */

import { LitElement, type PropertyDeclarations } from "lit";
import type { Hass } from "../ha/types";
import { localize, type TextKey } from "../localize/index";

export abstract class HassElement extends LitElement {
  static override properties: PropertyDeclarations = { hass: { attribute: false } };
  declare hass: Hass | undefined;

  /** The words of a key, in the user's language. */
  protected t(key: TextKey, values?: Record<string, string | number>): string {
    return localize(this.hass, key, values);
  }

  /** Fires an event, which does not leave the card. */
  protected tell(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
