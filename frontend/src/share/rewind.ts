/** Rewinds a guest's picture. This page has no video player: the past is shown as single frames. */

import { FramePlayback } from "../footage/playback";
import { type Picture, Previews } from "../footage/previews";
import { Timeline } from "../footage/timeline";
import type { FootageFrame } from "../ha/footage";
import { RefusedError, type ShareApi } from "./api";

export type Mode = "live" | "scrubbing" | "paused" | "playing";

/** What the time bar shows. Moments are seconds before the present. */
export interface PastView {
  mode: Mode;
  ago: number;
  /** UNIX s of the moment shown; undefined in the present, or while it is not known yet. */
  time: number | undefined;
  held: readonly { from: number; to: number }[];
}

/** Closer to the present than this, in s, is the present. */
const LIVE_WITHIN = 1.5;
/** Seconds of the smallest jump out of the present. */
const OUT_OF_LIVE = 2;
/** Distance in s to the oldest moment, which is dropped next. */
const SPARE = 1;
/** Most pixels across: of the previews, and of all. */
const PREVIEW_WIDTH = 480;
const MOST_WIDTH = 1280;
/** A pointer that rests for this long, in ms, gets the exact frame. */
const REST = 150;
/** Pauses in ms before an exact frame is asked for again: too many others wait, or the connection was lost. */
const PAUSES: readonly number[] = [1000, 2000, 4000, 8000];
/** Interval in ms at which is asked what is held. */
const POLL = 2000;
/** Interval in ms at which the time bar is redrawn. */
const TICK = 500;

export class ShareRewind {
  mode: Mode = "live";
  /** The picture of the past; kept in the present until `forget`. */
  picture: Picture | undefined;
  readonly timeline: Timeline;
  private time = 0;
  /** Seconds before the present that were asked for before it was known what is held. */
  private asked: number | undefined;
  /** The present while the bar is dragged: what lies under a finger must not move. */
  private frozen: number | undefined;
  private readonly previews: Previews;
  private readonly frames: FramePlayback;
  private sharp: Picture | undefined;
  /** The moment whose exact frame that is: the frame may be told to begin a millisecond later. */
  private exactOf: number | undefined;
  private loading: AbortController | undefined;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private tick: ReturnType<typeof setInterval> | undefined;
  private poll: ReturnType<typeof setTimeout> | undefined;
  /** Counts the times that it was opened or closed. */
  private turn = 0;

  /** `width` returns the pixels across of the place for the picture; `refused`: guests may no longer rewind. */
  constructor(
    private readonly api: () => Pick<ShareApi, "spans" | "frame">,
    private readonly width: () => number,
    private readonly changed: () => void,
    private readonly refused: () => void,
    now: () => number = () => performance.now(),
  ) {
    this.timeline = new Timeline(now);
    this.previews = new Previews(
      (time, signal) => this.load(time, true, PREVIEW_WIDTH, signal),
      () => this.showPreview(),
    );
    this.frames = new FramePlayback(
      this.timeline,
      (time, signal) => this.load(time, false, MOST_WIDTH, signal),
      (frame, asked) => this.show(frame, asked),
      now,
    );
  }

  /** Whether the past is shown. */
  get active(): boolean {
    return this.mode !== "live";
  }

  get view(): PastView {
    const { edge, mode, timeline } = this;
    const ago = (time: number): number => Math.max(0, edge - time);
    const held = timeline.spans.map(({ start, end }) => ({ from: ago(start), to: ago(end) }));
    const time = this.active && this.asked === undefined ? this.moment : undefined;
    return { mode, held, time, ago: this.ago };
  }

  /** Shows the moment under a finger, in s before the present as it was when the finger came down. */
  drag(ago: number): void {
    this.open();
    this.halt();
    this.mode = "scrubbing";
    if (!this.timeline.known) this.asked = ago;
    else {
      this.frozen ??= this.timeline.edge;
      this.point(Math.max(this.timeline.oldest, this.frozen - ago));
    }
    this.changed();
  }

  /** The finger has left: plays on from there, or pauses there, or returns to the present. */
  release(paused = false): void {
    if (this.mode !== "scrubbing") return;
    const near = this.ago < LIVE_WITHIN;
    this.frozen = undefined;
    if (near) this.goLive();
    else if (paused) this.mode = "paused";
    else this.play();
    this.changed();
  }

  /** Goes back, or forward, by some seconds. */
  jump(seconds: number): void {
    if (!this.active && seconds > 0) return;
    const paused = this.mode === "paused";
    this.drag(Math.max(this.active ? 0 : OUT_OF_LIVE, this.ago - seconds));
    this.release(paused);
  }

  toggle(): void {
    if (this.mode === "playing") this.pause();
    else if (this.active) this.play();
    else {
      this.drag(OUT_OF_LIVE);
      this.release(true);
    }
  }

  goLive(): void {
    this.close();
    this.mode = "live";
    this.changed();
  }

  /** The live picture is there again: nothing of the past is shown any more. */
  forget(): void {
    if (this.active) return;
    this.drop();
    this.picture = undefined;
  }

  /** Ends whatever runs while the page cannot be seen. */
  suspend(): void {
    if (!this.active) return;
    if (this.asked !== undefined) this.goLive();
    this.close();
    if (!this.active) return;
    this.mode = "paused";
    this.changed();
  }

  /** The page can be seen again. */
  resume(): void {
    if (this.active) this.open();
  }

  private get moment(): number {
    return (this.mode === "playing" && this.frames.time) || this.time;
  }

  private get edge(): number {
    return this.frozen ?? this.timeline.edge;
  }

  private get ago(): number {
    if (!this.active) return 0;
    return this.asked ?? Math.max(0, this.edge - this.moment);
  }

  private play(): void {
    this.mode = "playing";
    this.renew();
    if (this.asked === undefined) this.frames.play(this.time, 1);
    this.changed();
  }

  private pause(): void {
    this.halt();
    this.mode = "paused";
    // What began to play may not have had a frame yet.
    if (this.asked === undefined && this.exactOf !== this.time) void this.sharpen(this.renew());
    this.changed();
  }

  private halt(): void {
    this.time = this.moment;
    this.frames.stop();
  }

  private open(): void {
    if (this.tick !== undefined) return;
    this.tick = setInterval(() => this.ticked(), TICK);
    void this.look(++this.turn);
  }

  private close(): void {
    this.turn++;
    this.halt();
    this.renew();
    this.previews.clear();
    this.asked = undefined;
    this.frozen = undefined;
    this.timeline.update([]);
    clearTimeout(this.poll);
    clearInterval(this.tick);
    this.tick = undefined;
  }

  private async look(turn: number): Promise<void> {
    try {
      const spans = await this.api().spans();
      if (turn !== this.turn) return;
      const first = !this.timeline.known;
      this.timeline.update(spans);
      if (first && this.timeline.known) this.began();
      else if (!this.timeline.known) this.goLive();
    } catch (error) {
      // A lost connection may come back, and what is shown stays.
      if (turn === this.turn && error instanceof RefusedError) this.refused();
    }
    if (turn === this.turn) this.poll = setTimeout(() => void this.look(turn), POLL);
  }

  /** What is held is known: shows what was asked for before. */
  private began(): void {
    const { asked, mode, timeline } = this;
    if (asked !== undefined) {
      this.asked = undefined;
      this.drag(asked);
      if (mode !== "scrubbing") this.release(mode === "paused");
    }
    // What is pointed at comes first.
    this.previews.prefetch(timeline.oldest, timeline.edge);
  }

  private ticked(): void {
    const { timeline } = this;
    const gone = timeline.known && this.mode !== "scrubbing" && this.moment < timeline.oldest;
    if (gone) {
      const paused = this.mode === "paused";
      this.drag(timeline.edge - timeline.oldest - SPARE);
      this.release(paused);
    }
    this.changed();
  }

  /** Shows the picture of a moment: a preview at once, the exact frame soon. */
  private point(time: number): void {
    this.time = this.timeline.nearest(time);
    const signal = this.renew();
    this.previews.want(this.time);
    this.showPreview();
    this.rest = setTimeout(() => void this.sharpen(signal), REST);
  }

  private async sharpen(signal: AbortSignal, pauses = PAUSES): Promise<void> {
    const { time } = this;
    const frame = await this.load(time, false, MOST_WIDTH, signal).catch(() => undefined);
    if (signal.aborted) return;
    if (frame) this.show(frame, time);
    else if (pauses.length > 0) this.rest = setTimeout(() => void this.sharpen(signal, pauses.slice(1)), pauses[0]);
  }

  /** Ends what is being loaded for another moment. */
  private renew(): AbortSignal {
    clearTimeout(this.rest);
    this.loading?.abort();
    this.loading = new AbortController();
    return this.loading.signal;
  }

  private showPreview(): void {
    if (this.mode !== "scrubbing" && this.mode !== "paused") return;
    const { sharp, time } = this;
    const preview = this.previews.at(time);
    // The exact frame of this moment, or of one shortly before, is better than a preview.
    const near = sharp && preview && sharp.time >= preview.time && sharp.time <= time;
    const best = near || this.exactOf === time ? sharp : preview;
    if (!best || best === this.picture) return;
    this.picture = best;
    this.changed();
  }

  private show(frame: FootageFrame, asked: number): void {
    const before = this.sharp;
    this.exactOf = asked;
    this.sharp = { url: URL.createObjectURL(frame.picture), time: frame.time };
    this.picture = this.sharp;
    this.changed();
    if (before) URL.revokeObjectURL(before.url);
  }

  private drop(): void {
    if (this.sharp) URL.revokeObjectURL(this.sharp.url);
    this.sharp = undefined;
    this.exactOf = undefined;
  }

  private load(time: number, fast: boolean, most: number, signal: AbortSignal): Promise<FootageFrame | undefined> {
    if (!this.timeline.holds(time)) return Promise.resolve(undefined);
    return this.api().frame(time, { fast, width: Math.min(most, this.width()) }, signal);
  }
}
