/** Plays the past as video, in Home Assistant's own player. */

import { type HlsPlayer, positionOf, timeAt } from "./hls-player";
import type { Playback } from "./playback";

/** Interval in ms at which is looked whether the video can be sought. */
const POLL = 25;
/** A video that shows nothing for this long, in ms, has failed. */
const PATIENCE = 10_000;
/** Seconds by which a seek may miss, and by which it may miss after all was loaded anew. */
const MISS = 0.5;
const LAST_MISS = 2;

export class VideoPlayback implements Playback {
  private wanted: { time: number; rate: number } | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private began = 0;
  /** Counts what was asked for: only the frame of the last is shown. */
  private count = 0;

  /**
   * `open` begins to load the `player` for a moment; `shown` is called with the first frame of each `play`. `left`
   * tells from which time on another player is needed, if one is, at a time that is shown, or is the last one.
   */
  constructor(
    private readonly open: (time: number) => void,
    private readonly player: () => HlsPlayer | undefined,
    private readonly shown: () => void,
    private readonly failed: () => void,
    private readonly now: () => number = () => performance.now(),
    private readonly left: (time: number, last: boolean) => number | undefined = () => undefined,
  ) {}

  get outgrown(): number | undefined {
    const { time, wanted } = this;
    const video = this.player()?.video;
    return wanted || !video || time === undefined ? undefined : this.left(time, video.ended);
  }

  get time(): number | undefined {
    if (this.wanted) return this.wanted.time;
    const player = this.player();
    const position = player?.video?.currentTime;
    return player && position !== undefined ? timeAt(position, player.fragments) : undefined;
  }

  play(time: number, rate: number): void {
    clearTimeout(this.timer);
    this.wanted = { time, rate };
    this.count++;
    this.open(time);
    this.begin(false);
  }

  /** Without a seek, which would hold the picture up for some frames. */
  setRate(rate: number): void {
    if (this.wanted) this.wanted.rate = rate;
    const video = this.player()?.video;
    if (video) video.playbackRate = rate;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.wanted = undefined;
    this.count++;
    this.player()?.video?.pause();
  }

  /** The player tells that it cannot play. */
  broke(): void {
    clearTimeout(this.timer);
    this.failed();
  }

  private begin(again: boolean): void {
    this.began = this.now();
    this.poll(again);
  }

  /** `again` tells that all was loaded anew. */
  private poll(again: boolean): void {
    if (this.seek(again)) return;
    if (this.now() - this.began > PATIENCE || this.player()?.native) this.broke();
    else this.timer = setTimeout(() => this.poll(again), POLL);
  }

  /** Seeks to what is wanted; false while the player has nothing to seek in. */
  private seek(again: boolean): boolean {
    const player = this.player();
    const video = player?.video;
    if (!player || !video || !this.wanted || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return false;
    const { time, rate } = this.wanted;
    const position = positionOf(time, player.fragments);
    if (position === undefined) return false;
    player.holdSpeed();
    video.currentTime = position;
    video.playbackRate = rate;
    void video.play().catch(() => undefined);
    this.arrive(video, position, again);
    return true;
  }

  /**
   * Waits for the first frame of there. A segment of which the last parts alone were loaded counts as loaded for
   * hls.js 1.7, which skips the rest of it; WebKitGTK 2.50 ignores what is appended before something that is
   * buffered. All is loaded anew then.
   */
  private arrive(video: HTMLVideoElement, position: number, again: boolean): void {
    const { count } = this;
    const done = (): void => {
      if (count !== this.count) return;
      clearTimeout(this.timer);
      this.wanted = undefined;
      this.shown();
    };
    this.timer = setTimeout(() => this.broke(), PATIENCE);
    const arrived = (): void => {
      if (count !== this.count) return;
      const miss = Math.abs(video.currentTime - position);
      if (miss > (again ? LAST_MISS : MISS)) this.missed(position, again);
      else if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(done);
      else done();
    };
    if (video.seeking) video.addEventListener("seeked", arrived, { once: true });
    else arrived();
  }

  private missed(position: number, again: boolean): void {
    clearTimeout(this.timer);
    if (again || !this.player()?.reload(position)) this.broke();
    else this.begin(true);
  }
}
