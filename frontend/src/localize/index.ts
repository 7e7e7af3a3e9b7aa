/** The cards' own words: Home Assistant's translations have no place for them. */

import type { Hass } from "../ha/types";
import de from "./de.json";
import en from "./en.json";
import es from "./es.json";
import fr from "./fr.json";

export type TextKey = keyof typeof en;

const LANGUAGES: Record<string, Partial<Record<TextKey, string>>> = { en, de, es, fr };

export type Language = Pick<Hass, "language" | "locale">;

export function languageOf(hass: Language | undefined): string {
  return hass?.locale?.language ?? hass?.language ?? "en";
}

/** The language that texts are in for a user: one that there is, or English. */
export function spokenLanguage(hass: Language | undefined): string {
  const language = languageOf(hass).split("-")[0]!;
  return language in LANGUAGES ? language : "en";
}

/** A text in the user's language, with `{name}` replaced by `values.name`; English where there is no other. */
export function localize(
  hass: Language | undefined,
  key: TextKey,
  values: Record<string, string | number> = {},
): string {
  const text = LANGUAGES[spokenLanguage(hass)]?.[key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Whether a key that was put together is one; what a newer server tells may not be. */
export function hasText(key: string): key is TextKey {
  return key in en;
}
