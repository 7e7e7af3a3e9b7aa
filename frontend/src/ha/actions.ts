/** Retrocam's actions, called for one entity, with its part of the response. */

import { type Language, localize } from "../localize/index";
import { sibling } from "./entities";
import type { Hass } from "./types";

/** What home-assistant-js-websocket rejects calls with that have lost their link, or never had one. */
const CONNECTION_LOST = 3;

/** What `record`, `export_timelapse` and `take_snapshot` answer, as far as the cards show it. */
export interface Saved {
  url?: string;
  duration?: number;
  lookback?: number;
  size?: number;
}

export async function act<T>(
  hass: Hass,
  action: string,
  entityId: string,
  data: object = {},
): Promise<T | undefined> {
  const target = { entity_id: entityId };
  const { response } = await hass.callService("retrocam", action, data, target, false, true);
  return (response as Record<string, T> | undefined)?.[entityId];
}

/** Chooses an option of the select with this key on the device of an entity. */
export async function choose(hass: Hass, entityId: string, key: string, option: string): Promise<void> {
  const entity_id = sibling(hass, entityId, "select", key)!;
  await hass.callService("select", "select_option", { option }, { entity_id });
}

/** The words of an error of Home Assistant's, which are translated already, or of any other. */
export function messageOf(hass: Language | undefined, error: unknown): string {
  if (error === CONNECTION_LOST) return localize(hass, "error.connection");
  if (typeof error !== "object" || error === null) return String(error);
  // A call that was under way is answered with a whole message in which the error is.
  if ("error" in error) return messageOf(hass, error.error);
  if ("code" in error && error.code === CONNECTION_LOST) return messageOf(hass, error.code);
  return String("message" in error ? error.message : error);
}
