/** The share page's texts, in the language of the browser. */

import { formatDay, formatTime } from "../localize/format";
import { hasText, type Language, localize, type TextKey } from "../localize/index";
import type { PlayerError, PlayState } from "../player/session";
import { LockedOutError, RefusedError } from "./api";

export const LANGUAGE: Language = { language: supportedLanguage(navigator.language) };

/** Some browsers of cars and kiosks report a language like `en-US@posix`, for which all formatting would throw. */
export function supportedLanguage(language: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? "en";
  } catch {
    return "en";
  }
}

export function t(key: TextKey, values?: Record<string, string | number>): string {
  return localize(LANGUAGE, key, values);
}

/** A text whose key was composed, or the name itself if there is none. */
export function named(prefix: string, name: string): string {
  const key = `${prefix}.${name}`;
  return hasText(key) ? t(key) : name;
}

/** Day and time of a moment in UNIX ms. */
export function formatMoment({ time }: { time: number }): string {
  return `${formatDay(LANGUAGE, time)}, ${formatTime(LANGUAGE, time)}`;
}

/** An error as text; never the text of a proxy in between. */
export function errorText(error: unknown): string {
  if (error instanceof LockedOutError) return t("share.pin_locked");
  if (!(error instanceof RefusedError)) return t("share.no_connection");
  if (error.code === "wrong_pin") return t("share.pin_wrong");
  if (error.code === "forbidden") return t("share.forbidden");
  if (error.code === "other_host") return t("share.other_host");
  const key = `play_error.${error.code}`;
  return hasText(key) ? t(key) : t("share.failed");
}

/**
 * The status of the stream, undefined while a picture runs: then none is needed. `full`: the guest has too many
 * open streams for another one.
 */
export function stateWords(
  { linked, state, error }: { linked: boolean; state: PlayState | undefined; error: PlayerError | null },
  full = false,
): string | undefined {
  if (error) return errorText(new RefusedError(error.code));
  if (!linked) return t(full ? "share.full" : "screen.connecting");
  if (!state || state === "playing" || state === "error") return undefined;
  return t(`screen.${state}` as TextKey);
}
