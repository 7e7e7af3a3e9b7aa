/** What is shown of the past, and where: as video, as single frames, or as pictures of a moment. */

import type { ReactiveControllerHost } from "lit";
import type { FootageFrame, Span } from "../ha/footage";
import { BarSpan } from "./bar-span";
import { Following } from "./following";
import { type Deck, Marks, SHORTEST } from "./marks";
import { Pictures } from "./pictures";
import { FramePlayback, type Playback } from "./playback";
import type { Picture } from "./previews";
import type { PastSource } from "./source";
import { Timeline } from "./timeline";
import { type Trouble, TroubleWatch } from "./trouble";
import { heldIn, LIVE_WITHIN, type Mode, type View } from "./view";

/** Closer to the newest moment than this, in s, what plays waits for the camera. */
const AT_EDGE = 4;

export class Tape implements Deck {
  mode: Mode = "live";
  rate = 1;
  /** Whether the past covers the live picture: from the first picture of it until the return to live. */
  covers = false;
  readonly timeline: Timeline;
  readonly marks = new Marks(this);
  /** What the bar of the past shows. */
  readonly bar = new BarSpan();
  protected time = 0;
  /** Seconds before the present that were asked for before it was known what is held. */
  protected asked: number | undefined;
  /** What was pointed at, and the moment shown for it: what was told before may lack the last seconds. */
  private pointed = { wanted: NaN, shown: NaN };
  /** Whether it was reported what is held. */
  private reported = false;
  /** The present while a pointer is down: what lies under it must not move. */
  protected frozen: number | undefined;
  protected readonly pictures: Pictures;
  private readonly frames: Playback;
  private video: Playback | undefined;
  private readonly troubles: TroubleWatch;
  protected readonly following = new Following(
    (spans, now) => this.update(spans, now),
    () => this.ticked(),
  );

  /** `width` returns the pixels across of the place for the picture. */
  constructor(
    protected readonly host: ReactiveControllerHost,
    protected readonly source: () => PastSource | undefined,
    width: () => number,
    now: () => number = () => performance.now(),
  ) {
    this.timeline = new Timeline(now);
    this.troubles = new TroubleWatch(() => this.changed(), now);
    this.pictures = new Pictures(
      (time, request, signal) => this.load(time, request, signal),
      width,
      () => this.pictured(),
      (loading, signal) => this.troubles.watch(loading, signal),
    );
    this.frames = new FramePlayback(
      this.timeline,
      (time, signal) => this.troubles.watch(this.pictures.frame(time, signal), signal),
      (frame, asked) => this.pictures.showFrame(frame, asked),
      now,
    );
  }

  /** Plays as video from now on; as single frames without one. */
  attach(video: Playback | undefined): void {
    if (video === this.video) return;
    const time = this.moment;
    if (this.mode === "playing") this.playback.stop();
    this.video = video;
    if (this.mode !== "playing") return;
    this.time = time;
    this.play();
  }

  /** Whether it plays as video, which may have sound. */
  get playsVideo(): boolean {
    return this.video !== undefined;
  }

  /** The video shows the moment asked for. */
  showVideo(): void {
    if (this.mode !== "playing") return;
    this.covers = true;
    this.pictures.hide();
    this.troubles.clear();
    this.changed();
  }

  /** Why the moment asked for is not seen. */
  get trouble(): Trouble | undefined {
    return this.active ? this.troubles.trouble : undefined;
  }

  /** Whether the past is shown, or about to be. */
  get active(): boolean {
    return this.mode !== "live";
  }

  /** The still that covers the video, or is in its place. */
  get picture(): Picture | undefined {
    return this.pictures.picture;
  }

  /** UNIX s of the frame shown; undefined in the present. */
  get shown(): number | undefined {
    return this.active && this.asked === undefined ? this.moment : undefined;
  }

  /** Seconds from the oldest moment held to the present, as far as they are known. */
  get reach(): number {
    return this.timeline.known ? this.timeline.edge - this.timeline.oldest : 0;
  }

  /** UNIX s of the present as the bar has it, which stands still under a pointer; undefined while it is unknown. */
  get barEdge(): number | undefined {
    return this.timeline.known ? this.edge : undefined;
  }

  /** The view of the controls; `ready` are the seconds held, as far as is known before the first touch. */
  view(ready: number): View {
    const { edge, mode, rate, savable, shown, timeline } = this;
    const { part } = this.marks;
    const ago = (time: number): number => Math.max(0, edge - time);
    return {
      mode,
      rate,
      rates: this.source()?.rates ?? [],
      held: heldIn(timeline, edge, ready),
      ago: shown === undefined ? (this.asked ?? 0) : ago(shown),
      time: shown,
      part: part && { from: ago(part.start), to: ago(part.end) },
      markable: savable,
    };
  }

  /** Shows a moment, in UNIX s; plays on if it plays, else pauses there. */
  seek(time: number): void {
    if (this.timeline.edge - time < LIVE_WITHIN) {
      this.goLive();
      return;
    }
    const plays = this.mode === "playing";
    this.open();
    this.pauseAt(time);
    if (plays) this.play();
  }

  pauseAt(time: number): void {
    this.stopPlaying();
    this.mode = "paused";
    this.point(time);
    this.changed();
  }

  freeze(): number {
    this.frozen ??= this.timeline.edge;
    return this.frozen;
  }

  changed(): void {
    this.host.requestUpdate();
  }

  get savable(): boolean {
    return this.source()?.savable ?? false;
  }

  marked(): void {
    this.bar.closeUp(this.moment, this.edge);
  }

  goLive(): void {
    this.close(true);
    this.mode = "live";
    this.covers = false;
    this.marks.part = undefined;
    this.bar.follow(undefined, 0);
    // A bar of hours goes on to show what is held.
    if (this.bar.wide) this.look();
    this.changed();
  }

  /** Begins to follow what is held, for the bar alone. */
  protected look(): void {
    const source = this.source();
    if (source) this.following.start(source);
  }

  protected get moment(): number {
    if (this.mode !== "playing") return this.time;
    return this.playback.time ?? this.time;
  }

  protected get edge(): number {
    return this.frozen ?? this.timeline.edge;
  }

  protected get playback(): Playback {
    return this.video ?? this.frames;
  }

  protected play(): void {
    this.stopPlaying();
    this.mode = "playing";
    this.troubles.clear();
    this.pictures.hold();
    if (this.asked === undefined) this.playback.play(this.time, this.rate);
    this.changed();
  }

  /** Stops at the exact frame of the moment: a video may still show the one before. */
  protected pause(): void {
    this.stopPlaying();
    this.mode = "paused";
    this.troubles.clear();
    if (this.asked === undefined) this.pictures.settle(this.time);
    this.changed();
  }

  protected stopPlaying(): void {
    if (this.mode !== "playing") return;
    this.time = this.moment;
    this.playback.stop();
  }

  /** Begins to follow what is held. */
  protected open(): void {
    const source = this.source();
    if (!source) return;
    if (!this.active) this.rate = source.rate;
    const told = this.following.running ? undefined : source.told?.();
    if (told) this.timeline.expect(told);
    this.following.start(source);
    if (!this.active && this.reported) this.prefetch();
  }

  /** With `keep` there are previews for a while: somebody who returns to the present may soon look back again. */
  protected close(keep = false): void {
    this.stopPlaying();
    this.following.stop();
    if (keep) this.pictures.retire();
    else this.pictures.clear();
    this.troubles.clear();
    this.reported = false;
    this.asked = undefined;
    this.frozen = undefined;
    this.timeline.update([]);
  }

  private update(spans: readonly Span[], now?: number): void {
    const first = !this.reported;
    this.timeline.update(spans, now);
    this.reported = this.timeline.known;
    if (first && this.reported && this.active) this.began();
    this.changed();
  }

  /** What is held is known: shows what was asked for before. */
  private began(): void {
    const { asked, pointed, timeline } = this;
    this.asked = undefined;
    if (asked === undefined) {
      const points = (this.mode === "scrubbing" || this.mode === "paused") && this.time === pointed.shown;
      if (points && timeline.nearest(pointed.wanted) !== this.time) this.point(pointed.wanted);
    } else if (this.mode === "scrubbing") this.point(this.freeze() - asked);
    else {
      const plays = this.mode === "playing";
      // A player that is kept stands at the present, which is no moment of what was asked for.
      this.mode = "paused";
      this.point(timeline.edge - asked);
      if (plays) this.play();
    }
    // What is pointed at comes first.
    this.prefetch();
  }

  /** Begins to load pictures of what the bar shows. */
  protected prefetch(): void {
    const { bar, edge, timeline } = this;
    this.pictures.prefetch(Math.max(timeline.oldest, bar.oldest(edge)), edge - bar.right(edge));
  }

  private ticked(): void {
    const { timeline } = this;
    if (this.mode === "playing" && timeline.known) {
      if (this.rate > 1 && timeline.edge - this.moment < LIVE_WITHIN) this.goLive();
      else if (this.moment < timeline.oldest) this.seek(timeline.oldest + SHORTEST);
      else this.playOn(this.playback.outgrown);
    }
    this.troubles.at(this.mode === "playing" && timeline.edge - this.moment > AT_EDGE ? this.moment : undefined);
    if (this.mode !== "scrubbing" && this.bar.follow(this.shown, this.edge) && this.active) this.prefetch();
    this.changed();
  }

  /** Plays on where what was loaded ends, if it does: at a time, past a gap if need be. */
  private playOn(time: number | undefined): void {
    if (time === undefined) return;
    const { timeline } = this;
    const next = timeline.next(time);
    if (next >= timeline.spans.at(-1)!.end) {
      // A camera that has gone: nothing follows.
      this.pause();
      return;
    }
    this.pictures.settle(next);
    this.playback.play(next, this.rate);
  }

  /** Shows the picture of a moment. */
  protected point(time: number): void {
    this.troubles.clear();
    this.time = this.timeline.known ? this.timeline.nearest(time) : time;
    this.pointed = { wanted: time, shown: this.time };
    this.pictures.show(this.time);
  }

  private pictured(): void {
    if (this.active && this.picture) this.covers = true;
    this.changed();
  }

  private load(
    time: number,
    request: { fast: boolean; width: number },
    signal: AbortSignal,
  ): Promise<FootageFrame | undefined> {
    const source = this.source();
    if (!source || !this.timeline.holds(time)) return Promise.resolve(undefined);
    return source.frame(time, request, signal);
  }
}
