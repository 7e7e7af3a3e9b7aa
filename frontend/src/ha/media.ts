/** The media files of a camera: listing, and live changes. */

import { subscribe } from "./subscription";
import type { Hass } from "./types";

export const KINDS = ["snapshots", "recordings", "timelapses"] as const;
export type Kind = (typeof KINDS)[number];

/** A media file. Times are UNIX ms; `end` is `time` for files without duration. */
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
  /** Number of all items in the range, loaded or not. */
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

/** The messages of `retrocam/media/subscribe`. */
type RawEvent =
  | { type: "saved"; kind: Kind; item: RawItem }
  | { type: "deleted"; media_content_id: string }
  | { type: "progress"; state: string; done: number; total: number }
  | { type: "reset" };

export type MediaEvent = { saved: MediaItem } | { deleted: string };

/** Callbacks for changes of a camera's media. */
export interface MediaWatcher {
  happened(event: MediaEvent): void;
  /** Changes were not reported one by one: list again. */
  missed(): void;
  /** Progress of a timelapse, from 0 to 1; undefined once it is over. */
  progress(share: number | undefined): void;
  failed(error: unknown): void;
}

export interface Range {
  /** Inclusive start and exclusive end, in UNIX ms. */
  after: number;
  before: number;
  limit: number;
}

/** Throws for an item without a time, which has no place on a timeline. */
export function parseItem(raw: RawItem, kind: Kind): MediaItem {
  const time = Date.parse(raw.timestamp);
  if (!Number.isFinite(time)) throw new TypeError(`no time: ${raw.timestamp}`);
  return {
    id: raw.media_content_id,
    kind,
    name: raw.filename,
    time,
    // A timelapse shows hours, but its duration is its playing time.
    end: time + (kind === "recordings" ? (raw.duration ?? 0) * 1000 : 0),
    size: raw.size ?? 0,
    url: raw.url,
    thumb: raw.thumbnail_url ?? raw.url,
  };
}

/** The newest items of a kind in a range, newest first. */
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

/** Reports changes of a camera's media to `watcher`, until the returned function is called. */
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
