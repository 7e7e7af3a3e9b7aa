/** The state of a media player, and its commands. */

import { act } from "./actions";
import type { Hass, HassEntity } from "./types";

/** Whether media is loaded. */
export function isLoaded(player: HassEntity | undefined): player is HassEntity {
  return player !== undefined && ["playing", "paused", "buffering"].includes(player.state);
}

/** Whether it plays, or will as soon as it can. */
export function isPlaying(player: HassEntity | undefined): boolean {
  return player?.state === "playing" || player?.state === "buffering";
}

/** Duration in s, 0 for endless media. */
export function durationOf(player: HassEntity): number {
  return Number(player.attributes["media_duration"] ?? 0);
}

/** Position in s at a time (UNIX ms): the state holds the position of the last change. */
export function positionOf(player: HassEntity, now: number): number {
  const { media_position, media_position_updated_at } = player.attributes;
  let position = Number(media_position ?? 0);
  const updated = Date.parse(String(media_position_updated_at ?? ""));
  if (player.state === "playing" && Number.isFinite(updated)) position += (now - updated) / 1000;
  const duration = durationOf(player);
  return Math.max(0, duration > 0 ? Math.min(duration, position) : position);
}

/** Plays a URL, an id or search words. Throws Home Assistant's error. */
export async function play(hass: Hass, entityId: string, media: string): Promise<void> {
  await act(hass, "play", entityId, { media });
}

export type Transport = "media_play" | "media_pause" | "media_stop";

export async function transport(hass: Hass, entityId: string, action: Transport): Promise<void> {
  await hass.callService("media_player", action, {}, { entity_id: entityId });
}

/** Seeks to a position in s. */
export async function seek(hass: Hass, entityId: string, position: number): Promise<void> {
  const data = { seek_position: position };
  await hass.callService("media_player", "media_seek", data, { entity_id: entityId });
}
