/** One WebSocket of an ASCII stream, reconnected until it is closed. */

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
  /** A new epoch: earlier frames are obsolete. */
  init(init: Init): void;
  state(state: PlayState, error: PlayerError | null): void;
  /** A decoded frame, in order; `bytes` is its size on the wire. */
  frame(frame: CellFrame, bytes: number): void;
  /** The stream has ended. */
  end(): void;
  /** Whether the socket is open; false while it waits to reconnect. */
  link(open: boolean): void;
}

/** What a session needs of the page; tests pass their own. */
export interface Surroundings {
  /** The socket's URL, signed anew for each attempt, since signatures expire. */
  address(): Promise<string>;
  connect(address: string): WebSocket;
  setTimer(callback: () => void, ms: number): number;
  clearTimer(id: number): void;
}

/** Delays between attempts, in ms. */
const BACKOFF = [500, 1000, 2000, 5000, 10_000];
/**
 * Most packets waiting to be decoded. A truncated one would wait for its missing bytes forever, and block all
 * others: then the connection is renewed.
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

  /** Connects, and reconnects after a lost connection, until `close`. */
  open(): void {
    void this.connect();
  }

  /** Acknowledges this frame and all before it. */
  ack(seq: number): void {
    if (seq === this.acked || this.socket?.readyState !== WebSocket.OPEN) return;
    this.acked = seq;
    this.socket.send(`{"ack":${seq}}`);
  }

  /** Ends socket, timer and decoder; no event follows. */
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
      // Browsers complain in the console of one that is closed before it is open.
      if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
      else socket.close();
    }
    this.decoder?.close();
    this.decoder = undefined;
    // Pending packets belong to the old decoder, whose stream is closed.
    this.work = Promise.resolve();
    this.pending = 0;
  }

  private received(data: string | ArrayBuffer): void {
    this.attempt = 0;
    if (typeof data === "string") {
      this.receiveText(data);
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

  private receiveText(text: string): void {
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
      // Acknowledged all the same: the server sends nothing after an unacknowledged frame.
      this.ack(packet.seq);
    }
  }
}
