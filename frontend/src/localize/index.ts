/** The cards' own texts: Home Assistant's translations have no section for them. */

import type { Hass } from "../ha/types";
import de from "./de.json";
import en from "./en.json";
import es from "./es.json";
import fr from "./fr.json";

export type TextKey = keyof typeof en;

const LANGUAGES: Record<string, Partial<Record<TextKey, string>>> = { en, de, es, fr };

export type Language = Pick<Hass, "language" | "locale" | "config">;

export function languageOf(hass: Language | undefined): string {
  return hass?.locale?.language ?? hass?.language ?? "en";
}

/** The language of the texts for a user: an available one, or English. */
export function spokenLanguage(hass: Language | undefined): string {
  const language = languageOf(hass).split("-")[0]!;
  return language in LANGUAGES ? language : "en";
}

/** A text in the user's language, with `{name}` replaced by `values.name`; falls back to English. */
export function localize(
  hass: Language | undefined,
  key: TextKey,
  values: Record<string, string | number> = {},
): string {
  const text = LANGUAGES[spokenLanguage(hass)]?.[key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Whether a composed key exists; a newer server may send an unknown one. */
export function hasText(key: string): key is TextKey {
  return key in en;
}
