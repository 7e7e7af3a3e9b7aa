import { beforeEach, describe, expect, it, vi } from "vitest";
import type { FootageFrame } from "../../src/ha/footage";
import { bisected, Previews } from "../../src/footage/previews";
import { idle } from "../idle";

/** Keyframes are two seconds apart. */
const keyframe = (time: number): FootageFrame => ({ picture: new Blob(["x"]), time: Math.floor(time / 2) * 2 });

describe("previews", () => {
  let asked: { time: number; signal: AbortSignal; answer: (frame?: FootageFrame) => void }[];
  let live: Set<string>;
  let previews: Previews;
  /** Whether a keyframe tells when the next one comes. */
  let told: boolean;
  const open = () => asked.filter((one) => !one.signal.aborted);
  const answer = async (...which: typeof asked) => {
    for (const one of which.length ? which : asked.splice(0)) {
      asked = asked.filter((other) => other !== one);
      const frame = keyframe(one.time);
      one.answer(told ? { ...frame, until: frame.time + 2 } : frame);
    }
    await idle();
  };

  beforeEach(() => {
    asked = [];
    told = false;
    live = new Set();
    let made = 0;
    vi.stubGlobal("URL", {
      createObjectURL: () => {
        live.add(`blob:${++made}`);
        return `blob:${made}`;
      },
      revokeObjectURL: (url: string) => live.delete(url),
    });
    previews = new Previews(
      (time, signal) => new Promise((ready) => asked.push({ time, signal, answer: ready })),
      () => undefined,
    );
    return () => vi.unstubAllGlobals();
  });

  it("loads a strip of coarse pictures first, two at a time", async () => {
    previews.prefetch(0, 16);
    expect(asked.map(({ time }) => time)).toEqual([8, 4]);
    await answer();
    expect(asked.map(({ time }) => time)).toEqual([12, 2]);
    for (let i = 0; i < 20 && asked.length > 0; i++) await answer();
    // One picture for each keyframe, each asked for once.
    expect(live.size).toBe(8);
    expect(previews.at(11)!.time).toBe(10);
  });

  it("asks for where the pointer is next, and forgets where it was", async () => {
    previews.prefetch(0, 60);
    previews.want(41);
    previews.want(43);
    previews.want(45);
    expect(asked.map(({ time }) => time)).toEqual([30, 15, 41]);
    await answer(asked[2]!);
    expect(asked.map(({ time }) => time)).toContain(45);
    expect(asked.map(({ time }) => time)).not.toContain(43);
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it("asks for the first picture under a pointer alone, and then for those around it", async () => {
    previews.want(41);
    previews.prefetch(0, 60);
    expect(asked.map(({ time }) => time)).toEqual([41]);
    await answer();
    const around = asked.map(({ time }) => time);
    expect(around).toHaveLength(2);
    expect(around.every((time) => Math.abs(time - 41) < 4)).toBe(true);
    await answer();
    previews.want(10);
    await answer();
    expect(asked.some(({ time }) => Math.abs(time - 10) < 4)).toBe(true);
    // Then all others follow.
    for (let i = 0; i < 40 && asked.length > 0; i++) await answer();
    expect(live.size).toBe(30);
  });

  it("goes on with the others after a first picture that could not be had", async () => {
    previews.want(41);
    previews.prefetch(0, 60);
    asked.pop()!.answer(undefined);
    await idle();
    expect(asked).toHaveLength(1);
    await answer();
    expect(asked).toHaveLength(2);
  });

  it("asks once for a keyframe that tells when the next one comes", async () => {
    told = true;
    previews.want(20.1);
    previews.prefetch(0, 60);
    let count = asked.length;
    for (; asked.length > 0; count += asked.length) await answer();
    expect([count, live.size]).toEqual([30, 30]);
    for (let time = 0.5; time < 59.9; time += 0.31) previews.want(time);
    expect(asked).toEqual([]);
    // The very keyframe that is to come may be meant.
    previews.want(60);
    expect(asked).toHaveLength(1);
  });

  it("waits for the keyframe of the pointer that is on its way, or asks after all", async () => {
    told = true;
    previews.want(20.1);
    await answer();
    previews.want(30.5);
    previews.want(31.5);
    expect(asked.map(({ time }) => time)).toEqual([30.5]);
    const [pending] = asked.splice(0);
    pending!.answer({ picture: new Blob(["x"]), time: 30, until: 31 });
    await idle();
    expect(asked.map(({ time }) => time)).toEqual([31.5]);
  });

  it("shows the picture before, until a nearer one is there", async () => {
    expect(previews.at(9)).toBeUndefined();
    previews.want(5);
    await answer();
    expect(previews.at(9)!.time).toBe(4);
    expect(previews.at(1)!.time).toBe(4);
    previews.want(9);
    await answer();
    expect(previews.at(9)!.time).toBe(8);
    // That keyframe was shown at least until then.
    previews.want(8.5);
    expect(asked).toEqual([]);
  });

  it("frees all pictures, and ends all requests", async () => {
    previews.want(5);
    await answer();
    previews.prefetch(0, 60);
    expect(live.size).toBe(1);
    previews.clear();
    expect(live.size).toBe(0);
    expect(open()).toEqual([]);
    await answer();
    expect(live.size).toBe(0);
    expect(asked).toEqual([]);
  });

  it("keeps pictures for a while after the return to the present, for their own places", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    told = true;
    previews.want(5);
    await answer();
    previews.prefetch(0, 60);
    previews.retire();
    expect(open()).toEqual([]);
    asked = [];
    vi.advanceTimersByTime(9_999);
    expect([previews.at(5.9)?.time, previews.at(6.1), previews.at(3)]).toEqual([4, undefined, undefined]);
    // The first picture of another place is not held up.
    previews.want(41);
    previews.prefetch(0, 60);
    expect(asked.map(({ time }) => time)).toEqual([41]);
    await answer();
    expect(previews.at(20)).toBeUndefined();
    expect(previews.at(50)!.time).toBe(40);
    vi.advanceTimersByTime(10_000);
    expect(live.size).toBe(2);
    previews.retire();
    vi.advanceTimersByTime(10_000);
    expect(live.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it.each([
    ["a number", 1, 60],
    ["bytes", 500_000, 8],
  ])("keeps up to %s of them", async (_, size, most) => {
    for (let time = 0; time < 200; time += 2) {
      previews.want(time);
      asked.pop()!.answer({ picture: new Blob(["x".repeat(size)]), time, until: time + 2 });
      await idle();
    }
    expect(live.size).toBe(100);
    previews.retire();
    expect(live.size).toBe(most);
    expect(previews.at(199)!.time).toBe(198);
    previews.clear();
    expect(live.size).toBe(0);
  });

  it("goes on after a picture that could not be had", async () => {
    previews.want(5);
    asked.pop()!.answer(undefined);
    await idle();
    previews.want(6);
    await answer();
    expect(previews.at(6)!.time).toBe(6);
  });

  it("keeps a bounded number", async () => {
    for (let time = 0; time < 600; time += 2) {
      previews.want(time);
      await answer();
    }
    expect(live.size).toBe(120);
    expect(previews.at(599)!.time).toBe(598);
  });
});

it.each([
  [0, 8, 2, [4, 2, 6]],
  [0, 8, 8, []],
  [5, 5, 1, []],
])("bisects %i to %i at steps of %i", (start, end, step, times) => {
  expect(bisected(start, end, step)).toEqual(times);
});
