/** What a player needs of its browser. */

import type { PlayerParts } from "./player";
import { Sound } from "./sound";
import { SUBPROTOCOL } from "./wire";

/** The sound of a real page; `onBlocked` receives whether the browser requires a gesture before it plays. */
export function pageSound(onBlocked: (blocked: boolean) => void): Sound {
  return new Sound(new Audio(), () => performance.now(), onBlocked);
}

/** The parts of a real page, given what differs between pages: how URLs are made. */
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
