/** Which texts of `src/localize` go into which bundle: one file a language, and no bundle carries another's. */

export type Bundle = "cards" | "share";

const OF_SHARE = [
  "share.",
  "screen.",
  "player.",
  "play_error.",
  "preset.",
  "layout.",
  "fullscreen.",
  "viewer.",
  "live.",
] as const;

export function belongs(bundle: Bundle, key: string): boolean {
  if (bundle === "cards") return !key.startsWith("share.");
  return OF_SHARE.some((prefix) => key.startsWith(prefix));
}
