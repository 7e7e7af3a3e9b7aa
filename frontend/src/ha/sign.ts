/** Paths that a plain GET (an image, a link, a WebSocket) may open without a header. */

import type { Hass } from "./types";

/**
 * Has Home Assistant sign a path, for `seconds` from now. What is signed already is left alone: a second
 * signature would make both wrong.
 */
export async function signPath(hass: Hass, path: string, seconds = 30): Promise<string> {
  if (path.includes("authSig=") || !path.startsWith("/")) return path;
  const message = { type: "auth/sign_path", path, expires: seconds };
  return (await hass.callWS<{ path: string }>(message)).path;
}

/** Has a path signed from now on, whatever is left of the time that it is signed for already. */
export async function signAnew(hass: Hass, path: string, seconds: number): Promise<string> {
  return signPath(hass, path.replace(/([?&])authSig=[^&]*&?/, "$1").replace(/[?&]$/, ""), seconds);
}

/** The address of a path for a WebSocket: same host, ws for http. */
export function socketUrl(hass: Hass, path: string): string {
  const url = new URL(hass.hassUrl(path), location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
