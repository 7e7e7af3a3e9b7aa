/** The clock below a bar of the past that is longer than memory. */

import { css, html, type TemplateResult } from "lit";
import { type Tick, ticks } from "../footage/ticks";
import { formatDay, formatTime } from "../localize/format";
import type { Language } from "../localize/index";
import { zoneOf } from "../localize/zone";

/** Pixels across of a label. */
const LABEL = 84;
/** A label this near to an end, as a share of the bar, begins or ends there. */
const NEAR = 0.06;

/** The labels between two moments, in UNIX s, on `width` pixels. */
export function barTicks(hass: Language | undefined, start: number, end: number, width: number): TemplateResult {
  const most = Math.max(2, Math.floor(width / LABEL));
  return html`<div class="ticks secondary" aria-hidden="true">
    ${ticks(start, end, zoneOf(hass), most).map((tick) => {
      const share = (tick.time - start) / (end - start);
      const side = share < NEAR ? "first" : share > 1 - NEAR ? "last" : "";
      return html`<span class="tick ${side}" style="left:${share * 100}%">${tickText(hass, tick)}</span>`;
    })}
  </div>`;
}

function tickText(hass: Language | undefined, { time, unit }: Tick): string {
  return unit === "day" ? formatDay(hass, time * 1000) : formatTime(hass, time * 1000, unit === "second");
}

export const tickStyles = css`
  .ticks {
    position: relative;
    height: 20px;
    /* As the rail of the bar. */
    margin: -8px 8px 0;
    font-size: 12px;
    overflow: hidden;
  }
  .tick {
    position: absolute;
    top: 0;
    padding-top: 5px;
    transform: translateX(-50%);
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  .tick::before {
    content: "";
    position: absolute;
    top: 0;
    left: 50%;
    width: 1px;
    height: 5px;
    background: currentColor;
    opacity: 0.6;
  }
  .tick.first {
    transform: none;
  }
  .tick.first::before {
    left: 0;
  }
  .tick.last {
    transform: translateX(-100%);
  }
  .tick.last::before {
    left: 100%;
  }
`;
