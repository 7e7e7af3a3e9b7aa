/** Decoder of the cell stream, version 1: WebSocket messages to planes of codes. */

import { GroupInflater } from "./inflate";

export const SUBPROTOCOL = "retrocam.cells.v1";
const VERSION = 1;
const HEADER_BYTES = 16;

export const enum PacketType {
  Key = 0,
  Delta = 1,
  Hold = 2,
  End = 3,
}

export type PlaneName = "y" | "cb" | "cr" | "g";

/** The text message that begins an epoch. */
export interface Init {
  epoch: number;
  cols: number;
  rows: number;
  fps: number;
  planes: PlaneName[];
  y_bits: number;
  c_bits: number;
  charset: string;
  title: string;
  /** Seconds, null for endless media. */
  duration: number | null;
  live: boolean;
  /** Aspect ratio, width by height; null or missing while unknown. */
  aspect?: number | null;
  /** Path of the sound with `{start_us}` in it, null if there is none. */
  audio: string | null;
}

export interface Packet {
  type: PacketType;
  epoch: number;
  seq: number;
  /** Presentation time in microseconds. */
  pts: number;
  payload: Uint8Array<ArrayBuffer>;
}

/** One frame: the codes of all planes one after the other, as in `layoutOf`. */
export interface CellFrame {
  seq: number;
  pts: number;
  codes: Uint8Array<ArrayBuffer>;
}

export interface Plane {
  name: PlaneName;
  offset: number;
  cols: number;
  rows: number;
}

export class WireError extends Error {
  override name = "WireError";
}

/** Reads the header of a binary message. Throws WireError for another version. */
export function parsePacket(data: ArrayBuffer): Packet {
  if (data.byteLength < HEADER_BYTES) throw new WireError("message shorter than its header");
  const view = new DataView(data);
  if (view.getUint8(0) !== VERSION) throw new WireError(`version ${view.getUint8(0)}`);
  const type = view.getUint8(1);
  if (type > PacketType.End) throw new WireError(`packet type ${type}`);
  return {
    type,
    epoch: view.getUint8(3),
    seq: view.getUint32(4, true),
    pts: Number(view.getBigUint64(8, true)),
    payload: new Uint8Array(data, HEADER_BYTES),
  };
}

/** Offset of each plane in the codes of a frame; chroma has a quarter of the cells, rounded up. */
export function layoutOf(init: Pick<Init, "cols" | "rows" | "planes">): Plane[] {
  let offset = 0;
  return init.planes.map((name) => {
    const half = name === "cb" || name === "cr";
    const cols = half ? Math.ceil(init.cols / 2) : init.cols;
    const rows = half ? Math.ceil(init.rows / 2) : init.rows;
    const plane = { name, offset, cols, rows };
    offset += cols * rows;
    return plane;
  });
}

export function sizeOf(init: Pick<Init, "cols" | "rows" | "planes">): number {
  return layoutOf(init).reduce((sum, plane) => sum + plane.cols * plane.rows, 0);
}

/**
 * Decodes the packets of one epoch, in order: call `decode` again only after it has settled. A returned frame is
 * never written to again.
 */
export class WireDecoder {
  private readonly length: number;
  private inflater: GroupInflater | undefined;
  private codes: Uint8Array<ArrayBuffer> | undefined;
  private lastSeq = 0;

  constructor(readonly init: Init) {
    this.length = sizeOf(init);
  }

  /**
   * Returns the frame of a packet; undefined for the end, for a packet of another epoch, and for deltas and holds
   * after a gap or without a key. Throws WireError for a damaged packet; the next key repairs it.
   */
  async decode(packet: Packet): Promise<CellFrame | undefined> {
    if (packet.epoch !== (this.init.epoch & 0xff) || packet.type === PacketType.End) return undefined;
    if (packet.type === PacketType.Key) {
      this.inflater?.close();
      this.inflater = new GroupInflater();
      this.codes = undefined;
    } else if (packet.seq !== ((this.lastSeq + 1) >>> 0)) {
      this.codes = undefined;
    }
    this.lastSeq = packet.seq;
    const inflater = this.inflater;
    if (!inflater || (packet.type !== PacketType.Key && !this.codes)) return undefined;
    try {
      this.codes = await this.apply(packet, inflater);
      if (inflater.left > 0) throw new WireError("more bytes than the packet needs");
    } catch (error) {
      this.codes = undefined;
      throw error instanceof WireError ? error : new WireError("damaged packet", { cause: error });
    }
    return { seq: packet.seq, pts: packet.pts, codes: this.codes };
  }

  close(): void {
    this.inflater?.close();
    this.inflater = undefined;
    this.codes = undefined;
  }

  private async apply(
    packet: Packet,
    inflater: GroupInflater,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (packet.type === PacketType.Hold) return this.codes!;
    inflater.push(packet.payload);
    if (packet.type === PacketType.Key) return inflater.take(this.length);
    const form = (await inflater.take(1))[0];
    if (form === 0) return this.masked(inflater);
    if (form === 1) return addBytes(this.codes!, await inflater.take(this.length));
    throw new WireError(`delta form ${form}`);
  }

  private async masked(inflater: GroupInflater): Promise<Uint8Array<ArrayBuffer>> {
    const mask = await inflater.take(Math.ceil(this.length / 8));
    const next = this.codes!.slice();
    const changed: number[] = [];
    for (let i = 0; i < this.length; i++) {
      if (mask[i >> 3]! & (0x80 >> (i & 7))) changed.push(i);
    }
    const values = await inflater.take(changed.length);
    changed.forEach((at, i) => {
      next[at] = values[i]!;
    });
    return next;
  }
}

function addBytes(
  old: Uint8Array<ArrayBuffer>,
  residual: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  // The residual was made for this frame alone: it becomes the frame.
  for (let i = 0; i < residual.length; i++) residual[i] = residual[i]! + old[i]!;
  return residual;
}
