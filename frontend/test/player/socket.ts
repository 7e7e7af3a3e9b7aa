/** The server side of a WebSocket, in memory, and a page whose time tests control. */

import { tracked } from "../idle";
import odd from "../vectors/odd.json";
import type { PlayerParts } from "../../src/player/player";
import { type Packet, WireDecoder } from "../../src/player/wire";

// Threads inflate: a busy machine may let them wait for long.
const { decode } = WireDecoder.prototype;
WireDecoder.prototype.decode = function (this: WireDecoder, packet: Packet) {
  return tracked(decode.call(this, packet));
};

export class FakeSocket {
  static readonly OPEN = 1;
  readyState = 0;
  binaryType = "";
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  receive(message: object | ArrayBuffer): void {
    const data = message instanceof ArrayBuffer ? message : JSON.stringify(message);
    this.onmessage?.({ data });
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }

  lose(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

export class FakePage implements PlayerParts {
  time = 0;
  sockets: FakeSocket[] = [];
  timers = new Map<number, { callback: () => void; ms: number }>();
  frames = new Map<number, () => void>();
  addresses = 0;
  refuse = false;
  sounds: string[] = [];
  private id = 0;

  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1]!;
  }

  now = (): number => this.time;

  async address(): Promise<string> {
    this.addresses++;
    if (this.refuse) throw new Error("signed out");
    return "ws://here/cells";
  }

  connect(): WebSocket {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket as unknown as WebSocket;
  }

  setTimer(callback: () => void, ms: number): number {
    this.timers.set(++this.id, { callback, ms });
    return this.id;
  }

  clearTimer(id: number): void {
    this.timers.delete(id);
  }

  requestFrame(callback: () => void): number {
    this.frames.set(++this.id, callback);
    return this.id;
  }

  cancelFrame(id: number): void {
    this.frames.delete(id);
  }

  async soundAddress(template: string, startUs: number): Promise<string> {
    const address = template.replace("{start_us}", String(startUs));
    this.sounds.push(address);
    return address;
  }

  /** Runs the pending timers, and returns their delays. */
  fire(): number[] {
    const waiting = [...this.timers.values()];
    this.timers.clear();
    waiting.forEach(({ callback }) => callback());
    return waiting.map(({ ms }) => ms);
  }

  /** Runs the pending animation frames. */
  draw(ms = 16): void {
    this.time += ms;
    const waiting = [...this.frames.values()];
    this.frames.clear();
    waiting.forEach((callback) => callback());
  }
}

export const init = {
  type: "init", epoch: 0, cols: odd.cols, rows: odd.rows, planes: odd.planes, fps: 24, y_bits: 7, c_bits: 6,
  charset: "ramp", title: "Clip", duration: 30, live: false, audio: null as string | null,
};

export const playing = { type: "state", state: "playing", error: null };

/** The packet with this index of the vector `odd`. */
export function packet(index: number): ArrayBuffer {
  return Uint8Array.from(Buffer.from(odd.packets[index]!.data, "base64")).buffer;
}

export function codes(index: number): string {
  return odd.packets[index]!.codes!;
}
