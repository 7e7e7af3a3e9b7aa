/** The keys of video players, for the controls of a camera's past. */

import type { Rewind } from "./rewind";

/** Seconds of the buttons and keys that jump. */
export const JUMP = 5;

export function handleKey(event: KeyboardEvent, rewind: Rewind): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const origin = event.composedPath()[0] as Element;
  // A select finds its options by their first letter.
  if (origin.localName === "select" && event.key !== "Escape") return;
  const keys: Record<string, () => unknown> = {
    j: () => rewind.jump(-JUMP),
    l: () => rewind.jump(JUMP),
    k: () => rewind.toggle(),
    ",": () => rewind.step(-1),
    ".": () => rewind.step(1),
    "<": () => rewind.changeRate(-1),
    ">": () => rewind.changeRate(1),
    i: () => rewind.marks.here("start"),
    o: () => rewind.marks.here("end"),
    "+": () => rewind.zoom(-1),
    "=": () => rewind.zoom(-1),
    "-": () => rewind.zoom(1),
  };
  if (rewind.active) keys["Escape"] = () => rewind.goLive();
  // On a button, space presses it.
  if (origin.getAttribute("role") === "slider") keys[" "] = () => rewind.toggle();
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  void action();
}
