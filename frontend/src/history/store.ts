/** Kept files in order of time. */

import type { MediaItem } from "../ha/media";

export class MediaStore {
  private list: readonly MediaItem[] = [];
  private readonly ids = new Set<string>();

  /** Newest first. A new array after each change, so that it can be compared by identity. */
  get items(): readonly MediaItem[] {
    return this.list;
  }

  /** Adds what is not there yet; true if anything was. */
  add(items: readonly MediaItem[]): boolean {
    const fresh = items.filter(({ id }) => !this.ids.has(id) && this.ids.add(id));
    if (fresh.length === 0) return false;
    this.list = [...this.list, ...fresh].sort((a, b) => b.time - a.time);
    return true;
  }

  remove(id: string): boolean {
    if (!this.ids.delete(id)) return false;
    this.list = this.list.filter((item) => item.id !== id);
    return true;
  }

  clear(): void {
    this.list = [];
    this.ids.clear();
  }
}

/** Index of the item nearest to a time in a list with the newest first, -1 for an empty one. */
export function nearestIndex(items: readonly MediaItem[], time: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.time > time) low = middle + 1;
    else high = middle;
  }
  // `low` is the newest that is not later than the time; the one before it is later.
  const later = items[low - 1];
  const earlier = items[low];
  if (!earlier) return items.length - 1;
  if (!later) return low;
  return later.time - time < time - earlier.time ? low - 1 : low;
}
