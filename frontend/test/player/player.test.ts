// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CellPlayer } from "../../src/player/player";
import { Sound } from "../../src/player/sound";
import { idle } from "../idle";
import { codes, FakePage, FakeSocket, init, packet, playing } from "./socket";

vi.stubGlobal("WebSocket", FakeSocket);

/** An audio element, as far as the player uses it; tests set its position. */
class FakeAudio extends EventTarget {
  currentTime = 0;
  paused = true;
  volume = 1;
  src = "";
  refuse: Error | undefined;
  async play(): Promise<void> {
    if (this.refuse) throw this.refuse;
    this.paused = false;
  }
  pause(): void {
    this.paused = true;
  }
  load(): void {
    this.currentTime = 0;
  }
  hasAttribute(): boolean {
    return this.src !== "";
  }
  removeAttribute(): void {
    this.src = "";
  }
}

let page: FakePage;
let audio: FakeAudio;
let drawn: string[];
let blocked: boolean[];
let player: CellPlayer;
const begun = vi.fn();

beforeEach(async () => {
  page = new FakePage();
  audio = new FakeAudio();
  drawn = [];
  blocked = [];
  begun.mockClear();
  const sound = new Sound(audio as unknown as HTMLAudioElement, page.now, (now) => {
    blocked.push(now);
  });
  player = new CellPlayer(
    page,
    { begin: begun, draw: (data) => drawn.push(Buffer.from(data).toString("base64")) },
    { init: () => undefined, state: () => undefined, link: () => undefined },
    sound,
  );
  player.start();
  await idle();
  page.socket.open();
});

afterEach(() => player.stop());

async function begin(template: string | null = null): Promise<void> {
  page.socket.receive({ ...init, audio: template });
  page.socket.receive(playing);
  await receive(0);
}

async function receive(index: number): Promise<void> {
  page.socket.receive(packet(index));
  await idle();
}

describe("picture", () => {
  it("acknowledges the last frame of a burst, even if no other follows", async () => {
    await begin();
    const acks = () => page.socket.sent.map((text) => (JSON.parse(text) as { ack: number }).ack);
    await receive(1);
    await receive(2);
    expect(acks()).toEqual([10]);
    page.draw(200);
    expect(acks()).toEqual([10, 12]);
    for (let i = 0; i < 20; i++) page.draw(50);
    expect(acks()).toEqual([10, 12]);
  });

  it("is drawn when due, each frame once, and acknowledged", async () => {
    await begin();
    page.draw(1);
    expect(drawn).toEqual([codes(0)]);
    for (let i = 1; i < 6; i++) {
      page.time += 41;
      await receive(i);
      page.draw(1);
    }
    page.draw(100);
    expect(drawn[drawn.length - 1]).toBe(codes(5));
    expect(new Set(page.socket.sent).size).toBe(page.socket.sent.length);
    expect(page.socket.sent.length).toBeGreaterThan(1);
    expect(begun).toHaveBeenCalledOnce();
  });

  it("drops late frames", async () => {
    await begin();
    page.draw(1);
    for (let i = 1; i < 6; i++) await receive(i);
    page.draw(1);
    expect(drawn).toEqual([codes(0), codes(5)]);
    expect(player.report().skipped).toBe(4);
  });

  it("of a new epoch replaces the old one", async () => {
    await begin();
    page.socket.receive({ ...init, epoch: 1 });
    page.draw();
    expect(drawn).toEqual([]);
    await receive(13);
    page.draw();
    expect(drawn).toEqual([codes(13)]);
  });

  it("ends with the player: no frame, no socket, no timer", async () => {
    await begin();
    const { socket } = page;
    player.stop();
    expect(page.frames.size).toBe(0);
    expect(page.timers.size).toBe(0);
    expect(socket.readyState).toBe(3);
  });
});

describe("sound", () => {
  it("joins at the picture's time, and the picture then follows it", async () => {
    await begin("/audio/{start_us}.aac");
    page.draw(0);
    await idle();
    expect(page.sounds).toEqual(["/audio/0.aac"]);
    expect(audio.src).toBe("/audio/0.aac");
    for (let i = 1; i < 6; i++) {
      page.time += 41;
      await receive(i);
    }
    // The browser took 200 ms to start: the picture waits for its sound.
    audio.currentTime = 0.05;
    page.draw(1);
    expect(drawn[drawn.length - 1]).toBe(codes(1));
    for (let i = 0; i < 5; i++) {
      audio.currentTime += 0.02;
      page.draw(20);
    }
    expect(drawn[drawn.length - 1]).toBe(codes(3));
    expect(Math.abs(player.report().soundOffset!)).toBeLessThan(45);
  });

  it("blocked by the browser is reported, and starts with a gesture", async () => {
    audio.refuse = new DOMException("no gesture", "NotAllowedError");
    await begin("/audio/{start_us}.aac");
    page.draw();
    await idle();
    expect(blocked).toEqual([true]);
    page.draw();
    await idle();
    expect(page.sounds).toHaveLength(1);
    audio.refuse = undefined;
    player.unblock();
    await idle();
    expect(blocked).toEqual([true, false]);
    expect(audio.paused).toBe(false);
  });

  it("is not requested again once the last frame has arrived", async () => {
    await begin("/audio/{start_us}.aac");
    page.draw();
    await idle();
    await receive(12);
    audio.paused = true;
    for (let i = 0; i < 100; i++) page.draw(500);
    expect(page.sounds).toHaveLength(1);
    // Another epoch, as after a seek, has its own.
    page.socket.receive({ ...init, audio: "/audio/{start_us}.aac" });
    await receive(0);
    page.draw();
    await idle();
    expect(page.sounds).toHaveLength(2);
  });

  it("is not requested past the end, where a film repeats", async () => {
    page.socket.receive({ ...init, duration: 0.4, audio: "/audio/{start_us}.aac" });
    page.socket.receive(playing);
    await receive(0);
    page.draw();
    await idle();
    expect(page.sounds).toEqual([]);
    page.socket.receive({ ...init, epoch: 1, duration: 20, audio: "/audio/{start_us}.aac" });
    await receive(13);
    page.draw();
    await idle();
    expect(page.sounds).toHaveLength(1);
    // It has ended with its last byte, and the picture is slightly behind.
    audio.paused = true;
    for (let i = 0; i < 100; i++) page.draw(250);
    const asked = page.sounds.map((address) => Number(/\d+/.exec(address)));
    expect(Math.max(...asked)).toBeGreaterThan(5e6);
    expect(Math.max(...asked)).toBeLessThan(20e6);
  });

  it("is retried after a delay if it fails", async () => {
    audio.refuse = new Error("network");
    await begin("/audio/{start_us}.aac");
    page.draw();
    await idle();
    page.draw(1000);
    expect(page.sounds).toHaveLength(1);
    page.draw(2500);
    await idle();
    expect(page.sounds).toHaveLength(2);
    page.draw(3100);
    expect(page.sounds).toHaveLength(2);
    page.draw(3000);
    expect(page.sounds).toHaveLength(3);
  });

  it("is not requested while muted or paused", async () => {
    player.mute(true);
    await begin("/audio/{start_us}.aac");
    page.draw();
    expect(page.sounds).toEqual([]);
    player.mute(false);
    page.draw();
    await idle();
    expect(page.sounds).toHaveLength(1);
    page.socket.receive({ type: "state", state: "paused", error: null });
    expect(audio.src).toBe("");
    page.draw();
    expect(page.sounds).toHaveLength(1);
  });
});
