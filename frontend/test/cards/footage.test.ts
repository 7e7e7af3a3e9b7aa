// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { all, become, button, card, done, hass, see, show } from "./stage";
import { held, withState } from "../fake-hass";

/** The present of Home Assistant's clock, in UNIX s. */
const NOW = 1_800_000_000;
const WIDTH = 600;
const ALL = "/api/retrocam/footage/entry/master.m3u8?authSig=x";
const LIVE = `${ALL}&live=1`;
/** Where the present is on the time line of a video. */
const EDGE = 58;

class HlsPlayer extends HTMLElement {
  url = "";
  muted = false;
  entityid?: string;
  _hlsPolyfillInstance = {
    config: { maxLiveSyncPlaybackRate: 2 },
    liveSyncPosition: EDGE,
    levels: [{ details: { fragments: [{ start: 0, programDateTime: (NOW - 60) * 1000 }] } }],
  };
  readonly video = document.createElement("video");
  constructor() {
    super();
    let paused = true;
    Object.defineProperties(this.video, {
      readyState: { value: 4 },
      seeking: { value: false },
      paused: { get: () => paused },
      requestVideoFrameCallback: { value: (callback: () => void) => setTimeout(callback) },
    });
    this.video.play = async () => void (paused = false);
    this.video.pause = () => void (paused = true);
    this.attachShadow({ mode: "open" }).append(this.video);
  }
  /** Tells what Home Assistant's player tells once it plays. */
  begin(hasAudio = false): void {
    void this.video.play();
    this.dispatchEvent(new CustomEvent("streams", { detail: { hasAudio, hasVideo: true } }));
    this.dispatchEvent(new CustomEvent("load"));
  }
}

describe("live pictures from footage", () => {
  const players = () => all("ha-hls-player") as HlsPlayer[];
  const own = () => all("ha-camera-stream");
  const player = () => players()[0]!;
  const bar = () => all(".bar")[0] as HTMLElement;
  const urls = () => hass.callWS.mock.calls.filter(([{ type }]) => type === "retrocam/urls").length;
  const pass = async (ms: number) => {
    vi.advanceTimersByTime(ms);
    await done();
  };
  const drag = async (ago: number) => {
    for (const name of ["pointerdown", "pointermove"]) {
      const clientX = WIDTH * (1 - ago / 60);
      bar().dispatchEvent(new PointerEvent(name, { clientX, pointerId: 1, button: 0, bubbles: true, composed: true }));
    }
    await done();
  };
  const letGo = async () => {
    bar().dispatchEvent(new PointerEvent("pointerup", { pointerId: 1, bubbles: true }));
    await done();
    await pass(25);
    await pass(25);
  };
  const goLive = async () => {
    button("Live").click();
    await done();
  };
  /** The camera is in its state since another time. */
  const restart = async (last_changed: string) => {
    const state = { ...hass.states["camera.garden"]!, last_changed };
    become({ ...hass, states: { ...hass.states, "camera.garden": state } });
    await done();
  };

  beforeEach(() => {
    vi.spyOn(HTMLElement.prototype, "setPointerCapture").mockReturnValue();
    vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, WIDTH, 6));
    let made = 0;
    vi.spyOn(URL, "createObjectURL").mockImplementation(() => `blob:${++made}`);
    vi.stubGlobal("MediaSource", { isTypeSupported: (type: string) => type.includes("avc1") });
    vi.stubGlobal("fetch", async () => ({ ok: true, text: async () => '#EXT-X-STREAM-INF:CODECS="avc1.64001f"\n' }));
    if (!customElements.get("ha-hls-player")) customElements.define("ha-hls-player", HlsPlayer);
    if (!customElements.get("ha-camera-stream")) {
      customElements.define("ha-camera-stream", class extends HTMLElement {});
    }
    hass.footage = [[NOW - 60, NOW]];
    hass.live = LIVE;
    localStorage.clear();
    Object.assign(hass.states["camera.garden"]!, { last_changed: "2026-01-01T00:00:00Z" });
    hass.states["camera.garden"]!.attributes["supported_features"] = 2;
  });

  afterEach(() => {
    card.remove();
    expect(vi.getTimerCount()).toBe(0);
    vi.restoreAllMocks();
  });

  it.each(["auto", "hls"])("begin at once, with sound, where %s is wanted", async (live) => {
    await show("camera", { live });
    expect(players().map(({ url }) => url)).toEqual([LIVE]);
    expect(own()).toEqual([]);
    player().begin(true);
    await done();
    expect(player().muted).toBe(true);
    button("Unmute").click();
    await done();
    expect(player().muted).toBe(false);
    expect(player().video.muted).toBe(false);
  });

  it.each(["mjpeg", "still"])("are not asked for where %s is wanted", async (live) => {
    await show("camera", { live });
    expect(players()).toEqual([]);
    expect(urls()).toBe(0);
    expect(all("img:not(.poster)")).toHaveLength(1);
  });

  it("are Home Assistant's while the footage does not reach the present, and until the next start", async () => {
    hass.live = null;
    await show("camera");
    expect([players().length, own().length]).toEqual([0, 1]);
    hass.live = LIVE;
    await pass(10_000);
    expect([players().length, own().length]).toEqual([0, 1]);
    see(false);
    await done();
    see(true);
    await done();
    expect([players().length, own().length]).toEqual([1, 0]);
  });

  describe("of a lookback that was cold", () => {
    /** The lookback tells that it holds something, as it does every 5 s. */
    const told = async () => {
      const event = { ...hass.lookback, ...held(hass) };
      hass.lookbackWatchers.forEach((callback) => callback(event));
      await done();
    };
    const shown = () => [players().map(({ url }) => url), own().length];

    beforeEach(async () => {
      hass.live = null;
      await show("camera");
      expect(shown()).toEqual([[], 1]);
    });

    it("take over from Home Assistant's player once they have a picture", async () => {
      await told();
      expect([shown(), urls()]).toEqual([[[], 1], 2]);
      const before = own()[0];
      hass.live = LIVE;
      await told();
      // Both are there until the new one shows a frame; one of them is heard.
      expect(shown()).toEqual([[LIVE], 1]);
      await told();
      player().begin(true);
      await done();
      expect([shown(), own()[0]]).toEqual([[[LIVE], 1], before]);
      button("Unmute").click();
      await done();
      expect([player().muted, (before as unknown as { muted: boolean }).muted]).toEqual([true, false]);
      await pass(0);
      expect(shown()).toEqual([[LIVE], 0]);
      expect(player().muted).toBe(false);
      expect(urls()).toBe(3);
    });

    it("wait while somebody looks back", async () => {
      await drag(30);
      hass.live = LIVE;
      const count = urls();
      await told();
      expect(urls()).toBe(count);
    });

    it("are not tried again when they fail", async () => {
      hass.live = LIVE;
      await told();
      await pass(10_000);
      expect(shown()).toEqual([[], 1]);
      await told();
      expect([shown(), urls()]).toEqual([[[], 1], 2]);
    });
  });

  it.each([
    ["what this browser cannot play", () => vi.stubGlobal("MediaSource", { isTypeSupported: () => false })],
    ["a refusal", () => hass.callWS.mockRejectedValue({ code: "not_found" })],
  ])("are Home Assistant's after %s", async (_, spoil) => {
    spoil();
    await show("camera");
    expect([players().length, own().length]).toEqual([0, 1]);
  });

  it("are Home Assistant's once the player fails, or shows nothing", async () => {
    await show("camera");
    player().dispatchEvent(new CustomEvent("streams", { detail: { hasAudio: false, hasVideo: false } }));
    await done();
    expect([players().length, own().length]).toEqual([0, 1]);
    see(false);
    await done();
    see(true);
    await done();
    await pass(9000);
    expect([players().length, own().length]).toEqual([1, 0]);
    await pass(2000);
    expect([players().length, own().length]).toEqual([0, 1]);
  });

  it("rewind in the same place: one player, which returns to the present", async () => {
    await show("camera");
    player().begin();
    await done();
    await drag(8);
    expect(players().map(({ url, video }) => [url, video.paused])).toEqual([[LIVE, true]]);
    await letGo();
    expect(players().map(({ url }) => url)).toEqual([ALL]);
    const { video, _hlsPolyfillInstance } = player();
    expect(video.currentTime).toBeCloseTo(52);
    expect(_hlsPolyfillInstance.config.maxLiveSyncPlaybackRate).toBe(1);
    await goLive();
    expect(players().map((one) => one.video)).toEqual([video]);
    expect([video.currentTime, video.playbackRate, video.paused]).toEqual([EDGE, 1, false]);
    expect(_hlsPolyfillInstance.config.maxLiveSyncPlaybackRate).toBe(2);
    expect(own()).toEqual([]);
    // It is still there for the next look back.
    await drag(20);
    await letGo();
    expect(players().map((one) => one.video)).toEqual([video]);
    expect(video.currentTime).toBeCloseTo(40);
  });

  it("show the moment of a tap on the bar, also in the player that showed the present", async () => {
    await show("camera");
    player().begin();
    await done();
    await drag(8);
    await letGo();
    await goLive();
    const { video } = player();
    const clientX = WIDTH * (1 - 20 / 60);
    // What is held comes after the finger has left.
    hass.footage = [];
    for (const name of ["pointerdown", "pointerup"]) {
      bar().dispatchEvent(new PointerEvent(name, { clientX, pointerId: 1, button: 0, bubbles: true, composed: true }));
    }
    await done();
    hass.footage = [[NOW - 60, NOW]];
    hass.footageWatchers.forEach((callback) => callback(held(hass)));
    await pass(25);
    await pass(25);
    expect(players().map((one) => one.video)).toEqual([video]);
    expect(video.currentTime).toBeCloseTo(40);
  });

  it("go on where they were, if nothing of the past was played", async () => {
    await show("camera");
    player().begin();
    const { video } = player();
    await drag(8);
    expect(video.paused).toBe(true);
    await goLive();
    expect(players().map((one) => one.video)).toEqual([video]);
    expect([video.currentTime, video.paused]).toEqual([EDGE, false]);
  });

  it("leave no reader of Home Assistant's below the past, and begin from footage then", async () => {
    hass.live = null;
    await show("camera");
    expect(own()).toHaveLength(1);
    hass.live = LIVE;
    await drag(8);
    await letGo();
    expect([players().length, own().length]).toEqual([1, 0]);
    await goLive();
    expect([players().length, own().length]).toEqual([1, 0]);
  });

  it("end the MJPEG stream below the past, and begin it again", async () => {
    await show("camera", { live: "mjpeg" });
    const streams = () => all("img").filter((one) => one.getAttribute("src")?.includes("_proxy_stream/")).length;
    expect(streams()).toBe(1);
    await drag(8);
    await letGo();
    expect([streams(), players().length]).toEqual([0, 1]);
    await goLive();
    expect([streams(), players().length]).toEqual([1, 0]);
  });

  describe("that the browser pauses", () => {
    const pause = () => {
      player().video.pause();
      player().video.dispatchEvent(new Event("pause"));
    };

    it("play on at once, in the present, and no longer catch up by speed", async () => {
      await show("camera");
      player().begin();
      const { video, _hlsPolyfillInstance } = player();
      video.currentTime = 20;
      video.playbackRate = 1.3;
      pause();
      expect([video.paused, video.playbackRate, video.currentTime]).toEqual([false, 1, EDGE]);
      expect(_hlsPolyfillInstance.config.maxLiveSyncPlaybackRate).toBe(1);
    });

    it("play on if it does not tell", async () => {
      await show("camera");
      player().begin();
      player().video.pause();
      await pass(1000);
      expect(player().video.paused).toBe(false);
    });

    it("stay so if the user did it, by a key for media", async () => {
      await show("camera");
      player().begin(true);
      await done();
      button("Unmute").click();
      await done();
      pause();
      await pass(2000);
      expect(player().video.paused).toBe(true);
      player().video.playbackRate = 1.3;
      await pass(1000);
      expect(player().video.paused).toBe(false);
    });

    it("stay so below the past", async () => {
      await show("camera");
      player().begin();
      await drag(8);
      pause();
      await pass(2000);
      expect(player().video.paused).toBe(true);
    });

    it("give way to Home Assistant's if they stand still", async () => {
      await show("camera");
      player().begin();
      for (let second = 0; second < 30; second++) {
        player().video.currentTime = second;
        await pass(1000);
      }
      expect([players().length, own().length]).toEqual([1, 0]);
      await pass(22_000);
      expect([players().length, own().length]).toEqual([0, 1]);
    });

    it("begin anew if they stand still after the past", async () => {
      await show("camera");
      player().begin();
      await drag(8);
      await letGo();
      player().begin();
      await goLive();
      await pass(22_000);
      expect(players().map(({ url }) => url)).toEqual([LIVE]);
      expect(own()).toEqual([]);
    });
  });

  describe("with sound", () => {
    const volume = () => all("input[type=range].volume")[0] as HTMLInputElement | undefined;
    const louder = async (to: number) => {
      volume()!.value = String(to);
      volume()!.dispatchEvent(new Event("input"));
      await done();
    };
    const press = async (target: Element, key: string, init: KeyboardEventInit = {}) => {
      target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, ...init }));
      await done();
    };
    const choose = async (rate: number) => {
      const select = all("select").find((one) => one.getAttribute("aria-label") === "Speed") as HTMLSelectElement;
      select.value = String(rate);
      select.dispatchEvent(new Event("change"));
      await done();
    };
    const begin = async (hasAudio = true) => {
      player().begin(hasAudio);
      await done();
    };
    const speaker = () => all("button.speaker") as HTMLButtonElement[];

    beforeEach(async () => {
      await show("camera");
      await begin();
    });

    it("have a volume, which is remembered", async () => {
      expect(volume()).toBeUndefined();
      button("Unmute").click();
      await done();
      expect([volume()!.getAttribute("aria-label"), player().video.volume]).toEqual(["Volume", 1]);
      await louder(0.3);
      expect([player().video.volume, volume()!.getAttribute("aria-valuetext")]).toEqual([0.3, "30%"]);
      card.remove();
      await show("camera");
      await begin();
      window.dispatchEvent(new Event("pointerup"));
      await done();
      expect([player().muted, player().video.volume, volume()!.value]).toEqual([false, 0.3, "0.3"]);
    });

    it("are as loud as before after the volume was turned down to nothing", async () => {
      button("Unmute").click();
      await done();
      await louder(0.4);
      await louder(0);
      expect(player().video.volume).toBe(0);
      // It stays where it is: somebody holds it.
      expect(volume()!.value).toBe("0");
      button("Unmute").click();
      await done();
      expect([player().muted, player().video.volume]).toEqual([false, 0.4]);
      button("Mute").click();
      await done();
      expect([player().muted, volume()]).toEqual([true, undefined]);
    });

    it("keep it in the past, and in each player that follows", async () => {
      button("Unmute").click();
      await done();
      await louder(0.3);
      await drag(8);
      await letGo();
      await begin();
      expect([player().url, player().muted, player().video.volume]).toEqual([ALL, false, 0.3]);
      await louder(0.6);
      expect(player().video.volume).toBe(0.6);
      button("Mute").click();
      await done();
      expect([player().muted, player().video.paused]).toEqual([true, false]);
      button("Unmute").click();
      await done();
      await goLive();
      expect([player().muted, player().video.volume, player().video.paused]).toEqual([false, 0.6, false]);
    });

    it("are mute at speeds at which nothing is understood", async () => {
      button("Unmute").click();
      await done();
      await drag(30);
      await letGo();
      await begin();
      for (const [rate, muted] of [[0.25, true], [0.5, false], [4, true], [2, false]] as const) {
        await choose(rate);
        expect([rate, player().muted]).toEqual([rate, muted]);
        expect(speaker().map((one) => [one.disabled, one.title])).toEqual([
          [muted, muted ? "No sound at this speed" : "Mute"],
        ]);
      }
      await choose(4);
      await goLive();
      expect(player().muted).toBe(false);
    });

    it("have no speaker without a sound track, also in the past alone", async () => {
      expect(speaker()).toHaveLength(1);
      await drag(8);
      await letGo();
      await begin(false);
      expect(speaker()).toEqual([]);
      await begin(true);
      expect(speaker()).toHaveLength(1);
    });

    it("have no speaker where the past is played as single frames", async () => {
      vi.stubGlobal("MediaSource", { isTypeSupported: () => false });
      await drag(8);
      await letGo();
      expect(players()).toEqual([]);
      expect(speaker()).toEqual([]);
    });

    it("are switched by a key, except where it means something else", async () => {
      const save = all("button.save")[0]!;
      await press(save, "m");
      expect(player().muted).toBe(false);
      await press(save, "m", { ctrlKey: true });
      expect(player().muted).toBe(false);
      await press(bar(), "m");
      expect(player().muted).toBe(true);
      await drag(8);
      await letGo();
      await begin();
      await press(all("select")[0]!, "m");
      expect(player().muted).toBe(true);
      await press(bar(), "m");
      expect(player().muted).toBe(false);
      await begin(false);
      await press(bar(), "m");
      expect(player().muted).toBe(false);
    });

    it("begin by the first click, and a click on the speaker is not undone by that", async () => {
      button("Unmute").click();
      card.remove();
      await show("camera");
      await begin();
      const click = (target: Element) => {
        target.dispatchEvent(new PointerEvent("pointerup", { bubbles: true, composed: true }));
        (target as HTMLElement).click();
      };
      click(button("Unmute"));
      await done();
      expect(player().muted).toBe(false);
      card.remove();
      await show("camera");
      await begin();
      await press(all("button.save")[0]!, "m");
      expect(player().muted).toBe(false);
    });

    it("wait for a gesture that the browser takes for one", async () => {
      button("Unmute").click();
      card.remove();
      const userActivation = { hasBeenActive: false };
      vi.stubGlobal("navigator", Object.create(navigator, { userActivation: { value: userActivation } }));
      await show("camera");
      await begin();
      await press(document.body, "Escape");
      expect(player().muted).toBe(true);
      userActivation.hasBeenActive = true;
      await press(document.body, "Tab");
      expect(player().muted).toBe(false);
    });

    it("stay paused by a key for media if heard, not if silent", async () => {
      const pause = async () => {
        player().video.pause();
        player().video.dispatchEvent(new Event("pause"));
        await pass(1000);
        return player().video.paused;
      };
      expect(await pause()).toBe(false);
      button("Unmute").click();
      await done();
      expect(await pause()).toBe(true);
      await louder(0.5);
      expect(player().video.paused).toBe(true);
      await louder(0);
      await pass(1000);
      expect([player().video.paused, player().video.volume]).toEqual([false, 0]);
    });

    it("play on without a sound track whatever was chosen", async () => {
      button("Unmute").click();
      await begin(false);
      player().video.pause();
      await pass(1000);
      expect(player().video.paused).toBe(false);
    });
  });

  it("stop while the card is hidden, and of a camera that is gone", async () => {
    await show("camera");
    player().begin();
    see(false);
    await done();
    expect(players()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    see(true);
    await done();
    expect(players()).toHaveLength(1);
    const back = hass;
    become(withState(hass, "camera.garden", "unavailable"));
    await done();
    expect(players()).toEqual([]);
    become(back);
    await done();
    expect(players()).toHaveLength(1);
  });

  it("begin anew after a reload of the entry that the card did not see", async () => {
    await show("camera");
    const first = player();
    first.begin();
    await restart("2026-01-01T00:00:00Z");
    expect(player()).toBe(first);
    await restart("2026-01-01T00:01:00Z");
    expect(players()).toHaveLength(1);
    expect(player()).not.toBe(first);
  });

  it("read nothing while ASCII is shown", async () => {
    await show("camera");
    button("Show as ASCII").click();
    await done();
    expect([players().length, own().length]).toEqual([0, 0]);
    button("Show as ASCII").click();
    await done();
    expect(players()).toHaveLength(1);
  });
});
