/** Texts of `src/localize` by bundle: one file per language, and no bundle contains another's texts. */

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
  "rewind.label",
  "rewind.hint",
  "rewind.ago",
  "rewind.spoken",
  "rewind.transport",
  "rewind.back",
  "rewind.forward",
  "rewind.picture",
] as const;

export function belongs(bundle: Bundle, key: string): boolean {
  if (bundle === "cards") return !key.startsWith("share.");
  return OF_SHARE.some((prefix) => key.startsWith(prefix));
}
