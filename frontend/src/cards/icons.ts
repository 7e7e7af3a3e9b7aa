/** The pictures on buttons, drawn for 24 x 24. */

import { html, type TemplateResult } from "lit";

const PATHS = {
  save: "M12 4a8 8 0 1 0 8 8h-2a6 6 0 1 1-6-6v3l5-4-5-4zM11 8v5l4 2 .8-1.6-3.1-1.5V8z",
  camera: "M9 4 7.5 6H4a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-3.500L15 4zm3 4.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9zm0 2a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z",
  ascii: "M4 5h16v14H4zm-2-2v18h20V3zm5 12.500L9.500 8h1.600l2.500 7.500h-1.700l-.5-1.600H9.100l-.5 1.600zm2.500-2.900h1.600l-.8-2.600zM15 13h3v2.500h-3z",
  full: "M5 5h5V3H3v7h2zm14 0v5h2V3h-7v2zM5 19v-5H3v7h7v-2zm14 0h-5v2h7v-7h-2z",
  shrink: "M8 8H3v2h7V3H8zm8 0V3h-2v7h7V8zM8 16v5h2v-7H3v2zm8 0h5v-2h-7v7h2z",
  stop: "M6 6h12v12H6z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zm8 0h4v14h-4z",
  sound: "M3 9v6h4l5 5V4L7 9zm13.500 3A4.500 4.500 0 0 0 14 8v8a4.500 4.500 0 0 0 2.500-4zM14 3.200v2.100a7 7 0 0 1 0 13.400v2.100a9 9 0 0 0 0-17.600z",
  mute: "M3 9v6h4l5 5V4L7 9zm18.500 1-1.500-1.500-2 2-2-2L14.500 10l2 2-2 2 1.500 1.500 2-2 2 2 1.500-1.500-2-2z",
  search: "M10 3a7 7 0 1 0 4.200 12.600l5.100 5.100 1.400-1.400-5.100-5.100A7 7 0 0 0 10 3zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10z",
  folder: "M10 5H4a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V9a2 2 0 0 0-2-2h-8z",
  text: "M5 4v3h5.500v13h3V7H19V4z",
  stats: "M4 20V10h3v10zm6 0V4h3v16zm6 0v-7h3v7z",
  look: "M12 3a9 9 0 1 0 0 18zm0 2v14a7 7 0 0 0 0-14z",
  left: "M15.400 7.400 14 6l-6 6 6 6 1.400-1.400L10.800 12z",
  right: "M8.600 16.600 10 18l6-6-6-6-1.400 1.400L13.200 12z",
  close: "M19 6.400 17.600 5 12 10.600 6.400 5 5 6.400 10.600 12 5 17.600 6.400 19 12 13.400 17.600 19 19 17.600 13.400 12z",
  reload: "M17.600 6.400A8 8 0 1 0 19.700 14h-2.100a6 6 0 1 1-1.400-6.200L13 11h7V4z",
  download: "M5 20h14v-2H5zM19 9h-4V3H9v6H5l7 7z",
  share: "M18 16a3 3 0 0 0-2 .8l-7.100-4.200a3 3 0 0 0 0-1.300L16 7.200A3 3 0 1 0 15 5l.1.700L8 9.800a3 3 0 1 0 0 4.400l7.100 4.100A3 3 0 1 0 18 16z",
  trash: "M6 19a2 2 0 0 0 2 2h8a2 2 0 0 0 2-2V7H6zM19 4h-3.500l-1-1h-5l-1 1H5v2h14z",
  film: "M4 4h16v16H4zm2 2v2h2V6zm0 5v2h2v-2zm0 5v2h2v-2zM16 6v2h2V6zm0 5v2h2v-2zm0 5v2h2v-2zM10 6v12h4V6z",
  lock: "M12 2a5 5 0 0 0-5 5v2H5v13h14V9h-2V7a5 5 0 0 0-5-5zm-3 7V7a3 3 0 0 1 6 0v2zm3 4a2 2 0 0 1 1 3.700V19h-2v-2.300a2 2 0 0 1 1-3.700z",
  erase: "M8 5 2 12l6 7h14V5zm1 2h11v10H9l-4.300-5zm2.400 1.600L14 11.200l2.600-2.600L18 10l-2.600 2.600L18 15.200l-1.400 1.400L14 14l-2.600 2.600L10 15.200l2.600-2.600L10 10z",
  check: "M9.500 16.600 5 12.100l-1.400 1.400 5.900 5.900L21 8 19.600 6.600z",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon that says nothing to a screen reader: its button has a label. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
