// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CellSession } from "../../src/player/session";
import { idle } from "../idle";
import { codes, FakePage, FakeSocket, init, packet, playing } from "./socket";

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
  await idle();
});

describe("messages", () => {
  it("become events, and packets frames in order", async () => {
    page.socket.open();
    page.socket.receive(init);
    page.socket.receive(playing);
    for (let i = 0; i < 13; i++) page.socket.receive(packet(i));
    await idle();
    expect(log).toEqual(["open", "init 0", "playing", "end"]);
    expect(frames).toEqual(Array.from({ length: 12 }, (_, i) => codes(i)));
    expect(page.socket.binaryType).toBe("arraybuffer");
  });

  it("report errors by their code", () => {
    page.socket.receive({ type: "state", state: "error", error: { code: "drm", message: "" } });
    page.socket.receive({ type: "something new" });
    expect(log).toEqual(["error drm"]);
  });

  it("of an old epoch are dropped", async () => {
    page.socket.receive(init);
    page.socket.receive(packet(0));
    page.socket.receive({ ...init, epoch: 1 });
    page.socket.receive(packet(1));
    page.socket.receive(packet(13));
    await idle();
    expect(frames).toEqual([codes(13)]);
  });

  it("that are damaged are counted and acknowledged, and the next key resumes", async () => {
    page.socket.open();
    page.socket.receive(init);
    page.socket.receive(new ArrayBuffer(3));
    const broken = packet(1);
    new Uint8Array(broken).fill(0xff, 16);
    page.socket.receive(packet(0));
    page.socket.receive(broken);
    page.socket.receive(packet(7));
    await idle();
    expect(frames).toEqual([codes(0), codes(7)]);
    expect(session.damaged).toBe(2);
    // Left unacknowledged, it would be the last that the server sends.
    expect(page.socket.sent).toEqual(['{"ack":11}']);
  });

  it("piling up behind a truncated one close the connection", async () => {
    page.socket.open();
    page.socket.receive(init);
    page.socket.receive(packet(0).slice(0, 40));
    for (let i = 0; i < 400; i++) page.socket.receive(packet(1));
    expect(log).toContain("lost");
    page.fire();
    await idle();
    expect(page.sockets).toHaveLength(2);
    page.socket.receive(init);
    page.socket.receive(packet(0));
    await idle();
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

describe("a lost connection", () => {
  it("is reopened with growing delays, signed anew each time", async () => {
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      page.socket.lose();
      waits.push(...page.fire());
      await idle();
    }
    expect(waits).toEqual([500, 1000, 2000, 5000, 10_000, 10_000]);
    expect(page.addresses).toBe(7);
    page.socket.receive(init);
    page.socket.lose();
    expect(page.fire()).toEqual([500]);
  });

  it("is retried when signing fails", async () => {
    page.refuse = true;
    page.socket.lose();
    page.fire();
    await idle();
    page.refuse = false;
    expect(page.fire()).toEqual([1000]);
    await idle();
    expect(page.sockets).toHaveLength(2);
  });
});

describe("closing", () => {
  it("waits for a socket that is not open yet: browsers complain of another", () => {
    vi.stubGlobal("WebSocket", { CONNECTING: 0, OPEN: 1 });
    const { socket } = page;
    session.close();
    vi.stubGlobal("WebSocket", FakeSocket);
    expect(socket.readyState).toBe(0);
    socket.open();
    expect(socket.readyState).toBe(3);
    expect(log).toEqual([]);
  });

  it("ends socket and timer, and no event follows", async () => {
    page.socket.open();
    log.length = 0;
    page.socket.receive(init);
    page.socket.receive(packet(0));
    const { socket } = page;
    session.close();
    await idle();
    expect(socket.readyState).toBe(3);
    expect(socket.onmessage).toBeNull();
    expect(frames).toEqual([]);
    expect(page.timers.size).toBe(0);
  });

  it("cancels a pending reconnect", () => {
    page.socket.lose();
    session.close();
    expect(page.timers.size).toBe(0);
  });

  it("during signing opens no socket", async () => {
    page.socket.lose();
    page.fire();
    session.close();
    await idle();
    expect(page.sockets).toHaveLength(1);
  });
});
