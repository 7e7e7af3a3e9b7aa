/** Calls Retrocam's actions for one entity, and returns that entity's part of the response. */

import { type Language, localize } from "../localize/index";
import { sibling } from "./entities";
import type { Hass } from "./types";

/** Rejections of home-assistant-js-websocket for calls that lost their connection, or had none. */
const CONNECTION_LOST = 3;

/** Responses of `record`, `export_timelapse` and `take_snapshot`, as far as the cards use them. */
export interface Saved {
  url?: string;
  duration?: number;
  lookback?: number;
  /** ISO 8601, of the first frame. */
  start?: string;
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

/** The message of a Home Assistant error, which is translated already, or of any other error. */
export function messageOf(hass: Language | undefined, error: unknown): string {
  if (error === CONNECTION_LOST) return localize(hass, "error.connection");
  if (typeof error !== "object" || error === null) return String(error);
  // A pending call is rejected with a whole message that contains the error.
  if ("error" in error) return messageOf(hass, error.error);
  if ("code" in error && error.code === CONNECTION_LOST) return messageOf(hass, error.code);
  return String("message" in error ? error.message : error);
}
