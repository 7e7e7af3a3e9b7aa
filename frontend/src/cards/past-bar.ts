/** The bar of what a camera keeps of its past, for the card. */

import { html, nothing, type TemplateResult } from "lit";
import type { Rewind } from "../footage/rewind";
import type { PastSource } from "../footage/source";
import { STILLS_SECONDS, StillsSource } from "../footage/stills-source";
import type { Lookback } from "../ha/lookback";
import type { Hass } from "../ha/types";
import { formatAge, formatBytes, formatSeconds } from "../localize/format";
import { localize } from "../localize/index";

/** Nothing for a camera that keeps none. */
export function pastBar(
  hass: Hass,
  rewind: Rewind,
  source: PastSource | undefined,
  lookback: Lookback | undefined,
): TemplateResult | typeof nothing {
  const { bar } = rewind;
  if (source instanceof StillsSource) {
    bar.offer(STILLS_SECONDS, 0);
    return panel(hass, rewind, STILLS_SECONDS, localize(hass, "rewind.stills"));
  }
  if (!source || !lookback || !keepsPast(lookback)) return nothing;
  const { armed, ready, full, bytes, reach } = lookback;
  // What lies under a pointer must not move.
  if (rewind.mode !== "scrubbing") bar.offer(armed ? full : undefined, Math.max(reach, rewind.reach));
  if (bar.wide || bar.turned) {
    return panel(hass, rewind, bar.full, localize(hass, "rewind.on_tape", { span: formatAge(hass, reach) }));
  }
  const values = { seconds: formatSeconds(hass, ready), size: formatBytes(hass, bytes) };
  return panel(hass, rewind, ready, armed ? localize(hass, "lookback.ready", values) : "");
}

/** Whether a camera keeps something that can be saved or seen again, in memory or on tape. */
export function keepsPast({ armed, reach }: Lookback): boolean {
  return armed || reach > 0;
}

function panel(hass: Hass, rewind: Rewind, ready: number, text: string): TemplateResult {
  return html`<retrocam-rewind .hass=${hass} .view=${rewind.view(ready)} .text=${text} .rewind=${rewind}></retrocam-rewind>`;
}
