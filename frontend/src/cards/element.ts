/** Base class of the cards and their elements: `hass`, texts and events. */

import { LitElement, type PropertyDeclarations } from "lit";
import type { Hass } from "../ha/types";
import { localize, type TextKey } from "../localize/index";

export abstract class HassElement extends LitElement {
  static override properties: PropertyDeclarations = { hass: { attribute: false } };
  declare hass: Hass | undefined;

  /** The text of a key in the user's language. */
  protected t(key: TextKey, values?: Record<string, string | number>): string {
    return localize(this.hass, key, values);
  }

  /** Fires an event that does not leave the card. */
  protected fire(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
