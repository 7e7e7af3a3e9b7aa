// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Pictures } from "../../src/footage/pictures";
import type { FootageFrame } from "../../src/ha/footage";
import { idle } from "../idle";

describe("pictures of a moment", () => {
  let asked: { time: number; fast: boolean; answer: (frame?: FootageFrame) => void }[];
  let changes: number;
  let pictures: Pictures;
  /** Keyframes are two seconds apart. */
  const answer = async () => {
    for (const { time, fast, answer: reply } of asked.splice(0)) {
      const shown = fast ? Math.floor(time / 2) * 2 : time;
      reply({ picture: new Blob(["x"]), time: shown, until: fast ? shown + 2 : undefined });
    }
    await idle();
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let made = 0;
    vi.spyOn(URL, "createObjectURL").mockImplementation(() => `blob:${++made}`);
    vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
    [asked, changes] = [[], 0];
    pictures = new Pictures(
      (time, { fast }) => new Promise((ready) => asked.push({ time, fast, answer: ready })),
      () => 640,
      () => changes++,
    );
  });

  afterEach(() => {
    pictures.clear();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("draw nothing anew for a picture that is not shown", async () => {
    pictures.show(41);
    pictures.prefetch(0, 60);
    await answer();
    expect(pictures.picture?.time).toBe(40);
    const before = changes;
    while (asked.length) await answer();
    expect(changes).toBe(before);
    // It was not in vain.
    pictures.show(11);
    expect([pictures.picture?.time, asked.length]).toEqual([10, 0]);
    expect(changes).toBeGreaterThan(before);
  });

  it("are replaced by the exact frame of a pointer that rests, and by no preview after it", async () => {
    pictures.show(41.5);
    vi.advanceTimersByTime(150);
    const exact = asked.filter(({ fast }) => !fast);
    expect(exact.map(({ time }) => time)).toEqual([41.5]);
    await answer();
    expect([pictures.picture?.time, pictures.exactOf]).toEqual([41.5, 41.5]);
    pictures.prefetch(0, 60);
    while (asked.length) await answer();
    expect(pictures.picture?.time).toBe(41.5);
  });
});
