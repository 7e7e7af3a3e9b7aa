/** Icons of the grid layouts. */

import { svg, type SVGTemplateResult, html, type TemplateResult } from "lit";

/** Tiles of each layout: x, y, width and height on 24 x 24. */
const TILES: Record<string, readonly (readonly [number, number, number, number])[]> = {
  single: [[3, 5, 18, 14]],
  quad: [[3, 5, 8.5, 6.5], [12.5, 5, 8.5, 6.5], [3, 12.5, 8.5, 6.5], [12.5, 12.5, 8.5, 6.5]],
  main_plus_preview: [[3, 5, 12, 14], [16, 5, 5, 4], [16, 10, 5, 4], [16, 15, 5, 4]],
  auto: [[3, 5, 8.5, 14], [12.5, 5, 8.5, 6.5], [12.5, 12.5, 8.5, 6.5]],
};

export function layoutIcon(layout: string): TemplateResult {
  const tiles = TILES[layout] ?? TILES["single"]!;
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${tiles.map(tile)}</svg>`;
}

function tile([x, y, width, height]: readonly [number, number, number, number]): SVGTemplateResult {
  return svg`<rect x=${x} y=${y} width=${width} height=${height} rx="1" />`;
}
