/** Says that a clip is being recorded, with buttons to extend and to stop it. */

import { html, nothing, type TemplateResult } from "lit";
import { siblingState } from "../ha/entities";
import type { Hass } from "../ha/types";
import { formatSeconds } from "../localize/format";
import { localize } from "../localize/index";
import { EXTEND_SECONDS } from "./camera-actions";
import { iconButton } from "./icon-button";

export function recordingTag(
  hass: Hass,
  entityId: string,
  { extend, stop }: { extend: () => unknown; stop: () => unknown },
): TemplateResult | typeof nothing {
  const recording = siblingState(hass, entityId, "binary_sensor", "recording");
  if (recording?.state !== "on") return nothing;
  const more = localize(hass, "recording.extend", { seconds: formatSeconds(hass, EXTEND_SECONDS) });
  return html`<span class="recording" role="status">
    <span class="dot"></span>${localize(hass, "recording.now")} ${iconButton("plus", `+ ${more}`, extend)}
    ${iconButton("stop", localize(hass, "recording.stop"), stop)}
  </span>`;
}
