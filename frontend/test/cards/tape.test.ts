// @vitest-environment happy-dom
/** The camera card on the tape. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { all, button, card, done, hass, see, show, text } from "./stage";
import { held } from "../fake-hass";

/** The present of Home Assistant's clock, in UNIX s. */
const NOW = 1_800_000_000;
const WIDTH = 600;
const HOUR = 3600;
const ALL = "/api/retrocam/footage/entry/master.m3u8?authSig=x";

describe("rewinding over the tape", () => {
  beforeEach(() => {
    vi.setSystemTime(NOW * 1000);
    vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:1");
    vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
    vi.spyOn(HTMLElement.prototype, "setPointerCapture").mockReturnValue();
    vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, WIDTH, 6));
    hass.lookback = { enabled: true, seconds: 60, available: 60, size: 31_200_000, reach: 3 * HOUR };
    hass.footage = [[NOW - 3 * HOUR, NOW - 2400, "tape"], [NOW - 1800, NOW - 60, "tape"], [NOW - 60, NOW]];
    hass.now = NOW;
  });

  afterEach(() => {
    card.remove();
    vi.restoreAllMocks();
  });

  const knob = () => all("[data-grip=knob]")[0] as HTMLElement;
  const spoken = () => knob().getAttribute("aria-valuetext")!;
  const ends = () => ["min", "max", "now"].map((name) => Number(knob().getAttribute(`aria-value${name}`)));
  const select = () => all("select.span")[0] as HTMLSelectElement | undefined;
  const options = () => [...(select()?.options ?? [])].map((one) => one.textContent!.trim());
  const picture = () => all("retrocam-footage img")[0];
  const frames = () => hass.fetched.filter((path) => path.includes("/frame?"));
  const asked = (path: string) => Number(new URL(path, "http://ha").searchParams.get("at")) - NOW;
  const exact = () => frames().filter((path) => !path.includes("fast")).map(asked);
  const trouble = () => all(".trouble")[0]?.textContent;
  const pass = async (ms: number) => {
    vi.advanceTimersByTime(ms);
    await done();
  };
  const choose = async (name: string) => {
    select()!.value = [...select()!.options].find((one) => one.textContent!.trim() === name)!.value;
    select()!.dispatchEvent(new Event("change"));
    await done();
  };
  const point = (name: string, share: number, on = all(".bar")[0]!) => {
    const clientX = WIDTH * share;
    on.dispatchEvent(new PointerEvent(name, { clientX, pointerId: 1, button: 0, bubbles: true, composed: true }));
  };
  /** Drags to a share of the bar, from its left end. */
  const dragTo = async (share: number) => {
    point("pointerdown", share);
    await done();
  };
  const letGo = async () => {
    point("pointerup", 0);
    await done();
  };
  const press = async (key: string) => {
    knob().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
    await done();
  };
  const clock = (time: number) =>
    new Intl.DateTimeFormat("en", { hour: "numeric", minute: "2-digit", second: "2-digit" }).format(time * 1000);

  it("offers what there is footage for, and begins with memory", async () => {
    await show("camera");
    expect(options()).toEqual(["60 s", "15 min", "1 hr", "All"]);
    expect(ends()).toEqual([-60, 0, 0]);
    expect(all(".tick")).toEqual([]);
    expect(text()).not.toContain("on tape");
    expect(hass.footageWatchers.size).toBe(0);
    // Nothing is loaded before the first touch.
    await pass(60_000);
    expect(hass.fetched).toEqual([]);
  });

  it("offers nothing for a camera without a tape", async () => {
    hass.lookback = { enabled: true, seconds: 60, available: 60, size: 31_200_000 };
    await show("camera");
    expect(select()).toBeUndefined();
  });

  it("is there while the lookback is off", async () => {
    hass.lookback = { enabled: false, seconds: 60, available: 4, size: 10, reach: 3 * HOUR };
    await show("camera");
    expect(ends()).toEqual([-900, 0, 0]);
    expect(button("Save the last 10 s").disabled).toBe(false);
  });

  it("shows gaps and the clock of a longer span, without a picture yet", async () => {
    await show("camera");
    await choose("1 hr");
    expect(ends()).toEqual([-HOUR, 0, 0]);
    expect(all(".kept").map((one) => (one as HTMLElement).style.left)).toEqual(["0%", "50%"]);
    expect(all(".tick").length).toBeGreaterThan(1);
    expect(all(".info")[0]!.textContent).toContain("3 hours on tape");
    expect(hass.fetched).toEqual([]);
    see(false);
    await done();
    expect(hass.footageWatchers.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    see(true);
    await done();
    expect(all(".kept")).toHaveLength(2);
  });

  it("shows the moment under the pointer, with the day where it is another", async () => {
    await show("camera");
    await choose("1 hr");
    await dragTo(0.25);
    await pass(150);
    expect(exact()).toEqual([-2700]);
    expect(spoken()).toBe(`45 minutes ago, ${clock(NOW - 2700)}`);
    // In the gap, what is next to it.
    await letGo();
    await dragTo(0.34);
    await pass(150);
    expect(exact().at(-1)).toBeCloseTo(-2400);
    await letGo();
    button("Live").click();
    await done();
    hass.footage = [[NOW - 60 * HOUR, NOW - 60, "tape"], [NOW - 60, NOW]];
    hass.footageWatchers.forEach((callback) => callback(held(hass)));
    await done();
    await choose("All");
    await dragTo(0);
    expect(spoken()).toMatch(/^2 days ago, \w{3}, .+, \d+:\d{2}:\d{2}/);
    expect(all(".pill")[0]!.textContent).toMatch(/−2 days\s*\w{3}, /);
  });

  it("gets longer and shorter by the wheel with Ctrl, and leaves all else to the page", async () => {
    await show("camera");
    const turn = async (deltaY: number, options: WheelEventInit = { ctrlKey: true }) => {
      const event = new WheelEvent("wheel", { deltaY, bubbles: true, composed: true, cancelable: true, ...options });
      // happy-dom leaves out what is of MouseEvent.
      if (event.ctrlKey !== !!options.ctrlKey) Object.defineProperty(event, "ctrlKey", { value: options.ctrlKey });
      all(".bar")[0]!.dispatchEvent(event);
      await done();
      return event.defaultPrevented;
    };
    // Without Ctrl the page scrolls.
    expect(await turn(120, {})).toBe(false);
    expect(ends()[0]).toBe(-60);
    // Nothing is shorter than memory.
    expect(await turn(-120)).toBe(false);
    expect(await turn(120)).toBe(true);
    expect(ends()[0]).toBe(-900);
    // Fingers on a touchpad turn it bit by bit.
    for (let moved = 0; moved < 40; moved += 10) expect(await turn(10)).toBe(true);
    expect(ends()[0]).toBe(-900);
    expect(await turn(10)).toBe(true);
    expect(ends()[0]).toBe(-HOUR);
    expect(await turn(3, { ctrlKey: true, deltaMode: 1 })).toBe(true);
    expect(ends()[0]).toBe(-3 * HOUR);
    // There is no longer one.
    expect(await turn(120)).toBe(false);
    expect(await turn(-40)).toBe(true);
    expect(await turn(5)).toBe(false);
    expect(await turn(-40)).toBe(true);
    expect(ends()[0]).toBe(-3 * HOUR);
    expect(await turn(-20)).toBe(true);
    expect(ends()[0]).toBe(-HOUR);
    // What lies under a pointer stays.
    await dragTo(0.5);
    expect(await turn(-120)).toBe(false);
    expect(ends()[0]).toBe(-HOUR);
  });

  it("moves by keys in steps of the span, to its ends, and chooses another", async () => {
    await show("camera");
    await press("-");
    expect(ends()[0]).toBe(-900);
    await press("-");
    await press("ArrowLeft");
    expect(ends()[2]).toBe(-30);
    await press("PageDown");
    expect(ends()[2]).toBe(-180);
    await press("Home");
    expect(ends()[2]).toBe(-HOUR);
    await press("+");
    // Around the moment shown.
    expect(ends()).toEqual([-HOUR - 450, -HOUR + 450, -HOUR]);
    expect(all(".kept")).toHaveLength(1);
    await press("End");
    expect(spoken()).toBe("Live");
    expect(ends()).toEqual([-900, 0, 0]);
  });

  it("marks a part on a bar on which it can be seen, and saves exactly that", async () => {
    await show("camera");
    await choose("All");
    await dragTo(0.5);
    await letGo();
    button("Pause").click();
    button("Mark a part").click();
    await done();
    expect(ends()[1]! - ends()[0]!).toBe(60);
    const part = [-5400 - 5, -5400 + 5];
    const end = all("[data-grip=end]")[0]!;
    end.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, composed: true }));
    await done();
    button("Save 11 s").click();
    await done();
    const data = hass.callService.mock.calls[0]![2] as { start: string; end: string };
    expect(Date.parse(data.start) / 1000 - NOW).toBeCloseTo(part[0]!);
    expect(Date.parse(data.end) / 1000 - NOW).toBeCloseTo(part[1]! + 1);
  });

  it("says what cannot be seen, and goes on", async () => {
    await show("camera");
    await choose("1 hr");
    const { fetchWithAuth } = hass;
    hass.fetchWithAuth = async () => ({ ok: false, status: 404 }) as Response;
    await dragTo(0.1);
    await pass(150);
    expect(trouble()).toBe("Nothing is kept of this moment");
    // A drive that does not answer.
    hass.fetchWithAuth = (_path, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    await letGo();
    button("Pause").click();
    await done();
    expect(trouble()).toBeUndefined();
    await pass(6150);
    expect(trouble()).toContain("does not answer");
    hass.fetchWithAuth = async () => Promise.reject(new Error("no connection"));
    await press("ArrowRight");
    await pass(150);
    expect(trouble()).toContain("cannot be loaded");
    hass.fetchWithAuth = fetchWithAuth;
    await press("ArrowRight");
    await pass(150);
    expect(trouble()).toBeUndefined();
    expect(picture()).toBeDefined();
    button("Live").click();
    await done();
    expect(spoken()).toBe("Live");
  });

  describe("in Home Assistant's player", () => {
    class Player extends HTMLElement {
      url = "";
      readonly video = document.createElement("video");
      constructor() {
        super();
        Object.defineProperties(this.video, {
          readyState: { value: 4 },
          seeking: { value: false },
          requestVideoFrameCallback: { value: (callback: () => void) => setTimeout(callback) },
        });
        this.video.play = async () => undefined;
        this.attachShadow({ mode: "open" }).append(this.video);
      }
      get _hlsPolyfillInstance() {
        const start = Number(/start=([\d.]+)/.exec(this.url)?.[1] ?? NOW - 60);
        return {
          config: { maxLiveSyncPlaybackRate: 2 },
          liveSyncPosition: 1e6,
          levels: [{ details: { fragments: [{ start: 0, programDateTime: start * 1000 }] } }],
        };
      }
    }
    const player = () => all("ha-hls-player")[0] as Player;
    const times = () => ["start", "end"].map((name) => {
      const value = new URL(player().url, "http://ha").searchParams.get(name);
      return value === null ? undefined : Number(value) - NOW;
    });

    beforeEach(() => {
      vi.stubGlobal("MediaSource", { isTypeSupported: () => true });
      vi.stubGlobal("fetch", async () => ({ ok: true, text: async () => 'CODECS="avc1.64001f"' }));
      if (!customElements.get("ha-hls-player")) customElements.define("ha-hls-player", Player);
    });

    /** Plays from a share of the bar of an hour. */
    const play = async (share: number) => {
      await show("camera", { live: "mjpeg" });
      await choose("1 hr");
      await dragTo(share);
      await letGo();
      await pass(25);
      await pass(25);
    };

    it("plays a part of the tape, goes on with the next over a gap, and into the present", async () => {
      await play(0.2);
      expect(times()).toEqual([-2880 - 300, -2880 + 1500]);
      expect(player().video.currentTime).toBeCloseTo(300);
      expect(picture()).toBeUndefined();
      // To the end of the part.
      player().video.currentTime = 1800.1;
      await pass(250);
      await pass(25);
      await pass(25);
      expect(times()[0]).toBeCloseTo(-1380 - 300, -1);
      expect(times()[1]).toBeCloseTo(-20, 0);
      player().video.currentTime = 1665;
      await pass(250);
      await pass(25);
      await pass(25);
      expect(player().url).toBe(ALL);
      expect(spoken()).not.toBe("Live");
      // Back out of memory.
      const before = player();
      await press("PageDown");
      await pass(25);
      await pass(25);
      expect(times()[0]).toBeDefined();
      expect(player()).not.toBe(before);
      button("Live").click();
      await done();
      expect(player()).toBeUndefined();
    });

    it("plays what is near to the present from a playlist that runs on", async () => {
      await play(0.9);
      expect(times()).toEqual([-390, undefined]);
      const { url } = player();
      await press("ArrowRight");
      await pass(25);
      expect(player().url).toBe(url);
      expect(player().video.currentTime).toBeCloseTo(60, 0);
    });

    it("says that a video stands still, until it goes on", async () => {
      await play(0.2);
      await pass(6500);
      await pass(250);
      expect(trouble()).toContain("does not answer");
      player().video.currentTime += 1;
      await pass(250);
      expect(trouble()).toBeUndefined();
    });

    it("pauses at the last moment of a camera that has gone", async () => {
      hass.footage = [[NOW - 3 * HOUR, NOW - HOUR - 600, "tape"]];
      await play(0);
      await choose("All");
      await dragTo(0.6);
      await letGo();
      await pass(25);
      await pass(25);
      player().video.currentTime = 1e5;
      Object.defineProperty(player().video, "ended", { value: true });
      await pass(250);
      await pass(250);
      expect(button("Play")).toBeDefined();
    });
  });
});
