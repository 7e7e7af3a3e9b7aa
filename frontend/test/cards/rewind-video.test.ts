// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { dragTo, exact, letGo, NOW, pass, picture } from "./past-stage";
import { all, button, done, hass, see, show } from "./stage";

describe("rewinding", () => {
  describe("in Home Assistant's player", () => {
    const player = () => all("ha-hls-player")[0] as (HTMLElement & { url: string; muted: boolean }) | undefined;
    const shown: (() => void)[] = [];
    let codecs: string;

    beforeEach(() => {
      shown.length = 0;
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
            requestVideoFrameCallback: { value: (callback: () => void) => shown.push(callback) },
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
      shown.forEach((callback) => callback());
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
      shown.forEach((callback) => callback());
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
});
