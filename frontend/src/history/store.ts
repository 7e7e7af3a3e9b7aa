/** Media files sorted by time. */

import type { MediaItem } from "../ha/media";

export class MediaStore {
  private list: readonly MediaItem[] = [];
  private readonly ids = new Set<string>();

  /** Newest first. A new array after each change, so that it can be compared by identity. */
  get items(): readonly MediaItem[] {
    return this.list;
  }

  /** Adds new items; true if there were any. */
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

/** Index of the item nearest to a time in a newest-first list, -1 if it is empty. */
export function nearestIndex(items: readonly MediaItem[], time: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.time > time) low = middle + 1;
    else high = middle;
  }
  // `low` is the newest item not later than the time; the item before it is later.
  const later = items[low - 1];
  const earlier = items[low];
  if (!earlier) return items.length - 1;
  if (!later) return low;
  return later.time - time < time - earlier.time ? low - 1 : low;
}
