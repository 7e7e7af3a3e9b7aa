/** Signed paths, which a plain GET (an image, a link, a WebSocket) can open without a header. */

import type { Hass } from "./types";

/**
 * Has Home Assistant sign a path for `seconds`. A path that is signed already is returned as it is: a second
 * signature would invalidate both.
 */
export async function signPath(hass: Hass, path: string, seconds = 30): Promise<string> {
  if (path.includes("authSig=") || !path.startsWith("/")) return path;
  const message = { type: "auth/sign_path", path, expires: seconds };
  return (await hass.callWS<{ path: string }>(message)).path;
}

/** Signs a path anew, whatever is left of its present signature. */
export async function signAnew(hass: Hass, path: string, seconds: number): Promise<string> {
  return signPath(hass, path.replace(/([?&])authSig=[^&]*&?/, "$1").replace(/[?&]$/, ""), seconds);
}

/** The WebSocket URL of a path: same host, ws for http. */
export function socketUrl(hass: Hass, path: string): string {
  const url = new URL(hass.hassUrl(path), location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
