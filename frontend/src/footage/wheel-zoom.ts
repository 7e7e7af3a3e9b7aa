/** The wheel on the bar with Ctrl, which is also what browsers make of two fingers that spread on a touchpad. */

import type { Rewind } from "./rewind";

/** Pixels that the wheel turns for the next span: half a notch of a mouse. */
const STEP = 50;
/** Pixels of a line and of a page, in which some browsers count. */
const UNITS = [1, 25, 400];

export class WheelZoom {
  /** Pixels turned since the last span, negative towards a shorter one. */
  private turned = 0;

  /** Lets the bar show a longer or shorter span. The page keeps what has no effect here. */
  turn(event: WheelEvent, rewind: Rewind): void {
    // What lies under a pointer must not move.
    if (!event.ctrlKey || !event.deltaY || rewind.mode === "scrubbing") return;
    const steps = event.deltaY > 0 ? 1 : -1;
    if (Math.sign(this.turned) !== steps) this.turned = 0;
    if (rewind.bar.next(steps) === undefined) return;
    event.preventDefault();
    this.turned += event.deltaY * (UNITS[event.deltaMode] ?? 1);
    if (Math.abs(this.turned) < STEP) return;
    this.turned = 0;
    rewind.zoom(steps);
  }
}
