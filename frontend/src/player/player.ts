/** Session, queue, clock, sound and surface, joined: what runs while cells are on screen. */

import { PlayerClock } from "./clock";
import { FrameQueue } from "./queue";
import { CellSession, type PlayerError, type PlayState, type Surroundings } from "./session";
import type { Sound } from "./sound";
import { Stats, type StatsReport } from "./stats";
import type { CellFrame, Init } from "./wire";

/** What shows the frames. */
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
  /** The address of the sound of this epoch from a time on. */
  soundAddress(template: string, startUs: number): Promise<string>;
}

/**
 * Frames waiting for their time are acknowledged while less than this much of them waits, in µs: the server
 * counts what is not acknowledged as backlog, and a picture that waits for its sound is none.
 */
const EARLY = 5_000_000;
/**
 * Sound that would end so soon is not asked for, in µs: by the time it is there it may be over, and of what is
 * over the server has none.
 */
const LEAST_SOUND = 500_000;
/** Least time between two acknowledgements, in ms; the server waits for 500. */
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
  /** The newest frame that is done with, and the one that the server was told of at last. */
  private done: number | undefined;
  private acked: number | undefined;
  /** Picture minus sound in ms when the last frame was drawn. */
  private soundOffset: number | undefined;
  private silent = false;
  /** All pictures of the epoch have come: its sound ends as well, and is not asked for again. */
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

  /** Ends the socket, the loop and the sound; the last picture stays. */
  stop(): void {
    this.session.close();
    this.sound?.stop();
    if (this.request !== undefined) this.parts.cancelFrame(this.request);
    this.request = undefined;
  }

  /** Without sound none is asked for, and the picture follows its arrival. */
  mute(silent: boolean): void {
    this.silent = silent;
    if (silent) {
      this.sound?.stop();
      this.clock.follow(undefined);
    }
  }

  /** Starts the sound from within a gesture, after the browser has refused it. */
  unblock(): void {
    this.sound?.stop();
    this.keepSound();
  }

  /** Where the picture on screen belongs in what plays, in s; undefined before the first of an epoch. */
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
   * Not for every frame, but for the last one in any case, if later: the server sends nothing more to who
   * has left something unacknowledged for long, and so that would stay the last.
   */
  private acknowledge(seq = this.done): void {
    if (seq === undefined) return;
    // Sequences go round at 32 bits; what arrives is ahead of what is drawn.
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
