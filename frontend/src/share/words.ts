/** The page's texts, in the language of the browser. */

import { formatDay, formatTime } from "../localize/format";
import { hasText, type Language, localize, type TextKey } from "../localize/index";
import type { PlayerError, PlayState } from "../player/session";
import { LockedOutError, RefusedError } from "./api";

export const LANGUAGE: Language = { language: known(navigator.language) };

/** Some browsers of cars and kiosks tell a language like `en-US@posix`, at which all formatting would throw. */
export function known(language: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? "en";
  } catch {
    return "en";
  }
}

export function t(key: TextKey, values?: Record<string, string | number>): string {
  return localize(LANGUAGE, key, values);
}

/** A text whose key was put together, or the name itself where there is none. */
export function named(prefix: string, name: string): string {
  const key = `${prefix}.${name}`;
  return hasText(key) ? t(key) : name;
}

/** Day and time of a moment, in UNIX ms. */
export function whenOf({ time }: { time: number }): string {
  return `${formatDay(LANGUAGE, time)}, ${formatTime(LANGUAGE, time)}`;
}

/** What went wrong, in words; never those of a server in between. */
export function wordsOf(error: unknown): string {
  if (error instanceof LockedOutError) return t("share.pin_locked");
  if (!(error instanceof RefusedError)) return t("share.no_connection");
  if (error.code === "wrong_pin") return t("share.pin_wrong");
  if (error.code === "forbidden") return t("share.forbidden");
  const key = `play_error.${error.code}`;
  return hasText(key) ? t(key) : t("share.failed");
}

/**
 * What the stream does, undefined while a picture runs: then it speaks for itself. A guest who is
 * `full` has too many streams open for another one.
 */
export function stateWords(
  { linked, state, error }: { linked: boolean; state: PlayState | undefined; error: PlayerError | null },
  full = false,
): string | undefined {
  if (error) return wordsOf(new RefusedError(error.code));
  if (!linked) return t(full ? "share.full" : "screen.connecting");
  if (!state || state === "playing" || state === "error") return undefined;
  return t(`screen.${state}` as TextKey);
}
