/** What a camera's past holds, and single frames of it. Times are UNIX seconds of Home Assistant's clock. */

import { follow } from "./subscription";
import type { Hass } from "./types";

export interface Span {
  start: number;
  end: number;
  /** It is on disk, not in memory. */
  taped?: boolean;
}

/** Spans, and when they were told, in ms of the browser's steady clock. */
export interface Told {
  spans: readonly Span[];
  at: number;
}

export interface FrameRequest {
  /** The keyframe at or before the time, which is cheap, instead of the frame shown then. */
  fast: boolean;
  /** Most pixels across; 0 for all. */
  width: number;
}

export interface FootageFrame {
  picture: Blob;
  /** When it was first shown. */
  time: number;
  /** The time of the next keyframe, of a keyframe; undefined if it is not told. */
  until?: number | undefined;
}

const path = (entryId: string): string => `/api/retrocam/footage/${entryId}`;

/**
 * The URL of the playlist of all that is in memory, or with `live` of the present alone, for Home Assistant's player;
 * undefined if there is none, and while what is held does not reach the present.
 */
export async function playlistUrl(hass: Hass, entryId: string, live: boolean): Promise<string | undefined> {
  const message = { type: "retrocam/urls", entry_id: entryId };
  const urls = await hass.callWS<{ footage_playlist?: string | null; footage_live?: string | null }>(message);
  const url = live ? urls.footage_live : urls.footage_playlist;
  return url ? hass.hassUrl(url) : undefined;
}

/** Parses spans of a list or of a message; what has another form is left out. */
export function parseSpans(raw: unknown): Span[] {
  const { spans } = (raw ?? {}) as { spans?: { start: string; end: string; where?: string }[] };
  if (!Array.isArray(spans)) return [];
  return spans
    .map(({ start, end, where }) => ({
      start: Date.parse(start) / 1000,
      end: Date.parse(end) / 1000,
      ...(where === "tape" ? { taped: true } : {}),
    }))
    .filter(({ start, end }) => end > start);
}

/** The frame shown at a time; undefined where nothing is held. Rejects when aborted or without a connection. */
export async function fetchFrame(
  hass: Hass,
  entryId: string,
  time: number,
  request: FrameRequest,
  signal: AbortSignal,
): Promise<FootageFrame | undefined> {
  const query = frameQuery(time, request);
  return frameOf(await hass.fetchWithAuth(`${path(entryId)}/frame?${query}`, { signal }), time);
}

export function frameQuery(time: number, { fast, width }: FrameRequest): string {
  return `at=${time.toFixed(3)}&width=${Math.round(width)}${fast ? "&fast=1" : ""}`;
}

/** The frame of a response; undefined for a refusal. */
export async function frameOf(response: Response, time: number): Promise<FootageFrame | undefined> {
  if (!response.ok) return undefined;
  const told = (name: string): number | undefined => {
    const header = Number(response.headers.get(name) ?? NaN);
    return Number.isFinite(header) ? header : undefined;
  };
  const picture = await response.blob();
  return { picture, time: told("X-Retrocam-Time") ?? time, until: told("X-Retrocam-Until") };
}

/** Pause before subscribing again after a refusal, in ms: the entry may be loading. */
const RETRY = 5000;

/** Follows what one camera holds, while it is rewound; across reloads of its entry and lost connections. */
export class FootageWatch {
  private end: (() => void) | undefined;

  /** `changed` also gets the present, in UNIX s. */
  constructor(private readonly changed: (spans: readonly Span[], now: number | undefined) => void) {}

  start(hass: Hass, entryId: string): void {
    const message = { type: "retrocam/footage/subscribe", entry_id: entryId };
    this.end ??= follow<{ now?: string }>(hass, message, RETRY, (raw) => {
      if (!raw) return;
      const now = Date.parse(raw.now ?? "") / 1000;
      this.changed(parseSpans(raw), Number.isFinite(now) ? now : undefined);
    });
  }

  stop(): void {
    this.end?.();
    this.end = undefined;
  }
}
