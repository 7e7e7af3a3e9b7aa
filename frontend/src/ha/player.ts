/** A media player's state, and what it can be told. */

import { act } from "./actions";
import type { Hass, HassEntity } from "./types";

/** Whether something is loaded. */
export function isLoaded(player: HassEntity | undefined): player is HassEntity {
  return player !== undefined && ["playing", "paused", "buffering"].includes(player.state);
}

/** Whether it plays, or will as soon as it can. */
export function isPlaying(player: HassEntity | undefined): boolean {
  return player?.state === "playing" || player?.state === "buffering";
}

/** Seconds of what is loaded, 0 where it has no end. */
export function durationOf(player: HassEntity): number {
  return Number(player.attributes["media_duration"] ?? 0);
}

/** Seconds into the media at a moment (UNIX ms): the state tells where it was at the last change. */
export function positionOf(player: HassEntity, now: number): number {
  const { media_position, media_position_updated_at } = player.attributes;
  let position = Number(media_position ?? 0);
  const updated = Date.parse(String(media_position_updated_at ?? ""));
  if (player.state === "playing" && Number.isFinite(updated)) position += (now - updated) / 1000;
  const duration = durationOf(player);
  return Math.max(0, duration > 0 ? Math.min(duration, position) : position);
}

/** Plays an address, an id or search words. Throws what Home Assistant answers. */
export async function play(hass: Hass, entityId: string, media: string): Promise<void> {
  await act(hass, "play", entityId, { media });
}

export type Transport = "media_play" | "media_pause" | "media_stop";

export async function transport(hass: Hass, entityId: string, action: Transport): Promise<void> {
  await hass.callService("media_player", action, {}, { entity_id: entityId });
}

/** Goes to a position in seconds. */
export async function seek(hass: Hass, entityId: string, position: number): Promise<void> {
  const data = { seek_position: position };
  await hass.callService("media_player", "media_seek", data, { entity_id: entityId });
}
