/** Retrocam's actions, called for one entity, with its part of the response. */

import { sibling } from "./entities";
import type { Hass } from "./types";

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
export function messageOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) {
    return String(error.message);
  }
  return String(error);
}
