/** What an instance has kept: listing it, and hearing of what comes and goes. */

import { subscribe } from "./subscription";
import type { Hass } from "./types";

export const KINDS = ["snapshots", "recordings", "timelapses"] as const;
export type Kind = (typeof KINDS)[number];

/** One kept file. Times are UNIX milliseconds; `end` is `time` for what has no duration. */
export interface MediaItem {
  id: string;
  kind: Kind;
  name: string;
  time: number;
  end: number;
  size: number;
  url: string;
  thumb: string;
}

export interface MediaPage {
  items: MediaItem[];
  /** How many there are in all between the limits, loaded or not. */
  total: number;
}

interface RawItem {
  filename: string;
  timestamp: string;
  size?: number;
  url: string;
  thumbnail_url?: string;
  media_content_id: string;
  duration?: number;
}

/** What `retrocam/media/subscribe` pushes. */
type RawEvent =
  | { type: "saved"; kind: Kind; item: RawItem }
  | { type: "deleted"; media_content_id: string }
  | { type: "progress"; state: string; done: number; total: number }
  | { type: "reset" };

export type MediaEvent = { saved: MediaItem } | { deleted: string };

/** What a watcher of an instance's media is told. */
export interface MediaWatcher {
  happened(event: MediaEvent): void;
  /** More has happened than was told: what is listed has to be asked for again. */
  missed(): void;
  /** How far a timelapse is, from 0 to 1; undefined once it is over. */
  progress(share: number | undefined): void;
  failed(error: unknown): void;
}

export interface Range {
  /** From this time on, and before that one, in UNIX milliseconds. */
  after: number;
  before: number;
  limit: number;
}

/** Throws for what has no time: it could be put nowhere. */
export function parseItem(raw: RawItem, kind: Kind): MediaItem {
  const time = Date.parse(raw.timestamp);
  if (!Number.isFinite(time)) throw new TypeError(`no time: ${raw.timestamp}`);
  return {
    id: raw.media_content_id,
    kind,
    name: raw.filename,
    time,
    // A timelapse shows hours, but its duration is that of its own playing.
    end: time + (kind === "recordings" ? (raw.duration ?? 0) * 1000 : 0),
    size: raw.size ?? 0,
    url: raw.url,
    thumb: raw.thumbnail_url ?? raw.url,
  };
}

/** The newest of a kind in a range, newest first. */
export async function listMedia(
  hass: Hass,
  entryId: string,
  kind: Kind,
  range: Range,
): Promise<MediaPage> {
  const answer = await hass.callWS<{ items: RawItem[]; total: number }>({
    type: "retrocam/media/list",
    entry_id: entryId,
    kind,
    after: new Date(range.after).toISOString(),
    before: new Date(range.before).toISOString(),
    limit: range.limit,
  });
  return { items: answer.items.map((raw) => parseItem(raw, kind)), total: answer.total };
}

/** Tells `watcher` what happens to an instance's media, until the function returned is called. */
export function watchMedia(hass: Hass, entryId: string, watcher: MediaWatcher): () => void {
  const message = { type: "retrocam/media/subscribe", entry_id: entryId };
  const heard = (event: RawEvent): void => {
    switch (event.type) {
      case "saved":
        return watcher.happened({ saved: parseItem(event.item, event.kind) });
      case "deleted":
        return watcher.happened({ deleted: event.media_content_id });
      case "reset":
        return watcher.missed();
      case "progress": {
        const running = event.state === "running" && event.total > 0;
        return watcher.progress(running ? event.done / event.total : undefined);
      }
    }
  };
  return subscribe<RawEvent>(
    hass,
    message,
    heard,
    (error) => watcher.failed(error),
    () => watcher.missed(),
  );
}
