/** One WebSocket of cells, kept open until it is closed. */

import {
  type CellFrame,
  type Init,
  type Packet,
  PacketType,
  parsePacket,
  WireDecoder,
  WireError,
} from "./wire";

export type PlayState = "idle" | "resolving" | "buffering" | "playing" | "paused" | "error";

export interface PlayerError {
  code: string;
  message: string;
}

export interface SessionEvents {
  /** A new epoch: everything before it is history. */
  init(init: Init): void;
  state(state: PlayState, error: PlayerError | null): void;
  /** A decoded frame, in order; `bytes` is what it took on the wire. */
  frame(frame: CellFrame, bytes: number): void;
  /** The picture has come to its end. */
  end(): void;
  /** Whether the socket is open; false while it waits to try again. */
  link(open: boolean): void;
}

/** What a session needs of the page; tests hand in their own. */
export interface Surroundings {
  /** The socket's address, signed anew for each attempt, since a signature expires. */
  address(): Promise<string>;
  connect(address: string): WebSocket;
  setTimer(callback: () => void, ms: number): number;
  clearTimer(id: number): void;
}

/** Waiting times between attempts, in ms. */
const BACKOFF = [500, 1000, 2000, 5000, 10_000];
/**
 * Packets that may wait to be decoded. A truncated one would wait for its missing bytes for ever, and all
 * others behind it: then the link is made anew.
 */
const MOST_PENDING = 300;

export class CellSession {
  private socket: WebSocket | undefined;
  private decoder: WireDecoder | undefined;
  private work: Promise<void> = Promise.resolve();
  private attempt = 0;
  private timer: number | undefined;
  private acked = -1;
  private pending = 0;
  private closed = false;
  /** Packets that could not be decoded; the next key repaired each. */
  damaged = 0;

  constructor(
    private readonly around: Surroundings,
    private readonly events: SessionEvents,
  ) {}

  /** Connects, and connects again after a lost link, until `close`. */
  open(): void {
    void this.connect();
  }

  /** Tells the server that this frame, and all before it, need no more waiting for. */
  ack(seq: number): void {
    if (seq === this.acked || this.socket?.readyState !== WebSocket.OPEN) return;
    this.acked = seq;
    this.socket.send(`{"ack":${seq}}`);
  }

  /** Ends socket, timer and decoder; no event comes after it. */
  close(): void {
    this.closed = true;
    if (this.timer !== undefined) this.around.clearTimer(this.timer);
    this.drop();
  }

  private async connect(): Promise<void> {
    this.timer = undefined;
    let socket: WebSocket;
    try {
      const address = await this.around.address();
      if (this.closed) return;
      socket = this.around.connect(address);
    } catch {
      if (!this.closed) this.retry();
      return;
    }
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.events.link(true);
    socket.onmessage = (event) => this.received(event.data);
    // An error is always followed by a close.
    socket.onclose = () => this.lost();
  }

  private lost(): void {
    this.drop();
    this.events.link(false);
    this.retry();
  }

  private retry(): void {
    const wait = BACKOFF[Math.min(this.attempt++, BACKOFF.length - 1)]!;
    this.timer = this.around.setTimer(() => void this.connect(), wait);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.decoder?.close();
    this.decoder = undefined;
    // What still waits belongs to the old decoder, and finds its stream closed.
    this.work = Promise.resolve();
    this.pending = 0;
  }

  private received(data: string | ArrayBuffer): void {
    this.attempt = 0;
    if (typeof data === "string") {
      this.told(data);
      return;
    }
    let packet: Packet;
    try {
      packet = parsePacket(data);
    } catch {
      this.damaged++;
      return;
    }
    const decoder = this.decoder;
    if (!decoder || packet.epoch !== (decoder.init.epoch & 0xff)) return;
    if (++this.pending > MOST_PENDING) {
      this.lost();
      return;
    }
    this.work = this.work.then(() => this.decode(decoder, packet, data.byteLength));
  }

  private told(text: string): void {
    const message = JSON.parse(text) as { type: string } & Init & {
        state: PlayState;
        error: PlayerError | null;
      };
    if (message.type === "init") {
      this.decoder?.close();
      this.decoder = new WireDecoder(message);
      this.acked = -1;
      this.pending = 0;
      this.events.init(message);
    } else if (message.type === "state") {
      this.events.state(message.state, message.error ?? null);
    }
  }

  private async decode(decoder: WireDecoder, packet: Packet, bytes: number): Promise<void> {
    if (decoder !== this.decoder) return;
    this.pending--;
    try {
      const frame = await decoder.decode(packet);
      if (decoder !== this.decoder) return;
      if (frame) this.events.frame(frame, bytes);
      else this.ack(packet.seq);
      if (packet.type === PacketType.End) this.events.end();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (decoder !== this.decoder) return;
      this.damaged++;
      // Done with all the same: what stays unacknowledged is the last that the server sends.
      this.ack(packet.seq);
    }
  }
}
