// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { canPlay, HlsPlayer, positionOf, timeAt } from "../../src/footage/hls-player";
import { Timeline } from "../../src/footage/timeline";
import { VideoPlayback } from "../../src/footage/video-playback";

/** Two runs of a camera, with a gap of 20 s between them. */
const FRAGMENTS = [
  { start: 10, programDateTime: 1_000_000 },
  { start: 16, programDateTime: 1_006_000 },
  { start: 22, programDateTime: 1_032_000 },
];

describe("the time of a video", () => {
  it.each([
    [10, 1000], [12.5, 1002.5], [21.9, 1011.9], [22, 1032], [40, 1050], [3, 993],
  ])("at %f is %f", (position, time) => {
    expect(timeAt(position, FRAGMENTS)).toBeCloseTo(time);
  });

  it.each([
    [1000, 10], [1008.5, 18.5], [1015, 22], [1033, 23], [900, 10],
  ])("%f is at %f", (time, position) => {
    expect(positionOf(time, FRAGMENTS)).toBeCloseTo(position);
  });

  it("is unknown without a playlist", () => {
    expect(timeAt(3, [])).toBeUndefined();
    expect(positionOf(3, [])).toBeUndefined();
  });
});

describe("the time line", () => {
  const timeline = new Timeline(() => 0);
  timeline.update([{ start: 100, end: 120 }, { start: 140, end: 150 }]);

  it.each([
    [90, 100, 100, false], [110, 110, 110, true], [125, 119.999, 140, false], [135, 140, 140, false],
    [149, 149, 149, true], [151, 149.999, 150, true],
  ])("of %f has nearest %f, then next %f, and holds it: %s", (time, nearest, next, holds) => {
    expect(timeline.nearest(time)).toBeCloseTo(nearest);
    expect(timeline.next(time)).toBeCloseTo(next);
    expect(timeline.holds(time)).toBe(holds);
  });
});

describe("a browser", () => {
  const master = (codecs: string) => `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="${codecs}"\nplaylist.m3u8\n`;
  afterEach(() => vi.unstubAllGlobals());

  it("plays what its media source supports", () => {
    vi.stubGlobal("MediaSource", { isTypeSupported: (type: string) => type.includes("avc1") });
    expect(canPlay(master("avc1.64001f,mp4a.40.2"))).toBe(true);
    expect(canPlay(master("hvc1.1.6.L93.B0"))).toBe(false);
    expect(canPlay("#EXTM3U\n")).toBe(false);
    vi.stubGlobal("MediaSource", undefined);
    expect(canPlay(master("avc1.64001f"))).toBe(false);
  });
});

describe("playing in Home Assistant's player", () => {
  let element: HTMLElement & { _hlsPolyfillInstance?: object };
  let video: HTMLVideoElement;
  let ready: number;
  let opened: number;
  let shown: number;
  let failed: number;
  let frames: (() => void)[];
  let playback: VideoPlayback;
  const config = { maxLiveSyncPlaybackRate: 2 };
  const hls = { detachMedia: vi.fn(), attachMedia: vi.fn(), startLoad: vi.fn() };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    element = document.createElement("div");
    element.attachShadow({ mode: "open" }).append(document.createElement("video"));
    video = element.shadowRoot!.querySelector("video")!;
    ready = 0;
    frames = [];
    Object.defineProperties(video, {
      readyState: { get: () => ready },
      seeking: { value: false },
      requestVideoFrameCallback: { value: (callback: () => void) => frames.push(callback) },
    });
    video.play = vi.fn(async () => undefined);
    video.pause = vi.fn();
    [opened, shown, failed] = [0, 0, 0];
    vi.resetAllMocks();
    // happy-dom 21 has no states of readiness.
    vi.stubGlobal("HTMLMediaElement", { HAVE_CURRENT_DATA: 2 });
    config.maxLiveSyncPlaybackRate = 2;
    const player = new HlsPlayer(element);
    playback = new VideoPlayback(
      () => opened++,
      () => player,
      () => shown++,
      () => failed++,
    );
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const load = () => {
    ready = 4;
    element._hlsPolyfillInstance = { ...hls, config, levels: [{ details: { fragments: FRAGMENTS } }] };
  };
  const present = () => frames.splice(0).forEach((callback) => callback());

  it("seeks by the time of the pictures, as soon as it can", () => {
    playback.play(1004, 2);
    expect([opened, playback.time]).toEqual([1, 1004]);
    vi.advanceTimersByTime(100);
    expect(video.play).not.toHaveBeenCalled();
    load();
    vi.advanceTimersByTime(25);
    expect([video.currentTime, video.playbackRate]).toEqual([14, 2]);
    expect(shown).toBe(0);
    present();
    expect(shown).toBe(1);
    video.currentTime = 17;
    expect(playback.time).toBe(1007);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails where a seek ends somewhere else, also after all was loaded anew", () => {
    load();
    Object.defineProperty(video, "currentTime", { get: () => 30, set: () => undefined });
    playback.play(1004, 1);
    expect([shown, failed, frames.length, playback.time]).toEqual([0, 1, 0, 1004]);
    expect(hls.startLoad.mock.calls).toEqual([[14]]);
  });

  it.each([
    [0.6, 0, 1, 0], [2.5, 0, 1, 0], [2.5, 1.9, 1, 0], [2.5, 2.1, 0, 1],
  ])("loads all anew where a seek misses by %f s, then by %f s", (first, then, plays, fails) => {
    load();
    const asked: number[] = [];
    Object.defineProperty(video, "currentTime", { get: () => asked.at(-1)! + (asked.length < 2 ? first : then), set: (time) => asked.push(time) });
    hls.detachMedia.mockImplementation(() => (ready = 0));
    playback.play(1004, 1);
    expect([hls.attachMedia.mock.calls, hls.startLoad.mock.calls, asked]).toEqual([[[video]], [[14]], [14]]);
    expect(playback.time).toBe(1004);
    ready = 4;
    vi.advanceTimersByTime(25);
    present();
    expect([asked, shown, failed]).toEqual([[14, 14], plays, fails]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails where nothing can be loaded anew in time", () => {
    load();
    Object.defineProperty(video, "currentTime", { get: () => 30, set: () => undefined });
    hls.detachMedia.mockImplementation(() => (ready = 0));
    playback.play(1004, 1);
    vi.advanceTimersByTime(11_000);
    expect([shown, failed, vi.getTimerCount()]).toEqual([0, 1, 0]);
  });

  it("takes a seek that misses by little", () => {
    load();
    let asked = 0;
    Object.defineProperty(video, "currentTime", { get: () => asked + 0.4, set: (time) => (asked = time) });
    playback.play(1004, 1);
    present();
    expect([shown, failed, hls.startLoad.mock.calls]).toEqual([1, 0, []]);
  });

  it("keeps the speed, which the player would set", () => {
    load();
    playback.play(1004, 0.25);
    expect(config.maxLiveSyncPlaybackRate).toBe(1);
  });

  it("begins at the speed chosen last", () => {
    playback.play(1004, 1);
    playback.setRate(4);
    load();
    vi.advanceTimersByTime(25);
    expect([video.currentTime, video.playbackRate]).toEqual([14, 4]);
  });

  it("shows only the picture asked for last", () => {
    load();
    playback.play(1004, 1);
    const late = frames.splice(0);
    playback.play(1008, 1);
    late.forEach((callback) => callback());
    expect(shown).toBe(0);
    present();
    expect(shown).toBe(1);
    playback.play(1001, 1);
    playback.stop();
    present();
    expect(shown).toBe(1);
    expect(video.pause).toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives up on a player that shows nothing, or does not tell its times", () => {
    playback.play(1004, 1);
    vi.advanceTimersByTime(9_000);
    expect(failed).toBe(0);
    vi.advanceTimersByTime(2_000);
    expect([failed, vi.getTimerCount()]).toEqual([1, 0]);
    load();
    playback.play(1004, 1);
    vi.advanceTimersByTime(10_000);
    expect([failed, vi.getTimerCount()]).toEqual([2, 0]);
    delete element._hlsPolyfillInstance;
    video.setAttribute("src", "playlist.m3u8");
    playback.play(1004, 1);
    expect([failed, vi.getTimerCount()]).toEqual([3, 0]);
  });
});
