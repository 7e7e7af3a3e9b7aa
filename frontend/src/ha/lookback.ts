/** How much a camera could save of what has just happened. */

import { numberOf, siblingState } from "./entities";
import type { Hass, HassEntity } from "./types";

export interface Lookback {
  /** Whether it is switched on. */
  armed: boolean;
  /** Seconds that are held, and those that are held once it is full. */
  ready: number;
  full: number;
  /** What they take, undefined where that is not told. */
  bytes: number | undefined;
}

/** Seconds taken for full where the camera does not tell. */
const FULL = 60;
const SIZE_UNITS: Record<string, number> = {
  B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1_048_576, GiB: 1_073_741_824,
};

/** Undefined while the camera tells nothing of it. */
export function lookbackOf(hass: Hass, entityId: string): Lookback | undefined {
  const armed = siblingState(hass, entityId, "switch", "lookback")?.state !== "off";
  const ready = numberOf(siblingState(hass, entityId, "sensor", "lookback_available"));
  if (armed && ready === undefined) return undefined;
  const asked = numberOf(siblingState(hass, entityId, "number", "lookback_seconds"));
  return {
    armed,
    ready: ready ?? 0,
    full: Math.max(asked ?? FULL, 1),
    bytes: bytesOf(siblingState(hass, entityId, "sensor", "lookback_size")),
  };
}

/** The bytes that a size sensor tells, in whatever unit the user has chosen for it. */
function bytesOf(state: HassEntity | undefined): number | undefined {
  const value = numberOf(state);
  if (value === undefined) return undefined;
  return value * (SIZE_UNITS[String(state?.attributes["unit_of_measurement"])] ?? 1e6);
}
