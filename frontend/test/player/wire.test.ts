// @vitest-environment node
import { describe, expect, it } from "vitest";
import {
  type Init,
  PacketType,
  parsePacket,
  type PlaneName,
  sizeOf,
  WireDecoder,
  WireError,
} from "../../src/player/wire";
import glyphs from "../vectors/glyphs.json";
import large from "../vectors/large.json";
import odd from "../vectors/odd.json";

interface Vector {
  cols: number;
  rows: number;
  planes: string[];
  packets: { epoch: number; seq: number; type: number; data: string; codes: string | null }[];
}

function bytes(base64: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(base64, "base64")).buffer;
}

function initOf(vector: Vector, epoch: number): Init {
  return {
    epoch, cols: vector.cols, rows: vector.rows, planes: vector.planes as PlaneName[],
    fps: 24, y_bits: 7, c_bits: 6, charset: "ramp", title: "", duration: null, live: true, audio: null,
  };
}

/** Decodes the packets with these indices, in order. */
async function decodeAll(decoder: WireDecoder, vector: Vector, indices: number[]) {
  const frames = [];
  for (const i of indices) frames.push(await decoder.decode(parsePacket(bytes(vector.packets[i]!.data))));
  return frames;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe.each([
  ["odd sizes", odd],
  ["a glyph plane", glyphs],
  ["a larger grid", large],
])("vectors of the server's encoder: %s", (_name, vector) => {
  it("decode to the codes that were encoded", async () => {
    const epochs = new Set(vector.packets.map((packet) => packet.epoch));
    for (const epoch of epochs) {
      const decoder = new WireDecoder(initOf(vector, epoch));
      for (const packet of vector.packets.filter((one) => one.epoch === epoch)) {
        const parsed = parsePacket(bytes(packet.data));
        expect(parsed.seq).toBe(packet.seq);
        expect(parsed.type).toBe(packet.type);
        const frame = await decoder.decode(parsed);
        if (packet.codes === null) expect(frame).toBeUndefined();
        else expect(Buffer.from(frame!.codes).toString("base64")).toBe(packet.codes);
      }
      decoder.close();
    }
  });

  it("contain every type of packet", () => {
    expect(new Set(vector.packets.map((packet) => packet.type)).size).toBe(4);
  });
});

describe("order", () => {
  it("starts at any key", async () => {
    const decoder = new WireDecoder(initOf(odd, 0));
    const frames = await decodeAll(decoder, odd, range(5, 12));
    expect(frames.slice(0, 2)).toEqual([undefined, undefined]);
    expect(frames.slice(2).every((frame) => frame !== undefined)).toBe(true);
    expect(Buffer.from(frames[6]!.codes).toString("base64")).toBe(odd.packets[11]!.codes);
  });

  it("shows nothing after a gap until the next key", async () => {
    const decoder = new WireDecoder(initOf(odd, 0));
    const frames = await decodeAll(decoder, odd, [0, 1, 3, 4, 7, 8]);
    expect(frames.map((frame) => frame !== undefined)).toEqual([true, true, false, false, true, true]);
  });

  it("drops packets of another epoch", async () => {
    const decoder = new WireDecoder(initOf(odd, 1));
    expect(await decodeAll(decoder, odd, [0, 1])).toEqual([undefined, undefined]);
    const [frame] = await decodeAll(decoder, odd, [13]);
    expect(frame?.seq).toBe(10);
  });

  it("never writes to a returned frame", async () => {
    const decoder = new WireDecoder(initOf(odd, 0));
    const [first] = await decodeAll(decoder, odd, range(0, 7));
    expect(Buffer.from(first!.codes).toString("base64")).toBe(odd.packets[0]!.codes);
  });

  it("counts epochs modulo 256", async () => {
    const decoder = new WireDecoder(initOf(glyphs, 511));
    const [frame] = await decodeAll(decoder, glyphs, [0]);
    expect(frame).toBeDefined();
  });
});

describe("damage", () => {
  it("is reported, and repaired by the next key", async () => {
    const decoder = new WireDecoder(initOf(odd, 0));
    await decodeAll(decoder, odd, [0]);
    const broken = bytes(odd.packets[1]!.data);
    new Uint8Array(broken).fill(0xff, 16);
    await expect(decoder.decode(parsePacket(broken))).rejects.toThrow(WireError);
    const frames = await decodeAll(decoder, odd, [2, 7]);
    expect(frames[0]).toBeUndefined();
    expect(Buffer.from(frames[1]!.codes).toString("base64")).toBe(odd.packets[7]!.codes);
  });

  it("includes a payload that is too long", async () => {
    const decoder = new WireDecoder({ ...initOf(odd, 0), cols: 6 });
    await expect(decoder.decode(parsePacket(bytes(odd.packets[0]!.data)))).rejects.toThrow(/more bytes/);
  });

  it("includes an unknown form of delta", async () => {
    const decoder = new WireDecoder({ ...initOf(odd, 0), cols: 1, rows: 1, planes: ["y"] });
    // Stored blocks, each flushed: a key of one code, and a delta that begins with 7.
    const stored = (byte: number): number[] => [0, 1, 0, 0xfe, 0xff, byte];
    const packet = (type: PacketType, seq: number, byte: number) => ({
      type, epoch: 0, seq, pts: 0, payload: new Uint8Array(stored(byte)),
    });
    expect((await decoder.decode(packet(PacketType.Key, 0, 9)))?.codes).toEqual(new Uint8Array([9]));
    await expect(decoder.decode(packet(PacketType.Delta, 1, 7))).rejects.toThrow(/form 7/);
  });

  it.each([
    ["short", new Uint8Array(15), /shorter/],
    ["another version", new Uint8Array(16).fill(2, 0, 1), /version 2/],
    ["another type", new Uint8Array(16).fill(1, 0, 1).fill(9, 1, 2), /type 9/],
  ])("is a header that is %s", (_name, data, message) => {
    expect(() => parsePacket(data.buffer)).toThrow(message);
  });

  it("in a closed decoder rejects pending calls", async () => {
    const decoder = new WireDecoder(initOf(odd, 0));
    const whole = bytes(odd.packets[0]!.data);
    const waiting = decoder.decode(parsePacket(whole.slice(0, 30)));
    decoder.close();
    await expect(waiting).rejects.toThrow(WireError);
  });
});

it("rounds chroma up", () => {
  expect(sizeOf({ cols: 7, rows: 5, planes: ["y", "cb", "cr"] })).toBe(35 + 2 * 12);
});
