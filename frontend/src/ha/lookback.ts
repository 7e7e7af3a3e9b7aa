/** How much of the past a camera can save. */

import { entryIdOf, isRetrocam, sibling } from "./entities";
import { parseSpans, type Told } from "./footage";
import { follow } from "./subscription";
import type { Hass } from "./types";

export interface Lookback {
  /** Whether the lookback is on. */
  armed: boolean;
  /** Seconds buffered, and seconds when full. */
  ready: number;
  full: number;
  /** Size in bytes. */
  bytes: number;
  /** What memory holds. */
  told: Told;
  /** Seconds from the oldest moment on tape to the present; 0 without a tape. */
  reach: number;
}

/** The messages of `retrocam/lookback/subscribe`. */
interface RawLookback {
  enabled: boolean;
  seconds: number;
  available: number;
  size: number;
  /** Only while it is on. */
  spans?: object[];
  reach?: number;
}

/** Undefined for a message of another form. */
function parse(raw: RawLookback): Lookback | undefined {
  const { enabled, seconds, available, size } = raw;
  if (![seconds, available, size].every(Number.isFinite)) return undefined;
  const told = { spans: parseSpans(raw), at: performance.now() };
  const reach = Number.isFinite(raw.reach) ? raw.reach! : 0;
  return { armed: enabled !== false, ready: available, full: Math.max(seconds, 1), bytes: size, told, reach };
}

/** Pause before subscribing again after a refusal, in ms: Home Assistant may still be starting. */
const RETRY = 10_000;

/** Follows the lookback of one camera at a time, across changes of its entry and lost connections. */
export class LookbackWatch {
  /** Undefined while nothing is known. */
  lookback: Lookback | undefined;
  private entryId: string | undefined;
  private end: () => void = () => undefined;

  constructor(private readonly changed: () => void) {}

  /** Follows the camera, or none; cheap if nothing has changed. */
  follow(hass: Hass | undefined, entityId: string): void {
    const entryId = hass && isRetrocam(hass, entityId, "camera") ? entryIdOf(hass, entityId) : undefined;
    if (entryId === this.entryId) return;
    this.end();
    this.end = () => undefined;
    this.entryId = entryId;
    this.lookback = undefined;
    if (!hass || !entryId) return;
    const message = { type: "retrocam/lookback/subscribe", entry_id: entryId };
    this.end = follow<RawLookback>(hass, message, RETRY, (raw) => {
      this.lookback = raw && parse(raw);
      this.changed();
    });
  }
}

/** Whether the camera's entry is unloaded, with its lookback: a camera that is merely offline keeps it. */
export function isUnloaded(hass: Hass, entityId: string): boolean {
  const lookback = sibling(hass, entityId, "switch", "lookback");
  return lookback !== undefined && hass.states[lookback]?.state === "unavailable";
}
