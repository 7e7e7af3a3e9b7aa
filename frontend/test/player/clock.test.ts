// @vitest-environment node
import { beforeEach, describe, expect, it } from "vitest";
import { PlayerClock } from "../../src/player/clock";

let now = 0;
let clock: PlayerClock;
const FRAME = 1000 / 24;

beforeEach(() => {
  now = 5000;
  clock = new PlayerClock(() => now);
});

/** Simulates the arrival of frames, each the given ms later than its pts, and returns the last pts. */
function receive(count: number, jitter: (i: number) => number, first = 0): number {
  let pts = first;
  const began = now;
  for (let i = 0; i < count; i++) {
    pts = first + i * FRAME * 1000;
    now = began + i * FRAME + jitter(i);
    clock.arrived(pts);
    clock.time();
  }
  return pts;
}

describe("without sound", () => {
  it("is undefined before the first frame", () => {
    expect(clock.time()).toBeUndefined();
  });

  it("shows a steady stream as it arrives", () => {
    const pts = receive(48, () => 0);
    expect(clock.time()).toBeCloseTo(pts, -1);
    now += 100;
    expect(clock.time()).toBeCloseTo(pts + 100_000, -1);
  });

  it("delays by the arrival jitter, so that frames have arrived when due", () => {
    let late = 0;
    const began = now;
    for (let i = 0; i < 96; i++) {
      const pts = i * FRAME * 1000;
      now = began + i * FRAME + (i % 3) * 20;
      clock.arrived(pts);
      if (i > 48 && clock.time()! > pts + FRAME * 1000) late++;
    }
    expect(late).toBe(0);
  });

  it("treats the replay for a late joiner as the past, not as jitter", () => {
    for (let i = 0; i < 48; i++) clock.arrived(i * FRAME * 1000);
    expect(clock.time()).toBeCloseTo(47 * FRAME * 1000, -1);
  });

  it("resynchronizes after a pause", () => {
    const pts = receive(48, () => 0);
    now += 60_000;
    receive(48, () => 0, pts + FRAME * 1000);
    expect(clock.time()).toBeCloseTo(pts + 48 * FRAME * 1000, -2);
  });

  it("never runs backwards because of jitter alone", () => {
    let before = -Infinity;
    const began = now;
    for (let i = 0; i < 200; i++) {
      now = began + i * FRAME + (i % 7) * 5;
      clock.arrived(i * FRAME * 1000);
      const time = clock.time()!;
      expect(time).toBeGreaterThanOrEqual(before);
      before = time;
    }
  });
});

describe("with sound", () => {
  it("follows the element, also between the steps of its position", () => {
    receive(24, () => 0);
    const audio = { currentTime: 0.01, paused: false };
    clock.follow(audio, 2_000_000);
    const errors: number[] = [];
    const began = now;
    for (let ms = 0; ms < 4000; ms += 16) {
      now = began + ms;
      // A position that is updated every 100 ms only.
      audio.currentTime = 0.01 + Math.floor(ms / 100) / 10;
      const truth = 2_010_000 + ms * 1000;
      if (ms > 1000) errors.push(Math.abs(clock.time()! - truth));
      else clock.time();
    }
    expect(Math.max(...errors)).toBeLessThan(40_000);
  });

  it("follows arrivals while the sound is loading, paused or stalled", () => {
    const pts = receive(24, () => 0);
    const audio = { currentTime: 0, paused: false };
    clock.follow(audio, 0);
    expect(clock.time()).toBeCloseTo(pts, -2);
    audio.currentTime = 0.5;
    audio.paused = true;
    expect(clock.soundTime()).toBeUndefined();
    audio.paused = false;
    expect(clock.soundTime()).toBeCloseTo(500_000, -1);
    now += 400;
    expect(clock.soundTime()).toBeUndefined();
  });

  it("follows arrivals if the sound is so far off that the picture would freeze", () => {
    const pts = receive(240, () => 0);
    clock.follow({ currentTime: (pts - 3_000_000) / 1e6, paused: false });
    expect(clock.time()).toBeCloseTo(pts - 3_000_000, -2);
    clock.follow({ currentTime: (pts - 5_000_000) / 1e6, paused: false });
    expect(clock.time()).toBeCloseTo(pts, -2);
  });

  it("is reset at the next epoch", () => {
    receive(3, () => 0);
    clock.follow({ currentTime: 3, paused: false }, 0);
    clock.reset();
    expect(clock.time()).toBeUndefined();
    clock.arrived(77);
    expect(clock.time()).toBeCloseTo(77, 0);
  });
});
