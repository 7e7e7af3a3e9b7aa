// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { all, become, button, card, done, hass, see, show, sockets, text } from "./stage";
import { held, withState } from "../fake-hass";

/** The present of Home Assistant's clock, in UNIX s; the browser's differs. */
const NOW = 1_800_000_000;
const WIDTH = 600;

describe("rewinding", () => {
  let urls: Set<string>;

  beforeEach(() => {
    urls = new Set();
    let made = 0;
    vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
      urls.add(`blob:${++made}`);
      return `blob:${made}`;
    });
    vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void urls.delete(url));
    vi.spyOn(HTMLElement.prototype, "setPointerCapture").mockReturnValue();
    vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, WIDTH, 6));
    hass.footage = [[NOW - 60, NOW]];
  });

  afterEach(() => {
    card.remove();
    vi.restoreAllMocks();
  });

  const bar = () => all(".bar")[0] as HTMLElement;
  const knob = () => all("[data-grip=knob]")[0] as HTMLElement;
  const picture = () => all("retrocam-footage img")[0] as HTMLImageElement | undefined;
  const frames = () => hass.fetched.filter((path) => path.includes("/frame?"));
  const asked = (path: string) => Number(new URL(path, "http://ha").searchParams.get("at")) - NOW;
  const exact = () => frames().filter((path) => !path.includes("fast")).map(asked);
  const pill = () => all(".pill")[0]?.textContent?.replace(/\s+/g, " ").trim() ?? "";
  const pass = async (ms: number) => {
    vi.advanceTimersByTime(ms);
    await done();
  };
  /** Lets time pass frame by frame, each of which is asked for and shown. */
  const play = async (frames: number) => {
    for (let i = 0; i < frames; i++) {
      const count = exact().length;
      vi.advanceTimersByTime(125);
      await done();
      expect(exact().length).toBe(count + 1);
    }
    await done();
  };
  const point = (name: string, ago: number, on: HTMLElement = bar()) => {
    const clientX = WIDTH * (1 - ago / 60);
    on.dispatchEvent(new PointerEvent(name, { clientX, pointerId: 1, button: 0, bubbles: true, composed: true }));
  };
  const dragTo = async (...agos: number[]) => {
    point("pointerdown", agos[0]!);
    for (const ago of agos) point("pointermove", ago);
    await done();
  };
  const letGo = async () => {
    point("pointerup", 0);
    await done();
  };
  const press = async (key: string, on: HTMLElement = knob()) => {
    on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
    await done();
  };

  it("loads nothing before the first touch, and nothing of another camera", async () => {
    await show("camera");
    await pass(60_000);
    expect(hass.fetched).toEqual([]);
    const other = { ...hass.entities["camera.garden"]!, platform: "other" };
    become({ ...hass, entities: { ...hass.entities, "camera.garden": other } });
    await done();
    expect(all(".bar")).toEqual([]);
  });

  it("shows pictures of the time under the pointer, and then the very frame", async () => {
    await show("camera");
    await dragTo(2, 8);
    expect(picture()!.getAttribute("src")).toMatch(/^blob:/);
    expect(pill()).toBe(`−8 s${clock(NOW - 8)}`);
    expect(exact()).toEqual([]);
    await pass(150);
    expect(exact()).toEqual([-8]);
    expect(knob().getAttribute("aria-valuetext")).toBe(`8 seconds ago, ${clock(NOW - 8)}`);
    // What comes in later does not replace it.
    const sharp = picture()!.src;
    await pass(50);
    expect(picture()!.src).toBe(sharp);
  });

  it("keeps what lies under a pointer at rest, while time goes on", async () => {
    await show("camera");
    await dragTo(20);
    await pass(3000);
    hass.footage = [[NOW - 57, NOW + 3]];
    hass.footageWatchers.forEach((callback) => callback(held(hass)));
    await pass(1000);
    await dragTo(20);
    expect(pill()).toContain(clock(NOW - 20));
  });

  it("plays on when let go, one frame after the other", async () => {
    await show("camera");
    await dragTo(8);
    await letGo();
    await play(8);
    const played = exact();
    expect(played[0]).toBe(-8);
    expect(played.at(-1)! - played[0]!).toBeCloseTo(1);
    expect(button("Pause")).toBeDefined();
    button("Live").click();
    await done();
    expect(picture()).toBeUndefined();
    expect((knob().getRootNode() as ShadowRoot).activeElement).toBe(knob());
    const count = hass.fetched.length;
    await pass(10_000);
    expect(hass.fetched.length).toBe(count);
    expect(urls.size).toBe(0);
  });

  describe("with what the lookback tells", () => {
    const told = (...spans: [number, number][]) => ({ ...hass.lookback, ...held({ ...hass, footage: spans }) });
    const report = async (...spans: [number, number][]) => {
      hass.footage = spans;
      hass.footageWatchers.forEach((callback) => callback(held(hass)));
      await done();
    };

    beforeEach(() => {
      hass.quick = false;
      hass.lookback = told([NOW - 60, NOW]);
    });

    it("shows the first picture without asking what is held", async () => {
      await show("camera");
      expect(hass.footageWatchers.size).toBe(0);
      point("pointerdown", 20);
      await done();
      expect(frames().map(asked)).toEqual([-20]);
      expect(picture()!.getAttribute("src")).toMatch(/^blob:/);
      expect(pill()).toBe(`−20 s${clock(NOW - 20)}`);
      expect(hass.footageWatchers.size).toBe(1);
      await report([NOW - 60, NOW]);
      // The strip, and nothing anew.
      expect(frames().length).toBeGreaterThan(2);
      expect(frames().map(asked).filter((ago) => ago === -20)).toHaveLength(1);
    });

    it("goes to what was not told yet as soon as it is known", async () => {
      await show("camera");
      await pass(5000);
      point("pointerdown", 3);
      await done();
      expect(frames().map(asked)).toEqual([expect.closeTo(-0.001)]);
      expect(pill()).toContain("−5 s");
      await report([NOW - 55, NOW + 5]);
      expect(frames().map(asked)[1]).toBe(2);
      expect(pill()).toBe(`−3 s${clock(NOW + 2)}`);
    });

    it("asks as long as nothing was told lately", async () => {
      await show("camera");
      await pass(8000);
      point("pointerdown", 20);
      await done();
      expect(frames()).toEqual([]);
      expect(picture()).toBeUndefined();
      await report([NOW - 52, NOW + 8]);
      expect(frames().map(asked)[0]).toBe(-12);
    });
  });

  it("shows at once what it has shown shortly before, and forgets it when hidden", async () => {
    await show("camera");
    await dragTo(20);
    button("Live").click();
    await done();
    expect(picture()).toBeUndefined();
    const count = hass.fetched.length;
    await pass(9000);
    expect(hass.fetched.length).toBe(count);
    hass.fetchWithAuth = () => new Promise(() => undefined);
    await dragTo(30);
    expect(picture()!.getAttribute("src")).toMatch(/^blob:/);
    button("Live").click();
    await done();
    expect(urls.size).toBeGreaterThan(1);
    see(false);
    await done();
    expect(urls.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("returns to live when let go at the right end", async () => {
    await show("camera");
    await dragTo(20, 1);
    await letGo();
    expect(pill()).toBe("");
    expect(knob().getAttribute("aria-valuetext")).toBe("Live");
  });

  it("plays four times as fast, and into live", async () => {
    await show("camera");
    await dragTo(8);
    await letGo();
    const select = all("select")[0] as HTMLSelectElement;
    select.value = "4";
    select.dispatchEvent(new Event("change"));
    await done();
    const from = exact().at(-1)!;
    await play(8);
    expect(exact().at(-1)! - from).toBeCloseTo(4);
    for (let i = 0; i < 8; i++) await pass(500);
    expect(pill()).toBe("");
  });

  it("skips a gap", async () => {
    hass.footage = [[NOW - 60, NOW - 40], [NOW - 30, NOW]];
    await show("camera");
    await dragTo(41);
    await letGo();
    await play(16);
    expect(exact().every((ago) => ago < -40 || ago >= -30)).toBe(true);
    expect(exact().at(-1)!).toBeGreaterThanOrEqual(-30);
    expect(all(".kept")).toHaveLength(2);
  });

  it("steps over a gap, forward and back", async () => {
    hass.footage = [[NOW - 60, NOW - 40], [NOW - 30, NOW]];
    await show("camera");
    await dragTo(40.02);
    await letGo();
    button("Pause").click();
    await done();
    const ago = () => Number(pill() && knob().getAttribute("aria-valuenow"));
    expect(ago()).toBe(-40);
    button("Next frame").click();
    await done();
    expect(ago()).toBe(-30);
    button("Next frame").click();
    await done();
    expect(ago()).toBe(-30);
    for (let i = 0; i < 2; i++) {
      button("Previous frame").click();
      await done();
    }
    expect(ago()).toBe(-40);
  });

  it("steps by the frame, and jumps by five seconds", async () => {
    await show("camera");
    await press("ArrowLeft");
    await press("PageDown");
    await press("PageDown");
    await pass(150);
    expect(exact().at(-1)).toBeCloseTo(-12);
    button("Previous frame").click();
    await done();
    const shown = () => Number(pill() && knob().getAttribute("aria-valuenow"));
    expect(exact().at(-1)).toBeCloseTo(-12.001);
    button("Next frame").click();
    await done();
    // From -12.04 to -12: the first guess is still the same frame.
    expect(exact().slice(-2)[0]).toBeCloseTo(-12.02);
    expect(exact().at(-1)).toBeCloseTo(-11.995);
    expect(shown()).toBe(-12);
    await press("l");
    expect(shown()).toBe(-7);
    await press("Home");
    expect(shown()).toBe(-59);
    await press("End");
    expect(knob().getAttribute("aria-valuetext")).toBe("Live");
  });

  it.each([0, 0.0002, 0.0004, 0.00045, 0.00055, 0.0006, 0.0008, 0.00095])(
    "steps back from a frame whose time is told in whole milliseconds, %f s off",
    async (off) => {
      // As Home Assistant answers: a frame counts from a little before its time.
      const told: number[] = [];
      hass.fetchWithAuth = async (path) => {
        const at = Number(new URL(path, "http://ha").searchParams.get("at"));
        const time = (NOW + Math.floor((at + 0.0006 - NOW - off) / 0.04) * 0.04 + off).toFixed(3);
        if (!path.includes("fast")) told.push(Number(time));
        const headers = new Headers({ "X-Retrocam-Time": time });
        return { ok: true, status: 200, headers, blob: async () => new Blob(["x"]) } as Response;
      };
      await show("camera");
      await dragTo(20);
      await pass(150);
      for (const name of ["Next frame", "Previous frame", "Previous frame"]) {
        button(name).click();
        await done();
      }
      const [next, first, second] = told.slice(-3).map((time) => time - NOW);
      expect(next! - first!).toBeCloseTo(0.04, 2);
      expect(first! - second!).toBeCloseTo(0.04, 2);
    },
  );

  it("plays and pauses with the space bar, and marks with i and o", async () => {
    await show("camera");
    await press("j");
    await press(" ");
    expect(button("Pause")).toBeDefined();
    await press(" ");
    expect(button("Play")).toBeDefined();
    await press("j");
    await press("i");
    await press("l");
    await press("o");
    expect(button("Save 5 s")).toBeDefined();
    await press("Escape");
    expect(button("Save the last 10 s")).toBeDefined();
  });

  it("saves exactly the marked part, and says if it starts early", async () => {
    await show("camera");
    await dragTo(30);
    await letGo();
    button("Pause").click();
    button("Mark a part").click();
    await done();
    expect(button("Save 10 s")).toBeDefined();
    point("pointerdown", 25, all("[data-grip=end]")[0] as HTMLElement);
    point("pointermove", 23);
    point("pointerup", 23);
    await done();
    await pass(150);
    expect(exact().at(-1)).toBeCloseTo(-23);
    const start = new Date((NOW - 35.8) * 1000).toISOString();
    hass.callService.mockResolvedValue({ response: { "camera.garden": { url: "/c.mp4", start, duration: 12.8 } } });
    button("Save 12 s").click();
    await done();
    const data = hass.callService.mock.calls[0]![2] as { start: string; end: string };
    expect(Date.parse(data.start) / 1000 - NOW).toBeCloseTo(-35);
    expect(Date.parse(data.end) / 1000 - NOW).toBeCloseTo(-23);
    expect(text()).toContain("Saved 13 s; it starts 0.8 s early, at a keyframe");
  });

  it("takes a snapshot of the frame that is seen", async () => {
    await show("camera");
    await dragTo(8);
    await pass(150);
    button("Take snapshot").click();
    await done();
    const data = hass.callService.mock.calls[0]![2] as { at: string };
    expect(Date.parse(data.at) / 1000 - NOW).toBeCloseTo(-8);
  });

  it("shows the past as ASCII, and live again from the server", async () => {
    await show("camera");
    button("Show as ASCII").click();
    await done();
    expect(sockets.size).toBe(1);
    const screen = () => all("retrocam-screen")[0] as Element & { picture?: () => Element | undefined };
    expect(screen().picture).toBeUndefined();
    await dragTo(2, 8);
    // What runs in the page is enough.
    expect(sockets.size).toBe(0);
    expect(screen().picture!()).toBe(picture());
    button("Show as ASCII").click();
    await done();
    expect(all("retrocam-screen")).toEqual([]);
    expect(picture()).toBeDefined();
    button("Show as ASCII").click();
    button("Live").click();
    await done();
    expect(sockets.size).toBe(1);
  });

  it("has its bar in full screen as well", async () => {
    Object.defineProperty(Element.prototype, "requestFullscreen", { value: undefined, configurable: true });
    await show("camera");
    button("Full screen").click();
    await done();
    expect(all(".stage .caption retrocam-rewind")).toHaveLength(1);
    await dragTo(20);
    expect(pill()).toContain("−20 s");
    button("Leave full screen").click();
    await done();
    expect(all(".controls retrocam-rewind")).toHaveLength(1);
    expect(all(".bar")).toHaveLength(1);
  });

  it("stops everything while hidden, and shows the same moment again", async () => {
    await show("camera");
    await dragTo(20);
    await letGo();
    see(false);
    await done();
    expect(vi.getTimerCount()).toBe(0);
    expect(urls.size).toBe(0);
    const count = hass.fetched.length;
    await pass(5000);
    expect(hass.fetched.length).toBe(count);
    expect(hass.footageWatchers.size).toBe(0);
    see(true);
    await done();
    await pass(150);
    expect(exact().at(-1)).toBeCloseTo(-20, 0);
    expect(button("Play")).toBeDefined();
    card.remove();
    expect(vi.getTimerCount()).toBe(0);
    expect(urls.size).toBe(0);
  });

  describe("in Home Assistant's player", () => {
    const player = () => all("ha-hls-player")[0] as (HTMLElement & { url: string; muted: boolean }) | undefined;
    const frames: (() => void)[] = [];
    let codecs: string;

    beforeEach(() => {
      frames.length = 0;
      codecs = "avc1.64001f,mp4a.40.2";
      vi.stubGlobal("MediaSource", { isTypeSupported: (type: string) => type.includes("avc1") });
      vi.stubGlobal("fetch", async (url: string) => {
        hass.fetched.push(url);
        return { ok: true, text: async () => `#EXT-X-STREAM-INF:CODECS="${codecs}"\nplaylist.m3u8` };
      });
      if (customElements.get("ha-hls-player")) return;
      class Player extends HTMLElement {
        _hlsPolyfillInstance = {
          config: { maxLiveSyncPlaybackRate: 2 },
          levels: [{ details: { fragments: [{ start: 0, programDateTime: (NOW - 60) * 1000 }] } }],
        };
        constructor() {
          super();
          const video = document.createElement("video");
          Object.defineProperties(video, {
            readyState: { value: 4 },
            seeking: { value: false },
            requestVideoFrameCallback: { value: (callback: () => void) => frames.push(callback) },
          });
          video.play = async () => undefined;
          this.attachShadow({ mode: "open" }).append(video);
        }
      }
      customElements.define("ha-hls-player", Player);
    });

    const play = async () => {
      await show("camera");
      await dragTo(8);
      await letGo();
      await pass(25);
    };

    it("plays from a signed playlist, under the still until the video is there", async () => {
      await play();
      expect(player()!.url).toBe("/api/retrocam/footage/entry/master.m3u8?authSig=x");
      const video = player()!.shadowRoot!.querySelector("video")!;
      expect(video.currentTime).toBeCloseTo(52);
      expect(picture()).toBeDefined();
      frames.forEach((callback) => callback());
      await done();
      expect(picture()).toBeUndefined();
      expect(exact()).toEqual([]);
      // Paused, it shows the exact frame of its moment, which the video may not have reached; a step shows the next.
      button("Pause").click();
      await done();
      expect(exact()).toEqual([expect.closeTo(-8)]);
      expect(picture()).toBeDefined();
      await pass(500);
      expect(exact()).toHaveLength(1);
      button("Next frame").click();
      await done();
      expect(exact().at(-1)!).toBeGreaterThan(-8);
      expect(picture()).toBeDefined();
      see(false);
      await done();
      expect(player()).toBeUndefined();
      expect(vi.getTimerCount()).toBe(0);
    });

    it("plays on at another speed without a seek", async () => {
      await play();
      const video = player()!.shadowRoot!.querySelector("video")!;
      let seeks = 0;
      Object.defineProperty(video, "currentTime", { get: () => 53, set: () => seeks++ });
      const choose = async (rate: string) => {
        const select = all("select")[0] as HTMLSelectElement;
        select.value = rate;
        select.dispatchEvent(new Event("change"));
        await done();
      };
      // Before its first picture is there as well.
      await choose("2");
      expect(video.playbackRate).toBe(2);
      frames.forEach((callback) => callback());
      await choose("0.25");
      expect(video.playbackRate).toBe(0.25);
      expect([seeks, picture()]).toEqual([0, undefined]);
    });

    it("shows single frames of what the browser cannot play", async () => {
      codecs = "hvc1.1.6.L93.B0";
      await play();
      await pass(125);
      await pass(125);
      expect(player()).toBeUndefined();
      expect(exact().length).toBeGreaterThan(1);
    });

    it("shows single frames once the player fails", async () => {
      await play();
      player()!.dispatchEvent(new CustomEvent("streams", { detail: { hasVideo: false } }));
      await pass(125);
      await pass(125);
      expect(player()).toBeUndefined();
      expect(exact().length).toBeGreaterThan(1);
      expect(button("Pause")).toBeDefined();
    });
  });

  it("keeps what is held of a camera that goes", async () => {
    await show("camera");
    await dragTo(20);
    await letGo();
    become(withState(hass, "camera.garden", "unavailable"));
    await pass(200);
    await pass(200);
    expect(picture()).toBeDefined();
    expect(pill()).toContain("−20 s");
  });
});

function clock(time: number): string {
  const format = { hour: "numeric", minute: "2-digit", second: "2-digit" } as const;
  return new Intl.DateTimeFormat("en", format).format(time * 1000);
}
