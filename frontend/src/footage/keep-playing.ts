/**
 * Keeps the present playing. WebKitGTK 2.50 pauses a video now and then when its speed changes, and a player that
 * catches up with the present changes it all the time; others pause what they take for invisible.
 */

import type { HlsPlayer } from "./hls-player";

/** Interval in ms at which is looked whether it plays. */
const CHECK = 1000;
/** Video that stands still for this long, in ms, has failed: a camera may send a frame in ten seconds. */
const PATIENCE = 20_000;

export class KeepPlaying {
  private player: HlsPlayer | undefined;
  private video: HTMLVideoElement | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private position = 0;
  private moved = 0;

  /** `wanted` tells whether the present is to be seen, `audible` whether with sound; `stuck` ends the watch. */
  constructor(
    private readonly wanted: () => boolean,
    private readonly audible: () => boolean,
    private readonly stuck: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  start(player: HlsPlayer): void {
    this.stop();
    if (!player.video) return;
    this.player = player;
    this.video = player.video;
    this.moved = this.now();
    this.video.addEventListener("pause", this.paused);
    this.timer = setInterval(() => this.check(), CHECK);
  }

  stop(): void {
    clearInterval(this.timer);
    this.video?.removeEventListener("pause", this.paused);
    this.video = undefined;
    this.player = undefined;
  }

  private check(): void {
    const { currentTime } = this.video!;
    if (currentTime !== this.position || !this.wanted()) {
      this.position = currentTime;
      this.moved = this.now();
    } else if (this.now() - this.moved >= PATIENCE) {
      this.stop();
      this.stuck();
      return;
    }
    this.paused();
  }

  private readonly paused = (): void => {
    const { video, player } = this;
    if (!video?.paused || !this.wanted()) return;
    // At the usual speed, the user may have paused what is heard, by a key for media.
    if (this.audible() && video.playbackRate === 1) return;
    player?.catchUpAtOnce();
  };
}
