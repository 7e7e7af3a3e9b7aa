/** What a player needs of the browser it runs in. */

import type { PlayerParts } from "./player";
import { Sound } from "./sound";
import { SUBPROTOCOL } from "./wire";

/** The sound of a real page; `tell` hears whether the browser wants a gesture before it plays. */
export function pageSound(tell: (blocked: boolean) => void): Sound {
  return new Sound(new Audio(), () => performance.now(), tell);
}

/** The parts of a real page, given what differs from page to page: how addresses are made. */
export function pageParts(
  addresses: Pick<PlayerParts, "address" | "soundAddress">,
): PlayerParts {
  return {
    ...addresses,
    connect: (address) => new WebSocket(address, SUBPROTOCOL),
    setTimer: (callback, ms) => window.setTimeout(callback, ms),
    clearTimer: (id) => window.clearTimeout(id),
    requestFrame: (callback) => requestAnimationFrame(callback),
    cancelFrame: (id) => cancelAnimationFrame(id),
    now: () => performance.now(),
  };
}
