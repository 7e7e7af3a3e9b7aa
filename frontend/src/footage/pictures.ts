/** Pictures of single moments of the past: a preview at once, the exact frame soon. */

import type { FootageFrame } from "../ha/footage";
import { type Picture, Previews } from "./previews";

/** Width of previews in pixels, at most. */
const PREVIEW_WIDTH = 640;
/** A pointer that rests for this long, in ms, gets the exact frame. */
const REST = 150;

/** Loads the frame shown at a time; with `fast` the keyframe at or before it. */
export type LoadFrame = (
  time: number,
  request: { fast: boolean; width: number },
  signal: AbortSignal,
) => Promise<FootageFrame | undefined>;

/** Watches the loading of an exact frame. */
export type WatchFrame = (
  loading: Promise<FootageFrame | undefined>,
  signal: AbortSignal,
) => Promise<FootageFrame | undefined>;

export class Pictures {
  /** What is shown; undefined while a video is, or nothing. */
  picture: Picture | undefined;
  /** The moment whose exact frame is shown. */
  exactOf: number | undefined;
  private readonly previews: Previews;
  private exact: Picture | undefined;
  /** The moment that previews are shown of. */
  private moment: number | undefined;
  private loading: AbortController | undefined;
  private rest: ReturnType<typeof setTimeout> | undefined;

  /** `width` returns the pixels across of the place for the picture. */
  constructor(
    private readonly load: LoadFrame,
    private readonly width: () => number,
    private readonly changed: () => void,
    private readonly watch: WatchFrame = (loading) => loading,
  ) {
    this.previews = new Previews(
      (time, signal) => load(time, { fast: true, width: Math.min(PREVIEW_WIDTH, width()) }, signal),
      () => this.showPreview(),
    );
  }

  /** Begins to load previews of a stretch of time. */
  prefetch(start: number, end: number): void {
    this.previews.prefetch(start, end);
  }

  /** Shows a moment. */
  show(time: number): void {
    this.moment = time;
    const signal = this.renew();
    this.previews.want(time);
    this.showPreview();
    this.changed();
    this.rest = setTimeout(() => void this.sharpen(time, signal), REST);
  }

  /** Shows the exact frame of a moment as soon as it is there; until then what is shown stays. */
  settle(time: number): void {
    const signal = this.hold();
    if (this.exactOf !== time) void this.sharpen(time, signal);
  }

  /** Shows no other moment until it is asked to; what is shown stays. */
  hold(): AbortSignal {
    this.moment = undefined;
    return this.renew();
  }

  /** Shows a frame, which was loaded as that of a moment. */
  showFrame(frame: FootageFrame, asked: number): void {
    const before = this.exact;
    this.exactOf = asked;
    this.exact = { url: URL.createObjectURL(frame.picture), time: frame.time };
    this.picture = this.exact;
    this.changed();
    if (before) URL.revokeObjectURL(before.url);
  }

  /**
   * Shows the first frame that is another than that of `from`, of those some seconds off or of one `beyond` a gap;
   * returns its time.
   */
  async step(
    from: number,
    offsets: readonly number[],
    forward: boolean,
    beyond: number | undefined,
  ): Promise<number | undefined> {
    const signal = this.hold();
    const shown = this.exact && this.exact.url === this.picture?.url ? this.exact.time : from;
    for (const time of [...offsets.map((one) => shown + one), beyond]) {
      const frame = time === undefined ? undefined : await this.frame(time, signal).catch(() => undefined);
      if (signal.aborted) return undefined;
      if (!frame || (forward && frame.time <= shown)) continue;
      this.showFrame(frame, frame.time);
      return frame.time;
    }
    return undefined;
  }

  /** Loads an exact frame. */
  frame(time: number, signal: AbortSignal): Promise<FootageFrame | undefined> {
    return this.load(time, { fast: false, width: this.width() }, signal);
  }

  /** Shows none: a video is shown. */
  hide(): void {
    this.hold();
    this.picture = undefined;
    if (this.exact) URL.revokeObjectURL(this.exact.url);
    this.exact = undefined;
    this.exactOf = undefined;
  }

  /** Ends all requests, and shows none; previews are kept for a while. */
  retire(): void {
    this.previews.retire();
    this.hide();
    this.loading?.abort();
  }

  /** Ends all requests, and frees the pictures. */
  clear(): void {
    this.retire();
    this.previews.clear();
  }

  private async sharpen(time: number, signal: AbortSignal): Promise<void> {
    const frame = await this.watch(this.frame(time, signal), signal).catch(() => undefined);
    if (frame && !signal.aborted) this.showFrame(frame, time);
  }

  /** Ends what is being loaded for another moment. */
  private renew(): AbortSignal {
    clearTimeout(this.rest);
    this.loading?.abort();
    this.loading = new AbortController();
    return this.loading.signal;
  }

  private showPreview(): void {
    if (this.moment === undefined || this.exactOf === this.moment) return;
    const preview = this.previews.at(this.moment);
    if (!preview || preview === this.picture) return;
    this.picture = preview;
    this.changed();
  }
}
