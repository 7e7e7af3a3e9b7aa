/** Retrocam's actions, called for one entity, with its part of the response. */

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

/** The words of an error of Home Assistant's, which are translated already, or of any other. */
export function messageOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) {
    return String(error.message);
  }
  return String(error);
}
