// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FrameRequest, Span } from "../../src/ha/footage";
import { RefusedError, UnreachableError } from "../../src/share/api";
import { ShareRewind } from "../../src/share/rewind";

/** UNIX s of the first moment that is held, and s held. */
const START = 1_000;
const HELD = 60;

describe("rewinding as a guest", () => {
  let spans: Span[] | Error;
  let asked: (FrameRequest & { time: number })[];
  let live: Set<string>;
  let refusals: number;
  /** What previews wait for. */
  let previews: Promise<void>;
  /** Exact frames that are refused before one comes. */
  let busy: number;
  /** Seconds by which exact frames are told later than asked for. */
  let told: number;
  let rewind: ShareRewind;
  const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  const exact = () => asked.filter(({ fast }) => !fast).map(({ time }) => Math.round(time));

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "performance"] });
    spans = [{ start: START, end: START + HELD }];
    asked = [];
    live = new Set();
    refusals = 0;
    previews = Promise.resolve();
    told = 0;
    busy = 0;
    let made = 0;
    vi.stubGlobal("URL", {
      createObjectURL: () => {
        live.add(`blob:${++made}`);
        return `blob:${made}`;
      },
      revokeObjectURL: (url: string) => live.delete(url),
    });
    rewind = new ShareRewind(
      () => ({
        spans: async () => {
          if (spans instanceof Error) throw spans;
          return spans;
        },
        frame: async (time, request) => {
          asked.push({ ...request, time });
          if (request.fast) await previews;
          else if (busy-- > 0) return undefined;
          return { picture: new Blob(["x"]), time: request.fast ? Math.floor(time / 2) * 2 : time + told };
        },
      }),
      () => 800,
      () => undefined,
      () => {
        refusals++;
        rewind.goLive();
      },
    );
  });
  afterEach(() => {
    rewind.goLive();
    rewind.forget();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("asks nothing before the first touch, and nothing after the return", async () => {
    await wait(10_000);
    expect(asked).toEqual([]);
    rewind.drag(20);
    await wait(0);
    rewind.goLive();
    const before = asked.length;
    await wait(10_000);
    expect(asked.length).toBe(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("shows a preview at once, the exact frame soon, and plays on when let go", async () => {
    rewind.drag(21);
    expect(rewind.view).toMatchObject({ mode: "scrubbing", ago: 21, time: undefined });
    await wait(0);
    expect(rewind.view.time).toBeCloseTo(START + 39, 1);
    expect(rewind.picture!.time).toBe(START + 38);
    expect(asked.every(({ fast, width }) => fast && width === 480)).toBe(true);
    await wait(200);
    expect(rewind.picture!.time).toBeCloseTo(START + 39, 1);
    // What is under a finger stays, while the present moves on.
    expect(rewind.view.ago).toBeCloseTo(21, 1);
    rewind.release();
    await wait(2_000);
    expect(rewind.mode).toBe("playing");
    expect(rewind.view.time).toBeCloseTo(START + 41, 0);
    // A few frames a second, no more.
    expect(exact().length).toBeGreaterThan(8);
    expect(exact().length).toBeLessThan(20);
    expect(asked.filter(({ fast }) => !fast).every(({ width }) => width === 800)).toBe(true);
  });

  it("keeps the exact frame when previews come after it", async () => {
    let arrive!: () => void;
    previews = new Promise((resolve) => {
      arrive = resolve;
    });
    // Times are told in milliseconds, and a frame counts from 0.6 ms before its time.
    told = 0.001;
    rewind.drag(21);
    await wait(200);
    expect(rewind.picture!.time).toBeCloseTo(START + 39, 1);
    arrive();
    await wait(0);
    expect(rewind.picture!.time).toBeCloseTo(START + 39, 1);
    // Another moment has its preview.
    rewind.drag(11);
    expect(rewind.picture!.time).toBe(START + 48);
  });

  it("asks again for an exact frame that was refused, but not for ever", async () => {
    busy = 2;
    rewind.drag(21);
    await wait(200);
    expect(rewind.picture!.time).toBe(START + 38);
    await wait(4_000);
    expect(rewind.picture!.time).toBeCloseTo(START + 39, 1);
    expect(exact()).toEqual([START + 39, START + 39, START + 39]);
    busy = 1000;
    rewind.drag(11);
    await wait(100_000);
    expect(exact().length).toBe(3 + 5);
    expect(rewind.picture!.time).toBe(START + 48);
  });

  it("asks for no frame of a moment that is left", async () => {
    busy = 1;
    rewind.drag(21);
    await wait(200);
    rewind.drag(11);
    await wait(10_000);
    expect(exact()).toEqual([START + 39, START + 49]);
  });

  it("shows the exact frame of the moment at which it is paused", async () => {
    rewind.drag(21);
    await wait(0);
    rewind.release();
    rewind.toggle();
    expect([rewind.mode, rewind.picture!.time]).toEqual(["paused", START + 38]);
    await wait(0);
    expect(rewind.picture!.time).toBeCloseTo(START + 39, 1);
    // Which needs to be loaded once.
    const before = asked.length;
    rewind.toggle();
    await wait(1_000);
    rewind.toggle();
    expect(rewind.picture!.time).toBe(rewind.view.time);
    expect(asked.length).toBeGreaterThan(before);
    const loaded = asked.length;
    await wait(1_000);
    expect(asked.length).toBe(loaded);
  });

  it("keeps a finger within what is held, and returns near the present", async () => {
    rewind.drag(5);
    await wait(0);
    rewind.drag(500);
    expect(rewind.view.time).toBe(START);
    rewind.drag(1);
    rewind.release();
    expect(rewind.active).toBe(false);
    // Shown until the live picture is there.
    expect(rewind.picture).toBeDefined();
    rewind.forget();
    expect(rewind.picture).toBeUndefined();
    expect(live.size).toBe(0);
  });

  it("jumps, pauses and goes on", async () => {
    rewind.jump(5);
    expect(rewind.active).toBe(false);
    rewind.jump(-5);
    await wait(100);
    expect(rewind.mode).toBe("playing");
    expect(rewind.view.ago).toBeCloseTo(5, 0);
    rewind.toggle();
    rewind.jump(-Infinity);
    expect(rewind.mode).toBe("paused");
    expect(rewind.view.time).toBe(START);
    rewind.jump(Infinity);
    expect(rewind.mode).toBe("live");
    rewind.toggle();
    await wait(200);
    expect(rewind.mode).toBe("paused");
    expect(rewind.view.ago).toBeCloseTo(2, 0);
  });

  it("moves on when the oldest footage is dropped", async () => {
    rewind.drag(HELD);
    await wait(0);
    rewind.release(true);
    spans = [{ start: START + 30, end: START + 30 + HELD }];
    await wait(3_000);
    expect(rewind.mode).toBe("paused");
    expect(rewind.view.time).toBeCloseTo(START + 31, 0);
  });

  it("stays in the past without a connection, and leaves it when it is refused", async () => {
    rewind.drag(20);
    await wait(0);
    rewind.release(true);
    spans = new UnreachableError("gone");
    await wait(5_000);
    expect(rewind.mode).toBe("paused");
    spans = new RefusedError("forbidden");
    await wait(5_000);
    expect([rewind.mode, refusals]).toEqual(["live", 1]);
  });

  it("returns to the present where nothing is held", async () => {
    spans = [];
    rewind.drag(20);
    await wait(0);
    expect(rewind.active).toBe(false);
    expect(asked).toEqual([]);
  });

  it("runs nothing while the page is hidden", async () => {
    rewind.drag(20);
    await wait(0);
    rewind.release();
    rewind.suspend();
    const before = asked.length;
    await wait(10_000);
    expect(asked.length).toBe(before);
    expect(rewind.mode).toBe("paused");
    rewind.resume();
    await wait(100);
    expect(rewind.view.time).toBeCloseTo(START + 40, 0);
  });
});
