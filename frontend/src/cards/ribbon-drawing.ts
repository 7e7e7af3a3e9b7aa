/** Draws the timeline of a day on a canvas. */

import type { MediaItem } from "../ha/media";
import type { Hass } from "../ha/types";
import type { Timeline } from "../history/timeline";
import { formatTime } from "../localize/format";

/** Height of the timeline, and of the scale below it, in CSS pixels. */
export const HEIGHT = 56;
const SCALE_HEIGHT = 18;
const BAND = HEIGHT - SCALE_HEIGHT;
/** Distance of the stripes that mark unloaded time. */
const STRIPE = 8;

/** The element whose colours and language apply, and what to draw; times in UNIX ms. */
interface Host extends HTMLElement {
  hass: Hass | undefined;
  /** Newest first. */
  items: readonly MediaItem[];
  /** Position of the handle. */
  time: number | undefined;
  /** Items before this time are incomplete. */
  loadedFrom: number;
}

export function drawRibbon(
  canvas: HTMLCanvasElement,
  host: Host,
  timeline: Timeline,
): void {
  const width = host.clientWidth;
  const { items, time: handle } = host;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(HEIGHT * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  const style = getComputedStyle(host);
  const token = (name: string, other: string): string => style.getPropertyValue(name).trim() || other;
  context.font = `11px ${style.fontFamily || "sans-serif"}`;
  // Striped rather than empty: items there load with the grid's next pages, or when scrubbed to.
  drawUnknown(context, Math.min(width, timeline.x(host.loadedFrom, width)), token("--divider-color", "#ccc"));
  drawScale(context, host.hass, timeline, width, {
    text: token("--secondary-text-color", "#727272"),
    line: token("--divider-color", "#ccc"),
  });
  drawItems(context, timeline, items, width, {
    snapshot: token("--primary-color", "#03a9f4"),
    clip: token("--error-color", "#db4437"),
  });
  if (handle === undefined) return;
  context.fillStyle = token("--primary-text-color", "#212121");
  context.fillRect(Math.round(timeline.x(handle, width)) - 1, 0, 2, BAND + 4);
}

/** Draws stripes from the left end of the timeline. */
function drawUnknown(context: CanvasRenderingContext2D, width: number, colour: string): void {
  context.save();
  context.beginPath();
  context.rect(0, 0, width, BAND);
  context.clip();
  context.beginPath();
  for (let x = -BAND; x < width; x += STRIPE) {
    context.moveTo(x, BAND);
    context.lineTo(x + BAND, 0);
  }
  context.strokeStyle = colour;
  context.stroke();
  context.restore();
}

function drawScale(
  context: CanvasRenderingContext2D,
  hass: Hass | undefined,
  timeline: Timeline,
  width: number,
  colours: { text: string; line: string },
): void {
  context.textAlign = "center";
  let free = 0;
  for (const time of timeline.ticks(width)) {
    const x = timeline.x(time, width);
    context.fillStyle = colours.line;
    context.fillRect(Math.round(x), 0, 1, BAND);
    context.fillStyle = colours.text;
    const label = formatTime(hass, time, false);
    const half = context.measureText(label).width / 2;
    const middle = Math.min(width - half, Math.max(half, x));
    // Labels at the ends move inwards, and may overlap their neighbours.
    if (middle - half < free) continue;
    free = middle + half + 8;
    context.fillText(label, middle, HEIGHT - 4);
  }
}

function drawItems(
  context: CanvasRenderingContext2D,
  timeline: Timeline,
  items: readonly MediaItem[],
  width: number,
  colours: { snapshot: string; clip: string },
): void {
  let lastX = -1;
  for (const item of items) {
    const x = Math.round(timeline.x(item.time, width));
    const wide = Math.max(3, timeline.x(item.end, width) - x);
    if (x > width || x + wide < 0) continue;
    if (item.kind === "snapshots") {
      // Thousands of items share the same pixels: one line per pixel is enough.
      if (x === lastX) continue;
      lastX = x;
      context.globalAlpha = 0.7;
      context.fillStyle = colours.snapshot;
      context.fillRect(x, BAND * 0.45, 1, BAND * 0.55);
    } else {
      context.globalAlpha = 1;
      context.fillStyle = item.kind === "recordings" ? colours.clip : colours.snapshot;
      context.fillRect(x, 4, wide, BAND * 0.35);
    }
  }
  context.globalAlpha = 1;
}
