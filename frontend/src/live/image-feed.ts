/** What an `<img>` shows of a camera: its MJPEG stream while there is a place for it, otherwise stills. */

import { stills, streams } from "./budget";
import type { Places } from "./places";

/** Delay in ms before a lost picture is requested again; doubles up to eight times that. */
const RETRY = 2000;
/** Interval in ms between stills that stand for a stream. */
const POLL = 2000;
/** Interval in ms between stills, where these are wanted. */
const STILL_INTERVAL = 10_000;
/** A still that takes longer than this, in ms, fails. */
const STILL_TIMEOUT = 15_000;

export interface ImageSource {
  /** A new URL for each request, since a browser may not load the same one again. */
  stream(): string;
  still(): string;
}

export class ImageFeed {
  url: string | undefined;
  /** There is no picture; it is requested again. */
  lost = false;
  private shown: "stream" | "still" | undefined;
  private moving = false;
  private running = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private leaveStream: () => void = nothing;
  private leaveStill: () => void = nothing;

  constructor(
    private readonly source: ImageSource,
    private readonly changed: () => void,
    private readonly places: { streams: Places; stills: Places } = { streams, stills },
  ) {}

  /** Whether `url` is a stream. */
  get streaming(): boolean {
    return this.shown === "stream";
  }

  /** Begins to show the stream, or stills only. */
  start(moving: boolean): void {
    this.stop();
    this.moving = moving;
    this.running = true;
    this.request();
  }

  stop(): void {
    this.running = false;
    this.failures = 0;
    this.lost = false;
    this.leave();
  }

  /** `url` has loaded, or the first picture of a stream. */
  loaded(): void {
    this.lost = false;
    this.failures = 0;
    if (this.shown !== "still") return;
    this.endStill();
    this.wait(this.moving ? POLL : STILL_INTERVAL, () => this.nextStill());
  }

  /** `url` has failed, or its stream has ended. */
  failed(): void {
    if (!this.running) return;
    this.lost = true;
    this.leave();
    const delay = RETRY * 2 ** Math.min(3, this.failures++);
    this.wait(delay, () => this.request());
    this.changed();
  }

  /** Requests the stream again in its place. */
  renew(): void {
    if (this.streaming) this.show("stream");
  }

  private request(): void {
    if (!this.moving) {
      this.nextStill();
      return;
    }
    let here = false;
    const leave = this.places.streams.take(() => {
      here = true;
      this.endStill();
      clearTimeout(this.timer);
      this.show("stream");
    });
    this.leaveStream = leave;
    if (!here) this.wait(this.lost ? 0 : POLL, () => this.nextStill());
  }

  private nextStill(): void {
    let over = false;
    let leave: () => void = nothing;
    this.leaveStill = () => {
      over = true;
      leave();
    };
    leave = this.places.stills.take(() => {
      if (over) return;
      this.wait(STILL_TIMEOUT, () => this.failed());
      this.show("still");
    });
  }

  private endStill(): void {
    this.leaveStill();
    this.leaveStill = nothing;
  }

  private leave(): void {
    clearTimeout(this.timer);
    this.endStill();
    this.leaveStream();
    this.leaveStream = nothing;
    this.url = undefined;
    this.shown = undefined;
  }

  private show(kind: "stream" | "still"): void {
    this.shown = kind;
    this.url = this.source[kind]();
    this.changed();
  }

  private wait(ms: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, ms);
  }
}

function nothing(): void {}
