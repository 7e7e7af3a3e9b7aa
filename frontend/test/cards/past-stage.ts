/** Looking back from the present: a bar of the last minute over 600 pixels, all of which is held. */

import { afterEach, beforeEach, expect, vi } from "vitest";
import { all, card, done, hass } from "./stage";

/** The present of Home Assistant's clock, in UNIX s; the browser's differs. */
export const NOW = 1_800_000_000;
export const WIDTH = 600;

/** Of the pictures that the page keeps. */
export let urls: Set<string>;

beforeEach(() => {
  urls = new Set();
  let made = 0;
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    urls.add(`blob:${++made}`);
    return `blob:${made}`;
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void urls.delete(url));
  vi.spyOn(HTMLElement.prototype, "setPointerCapture").mockReturnValue();
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, WIDTH, 6));
  hass.footage = [[NOW - 60, NOW]];
});

afterEach(() => {
  card.remove();
  expect([vi.getTimerCount(), urls.size]).toEqual([0, 0]);
  vi.restoreAllMocks();
});

export const bar = (): HTMLElement => all(".bar")[0] as HTMLElement;
export const knob = (): HTMLElement => all("[data-grip=knob]")[0] as HTMLElement;
/** The still that is shown of the past. */
export const picture = (): HTMLImageElement | undefined => all("retrocam-footage img")[0] as HTMLImageElement | undefined;
/** What is said of the moment that is shown. */
export const pill = (): string => all(".pill")[0]?.textContent?.replace(/\s+/g, " ").trim() ?? "";
/** Requests for frames, and the moment of one, in s from the present as the test began. */
export const frames = (): string[] => hass.fetched.filter((path) => path.includes("/frame?"));
export const asked = (path: string): number => Number(new URL(path, "http://ha").searchParams.get("at")) - NOW;
export const exact = (): number[] => frames().filter((path) => !path.includes("fast")).map(asked);

export async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await done();
}

export function point(name: string, ago: number, on: HTMLElement = bar()): void {
  const clientX = WIDTH * (1 - ago / 60);
  on.dispatchEvent(new PointerEvent(name, { clientX, pointerId: 1, button: 0, bubbles: true, composed: true }));
}

export async function dragTo(...agos: number[]): Promise<void> {
  point("pointerdown", agos[0]!);
  for (const ago of agos) point("pointermove", ago);
  await done();
}

export async function letGo(): Promise<void> {
  point("pointerup", 0);
  await done();
}

export async function press(key: string, on: Element = knob(), init: KeyboardEventInit = {}): Promise<void> {
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, ...init }));
  await done();
}

export function clock(time: number): string {
  const format = { hour: "numeric", minute: "2-digit", second: "2-digit" } as const;
  return new Intl.DateTimeFormat("en", format).format(time * 1000);
}
