/** A sample picture for the card picker, where nothing may run: waves around the centre, in characters. */

import { glyphsOf } from "../player/charset";

const COLS = 72;
const ROWS = 22;

export function samplePicture(): string {
  const ramp = glyphsOf("ramp");
  const line = (row: number): string =>
    Array.from({ length: COLS }, (_, col) => {
      const distance = Math.hypot((2 * col + 1) / COLS - 1, (2 * row + 1) / ROWS - 1);
      const wave = 0.5 + 0.5 * Math.cos(10 * distance);
      const light = wave * Math.max(0, 1 - distance / 1.5);
      return ramp[Math.min(ramp.length - 1, Math.floor(light * ramp.length))];
    }).join("");
  return Array.from({ length: ROWS }, (_, row) => line(row)).join("\n");
}
