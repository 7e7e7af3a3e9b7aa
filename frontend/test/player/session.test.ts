// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CellSession } from "../../src/player/session";
import { codes, FakePage, FakeSocket, init, packet, playing, settle } from "./socket";

vi.stubGlobal("WebSocket", FakeSocket);

let page: FakePage;
let log: string[];
let frames: string[];
let session: CellSession;

beforeEach(async () => {
  page = new FakePage();
  log = [];
  frames = [];
  session = new CellSession(page, {
    init: (told) => log.push(`init ${told.epoch}`),
    state: (state, error) => log.push(error ? `${state} ${error.code}` : state),
    frame: (frame) => frames.push(Buffer.from(frame.codes).toString("base64")),
    end: () => log.push("end"),
    link: (open) => log.push(open ? "open" : "lost"),
  });
  session.open();
  await settle();
});

describe("messages", () => {
  it("become events, and packets frames in order", async () => {
    page.socket.open();
    page.socket.tell(init);
    page.socket.tell(playing);
    for (let i = 0; i < 13; i++) page.socket.tell(packet(i));
    await settle();
    expect(log).toEqual(["open", "init 0", "playing", "end"]);
    expect(frames).toEqual(Array.from({ length: 12 }, (_, i) => codes(i)));
    expect(page.socket.binaryType).toBe("arraybuffer");
  });

  it("tell errors by their code", () => {
    page.socket.tell({ type: "state", state: "error", error: { code: "drm", message: "" } });
    page.socket.tell({ type: "something new" });
    expect(log).toEqual(["error drm"]);
  });

  it("of an old epoch are dropped", async () => {
    page.socket.tell(init);
    page.socket.tell(packet(0));
    page.socket.tell({ ...init, epoch: 1 });
    page.socket.tell(packet(1));
    page.socket.tell(packet(13));
    await settle();
    expect(frames).toEqual([codes(13)]);
  });

  it("that are damaged are counted and done with, and the next key goes on", async () => {
    page.socket.open();
    page.socket.tell(init);
    page.socket.tell(new ArrayBuffer(3));
    const broken = packet(1);
    new Uint8Array(broken).fill(0xff, 16);
    page.socket.tell(packet(0));
    page.socket.tell(broken);
    page.socket.tell(packet(7));
    await settle();
    expect(frames).toEqual([codes(0), codes(7)]);
    expect(session.damaged).toBe(2);
    // Left unacknowledged, it would be the last that the server sends.
    expect(page.socket.sent).toEqual(['{"ack":11}']);
  });

  it("that pile up behind a truncated one end the link", async () => {
    page.socket.open();
    page.socket.tell(init);
    page.socket.tell(packet(0).slice(0, 40));
    for (let i = 0; i < 400; i++) page.socket.tell(packet(1));
    expect(log).toContain("lost");
    page.fire();
    await settle();
    expect(page.sockets).toHaveLength(2);
    page.socket.tell(init);
    page.socket.tell(packet(0));
    await settle();
    expect(frames).toEqual([codes(0)]);
  });
});

describe("acknowledgements", () => {
  it("are sent once each, and only while the socket is open", () => {
    session.ack(4);
    page.socket.open();
    session.ack(5);
    session.ack(5);
    session.ack(6);
    expect(page.socket.sent).toEqual(['{"ack":5}', '{"ack":6}']);
  });
});

describe("a lost link", () => {
  it("is made anew with longer and longer waits, signed anew each time", async () => {
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      page.socket.lose();
      waits.push(...page.fire());
      await settle();
    }
    expect(waits).toEqual([500, 1000, 2000, 5000, 10_000, 10_000]);
    expect(page.addresses).toBe(7);
    page.socket.tell(init);
    page.socket.lose();
    expect(page.fire()).toEqual([500]);
  });

  it("is tried again when signing fails", async () => {
    page.refuse = true;
    page.socket.lose();
    page.fire();
    await settle();
    page.refuse = false;
    expect(page.fire()).toEqual([1000]);
    await settle();
    expect(page.sockets).toHaveLength(2);
  });
});

describe("closing", () => {
  it("ends socket and timer, and nothing comes after", async () => {
    page.socket.tell(init);
    page.socket.tell(packet(0));
    const { socket } = page;
    session.close();
    await settle();
    expect(socket.readyState).toBe(3);
    expect(socket.onmessage).toBeNull();
    expect(frames).toEqual([]);
    expect(page.timers.size).toBe(0);
  });

  it("while it waits to try again cancels that", () => {
    page.socket.lose();
    session.close();
    expect(page.timers.size).toBe(0);
  });

  it("while it signs opens no socket", async () => {
    page.socket.lose();
    page.fire();
    session.close();
    await settle();
    expect(page.sockets).toHaveLength(1);
  });
});
