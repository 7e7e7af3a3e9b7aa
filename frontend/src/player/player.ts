/** Connects session, queue, clock, sound and surface: runs while an ASCII stream is on screen. */

import { PlayerClock } from "./clock";
import { FrameQueue } from "./queue";
import { CellSession, type PlayerError, type PlayState, type Surroundings } from "./session";
import type { Sound } from "./sound";
import { Stats, type StatsReport } from "./stats";
import type { CellFrame, Init } from "./wire";

/** Shows the frames. */
export interface Screen {
  begin(init: Init): void;
  draw(codes: Uint8Array<ArrayBuffer>): void;
}

export interface PlayerEvents {
  init(init: Init): void;
  state(state: PlayState, error: PlayerError | null): void;
  link(open: boolean): void;
}

export interface PlayerParts extends Surroundings {
  now(): number;
  requestFrame(callback: () => void): number;
  cancelFrame(id: number): void;
  /** The URL of this epoch's sound from a time on. */
  soundAddress(template: string, startUs: number): Promise<string>;
}

/**
 * Queued frames are acknowledged while less than this is queued, in µs: the server counts unacknowledged
 * frames as backlog, and a frame that waits for its sound is not a backlog.
 */
const EARLY = 5_000_000;
/**
 * Sound that would end this soon is not requested, in µs: it may be over when it arrives, and the server no
 * longer has sound that is over.
 */
const LEAST_SOUND = 500_000;
/** Shortest interval between acknowledgements, in ms; the server waits for 500. */
const ACK_INTERVAL = 80;

export class CellPlayer {
  private readonly session: CellSession;
  private readonly clock: PlayerClock;
  private readonly queue = new FrameQueue();
  private readonly stats: Stats;
  private init: Init | undefined;
  private playState: PlayState = "idle";
  private request: number | undefined;
  private lastAck = -Infinity;
  /** The newest finished frame, and the last acknowledged one. */
  private done: number | undefined;
  private acked: number | undefined;
  /** Video minus audio in ms when the last frame was drawn. */
  private soundOffset: number | undefined;
  private silent = false;
  /** All frames of the epoch have arrived: its sound ends too, and is not requested again. */
  private over = false;
  private shown: number | undefined;

  constructor(
    private readonly parts: PlayerParts,
    private readonly screen: Screen,
    private readonly events: PlayerEvents,
    private readonly sound?: Sound,
  ) {
    this.clock = new PlayerClock(() => parts.now());
    this.stats = new Stats(() => parts.now());
    this.session = new CellSession(parts, {
      init: (init) => this.began(init),
      state: (state, error) => this.changed(state, error),
      frame: (frame, bytes) => this.arrived(frame, bytes),
      end: () => {
        this.over = true;
      },
      link: (open) => events.link(open),
    });
  }

  start(): void {
    this.session.open();
    this.request = this.parts.requestFrame(this.tick);
  }

  /** Ends the socket, the loop and the sound; the last frame stays. */
  stop(): void {
    this.session.close();
    this.sound?.stop();
    if (this.request !== undefined) this.parts.cancelFrame(this.request);
    this.request = undefined;
  }

  /** Muted, no sound is requested, and the picture follows the arrival of its frames. */
  mute(silent: boolean): void {
    this.silent = silent;
    if (silent) {
      this.sound?.stop();
      this.clock.follow(undefined);
    }
  }

  /** Starts the sound from a user gesture, after the browser has blocked it. */
  unblock(): void {
    this.sound?.stop();
    this.keepSound();
  }

  /** Playback position of the frame on screen, in s; undefined before the first of an epoch. */
  get position(): number | undefined {
    return this.shown === undefined ? undefined : this.shown / 1e6;
  }

  report(): StatsReport {
    const skipped = this.queue.skipped + this.session.damaged;
    return this.stats.report(this.init?.fps ?? 0, skipped, this.soundOffset);
  }

  private began(init: Init): void {
    this.init = init;
    this.over = false;
    this.queue.clear();
    this.done = this.acked = undefined;
    this.clock.reset();
    this.stats.reset();
    this.sound?.stop();
    this.soundOffset = undefined;
    this.shown = undefined;
    this.screen.begin(init);
    this.events.init(init);
  }

  private changed(state: PlayState, error: PlayerError | null): void {
    this.playState = state;
    if (state !== "playing") {
      this.sound?.stop();
      this.clock.follow(undefined);
    }
    this.events.state(state, error);
  }

  private arrived(frame: CellFrame, bytes: number): void {
    this.clock.arrived(frame.pts);
    this.stats.arrived(bytes);
    this.queue.push(frame);
    if (this.queue.span < EARLY) this.acknowledge(frame.seq);
  }

  private readonly tick = (): void => {
    this.request = this.parts.requestFrame(this.tick);
    this.acknowledge();
    const time = this.clock.time();
    if (time === undefined) return;
    const frame = this.queue.due(time);
    if (frame) {
      this.screen.draw(frame.codes);
      const sound = this.clock.soundTime();
      this.soundOffset = sound === undefined ? undefined : (frame.pts - sound) / 1000;
      this.stats.drew(frame.pts);
      this.shown = frame.pts;
      this.acknowledge(frame.seq);
    }
    this.keepSound();
  };

  /**
   * Rate-limited, but the last frame is always acknowledged, if later: the server stops sending to a client
   * that leaves frames unacknowledged for long, so that it would stay the last.
   */
  private acknowledge(seq = this.done): void {
    if (seq === undefined) return;
    // Sequence numbers wrap at 32 bits; arriving frames are ahead of drawn ones.
    if (this.done === undefined || ((seq - this.done) | 0) > 0) this.done = seq;
    const now = this.parts.now();
    if (this.done === this.acked || now - this.lastAck < ACK_INTERVAL) return;
    this.lastAck = now;
    this.acked = this.done;
    this.session.ack(this.done);
  }

  private keepSound(): void {
    const { sound, init } = this;
    const live = this.clock.arrivalTime();
    if (!sound || !init?.audio || live === undefined || this.over) return;
    if (this.silent || this.playState !== "playing") return;
    if (init.duration !== null && live > init.duration * 1e6 - LEAST_SOUND) return;
    if (!sound.needsStart(live, this.clock.soundTime())) return;
    const template = init.audio;
    void sound.start((startUs) => this.parts.soundAddress(template, startUs), live);
    this.clock.follow(sound.position, sound.startUs);
  }
}
