/** How long ago a moment was, to be read and to be spoken. */

import { formatAge, formatDuration, formatNumber, formatSpokenSeconds } from "../localize/format";
import { type Language, localize } from "../localize/index";

/** From here on, in s, it is told in minutes, hours or days; the time of day tells the rest. */
const LONG = 1800;
const DAYS = 2 * 86_400;

/** "−23 s", or "−2:05" from two minutes on, and "−3 days". */
export function shortAgo(hass: Language | undefined, seconds: number): string {
  if (seconds >= DAYS) return `−${formatAge(hass, seconds, "short")}`;
  if (seconds >= 120) return `−${formatDuration(seconds)}`;
  return `−${formatNumber(hass, seconds)} s`;
}

/** "23 seconds ago", or "3 hours ago". */
export function spokenAgo(hass: Language | undefined, seconds: number): string {
  if (seconds >= LONG) return localize(hass, "rewind.ago", { seconds: formatAge(hass, seconds) });
  return localize(hass, "rewind.ago", { seconds: formatSpokenSeconds(hass, seconds) });
}
