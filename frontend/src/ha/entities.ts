/** Finds the entities of the camera that a card shows. */

import type { Hass, HassEntity } from "./types";

export const PLATFORM = "retrocam";

export function isRetrocam(hass: Hass, entityId: string, ...domains: string[]): boolean {
  return hass.entities[entityId]?.platform === PLATFORM && domains.includes(domainOf(entityId));
}

export function domainOf(entityId: string): string {
  return entityId.slice(0, entityId.indexOf("."));
}

/** The config entry id of an entity: a Retrocam device belongs to one entry. */
export function entryIdOf(hass: Hass, entityId: string): string | undefined {
  const device = hass.devices[hass.entities[entityId]?.device_id ?? ""];
  return device?.primary_config_entry ?? device?.config_entries?.[0];
}

/**
 * The entity id on the same device with this domain and key. The frontend does not know unique ids: the
 * translation key is the entity's key, and for an entity without one, its domain is enough.
 */
export function sibling(
  hass: Hass,
  entityId: string,
  domain: string,
  key?: string,
): string | undefined {
  const device = hass.entities[entityId]?.device_id;
  if (!device) return undefined;
  for (const entry of Object.values(hass.entities)) {
    if (entry?.device_id !== device || entry.platform !== PLATFORM) continue;
    if (domainOf(entry.entity_id) !== domain) continue;
    if (key === undefined || entry.translation_key === key) return entry.entity_id;
  }
  return undefined;
}

/** The default camera of a new card: a real camera rather than a player's screen. */
export function firstCamera(hass: Hass, entityIds: string[]): string | undefined {
  const cameras = entityIds.filter((id) => isRetrocam(hass, id, "camera"));
  return cameras.find((id) => !sibling(hass, id, "media_player")) ?? cameras[0];
}

/** The state object of a sibling, unless it is disabled, missing or unavailable. */
export function siblingState(
  hass: Hass,
  entityId: string,
  domain: string,
  key?: string,
): HassEntity | undefined {
  const state = hass.states[sibling(hass, entityId, domain, key) ?? ""];
  return state && isAvailable(state) ? state : undefined;
}

export function isAvailable(state: HassEntity | undefined): state is HassEntity {
  return state !== undefined && state.state !== "unavailable" && state.state !== "unknown";
}

export function nameOf(hass: Hass, entityId: string, name?: unknown): string {
  if (typeof name === "string" && name !== "") return name;
  const state = hass.states[entityId];
  if (state && name && hass.formatEntityName) return hass.formatEntityName(state, name);
  const device = hass.devices[hass.entities[entityId]?.device_id ?? ""];
  const friendly = state?.attributes["friendly_name"];
  return device?.name_by_user || device?.name || (typeof friendly === "string" ? friendly : entityId);
}
