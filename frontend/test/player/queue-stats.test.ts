// @vitest-environment node
import { describe, expect, it } from "vitest";
import { FrameQueue } from "../../src/player/queue";
import { Stats } from "../../src/player/stats";

const frame = (pts: number) => ({ seq: pts, pts, codes: new Uint8Array() });

describe("queue", () => {
  it("returns the newest due frame, once", () => {
    const queue = new FrameQueue();
    [10, 20, 30, 40].forEach((pts) => queue.push(frame(pts)));
    expect(queue.due(5)).toBeUndefined();
    expect(queue.due(30)?.pts).toBe(30);
    expect(queue.skipped).toBe(2);
    expect(queue.due(39)).toBeUndefined();
    expect(queue.due(1000)?.pts).toBe(40);
    expect(queue.due(2000)).toBeUndefined();
  });

  it("keeps six seconds at most", () => {
    const queue = new FrameQueue();
    for (let i = 0; i <= 240; i++) queue.push(frame(i * 41_667));
    expect(queue.span).toBeLessThanOrEqual(6_000_000);
    expect(queue.skipped).toBeGreaterThan(90);
    queue.clear();
    expect(queue.length).toBe(0);
    expect(queue.span).toBe(0);
  });
});

describe("stats", () => {
  it("report rate, jitter and bytes", () => {
    let now = 0;
    const stats = new Stats(() => now);
    for (let i = 0; i < 41; i++) {
      // Every tenth frame is 20 ms late.
      now = i * 40 + (i % 10 === 9 ? 20 : 0);
      stats.arrived(1000);
      stats.drew(i * 40_000);
    }
    const report = stats.report(24, 3, -12);
    expect(report.fps).toBeCloseTo(25, 1);
    expect(report.interval).toBe(40);
    expect(report.jitter).toBe(20);
    expect(report.bytes).toBeCloseTo(25_000, -2);
    expect(report).toMatchObject({ asked: 24, skipped: 3, soundOffset: -12 });
  });

  it("are zero before the first frame", () => {
    const stats = new Stats(() => 0);
    stats.drew(0);
    stats.reset();
    expect(stats.report(24, 0, undefined)).toMatchObject({ fps: 0, interval: 0, jitter: 0, bytes: 0 });
    expect(stats.report(24, 0, undefined)).toMatchObject({ drawn: 0, due: 0 });
  });

  it("compare the frames drawn with those expected by the rate", () => {
    const stats = new Stats(() => 0);
    // Every sixth of 24 frames per second is missing, over two seconds.
    for (let i = 0; i <= 48; i++) if (i % 6 !== 3) stats.drew(5_000_000 + Math.round((i * 1e6) / 24));
    expect(stats.report(24, 0, undefined)).toMatchObject({ drawn: 41, due: 49 });
  });
});
