/**
 * A page with one card, visible or not, to look into. Each test begins with an empty page, and at the same time, which
 * passes only where the test lets it pass.
 */

import { afterEach, beforeEach, vi } from "vitest";
import "../../src/main";
import type { AsciiCard } from "../../src/cards/ascii-card";
import type { CameraCard } from "../../src/cards/camera-card";
import type { HistoryCard } from "../../src/cards/history-card";
import { type FakeHass, fakeHass } from "../fake-hass";
import { idle } from "../idle";

export type Card = (CameraCard | HistoryCard | AsciiCard) & HTMLElement;

/** When each test begins, in UNIX ms: at noon of the browser. */
export const BEGAN = new Date(2026, 6, 1, 12).getTime();

/** Intersection observers that have not been disconnected. */
export let observed: { callback: (entries: { isIntersecting: boolean }[]) => void }[];
export let hass: FakeHass;
export let card: Card;

class FakeObserver {
  constructor(readonly callback: (entries: { isIntersecting: boolean }[]) => void) {}
  observe(): void {
    observed.push(this);
  }
  disconnect(): void {
    observed = observed.filter((one) => one !== this);
  }
}

/** Sockets that cards have opened and not closed. */
export const sockets = new Set<object>();
class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  readonly readyState = FakeSocket.OPEN;
  constructor() {
    sockets.add(this);
  }
  close(): void {
    sockets.delete(this);
  }
}

beforeEach(() => {
  const fake = ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance", "Date"] as const;
  vi.useFakeTimers({ toFake: [...fake], now: BEGAN });
  observed = [];
  sockets.clear();
  vi.stubGlobal("IntersectionObserver", FakeObserver);
  vi.stubGlobal("WebSocket", FakeSocket);
  // There is no server.
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
  hass = fakeHass({
    "switch.l": ["lookback", "on"],
    "media_player.p": ["player", "playing", { media_title: "Film", media_duration: 100, media_position: 5 }],
    "select.p": ["preset", "low", { options: ["low", "high"] }],
  });
});

afterEach(() => {
  card?.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

export async function show(kind: string, config: object = {}, seen = true): Promise<void> {
  card = document.createElement(`retrocam-${kind}-card`) as Card;
  const entity = kind === "ascii" ? "media_player.p" : "camera.garden";
  card.setConfig({ type: "", entity, ...config });
  card.hass = hass;
  document.body.append(card);
  if (seen) see(true);
  await done();
}

/** Sets `hass` of the card on the page, or of the next one. */
export function become(next: FakeHass): void {
  hass = next;
  if (card?.isConnected) card.hass = next;
}

export function see(isIntersecting: boolean): void {
  observed.forEach((one) => one.callback([{ isIntersecting }]));
}

/** Waits until all that followed from what the test did is on the page. */
export const done = idle;

export function all(selector: string, root: ParentNode = card.renderRoot as ShadowRoot): Element[] {
  const found = [...root.querySelectorAll(selector)];
  const inner = [...root.querySelectorAll("*")].filter((one) => one.shadowRoot);
  return [...found, ...inner.flatMap((one) => all(selector, one.shadowRoot!))];
}

export function button(label: string): HTMLButtonElement {
  const found = all("button").find(
    (one) => one.getAttribute("aria-label") === label || one.textContent?.trim() === label,
  );
  if (!found) throw new Error(`no button: ${label}`);
  return found as HTMLButtonElement;
}

export const text = (): string => (card.renderRoot as ShadowRoot).textContent!.replace(/\s+/g, " ");
