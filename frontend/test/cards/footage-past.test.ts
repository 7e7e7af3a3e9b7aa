// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { held } from "../fake-hass";
import { ALL, EDGE, goLive, LIVE, own, player, playFrom, players } from "./footage-stage";
import { bar, dragTo, NOW, pass, WIDTH } from "./past-stage";
import { all, button, done, hass, show } from "./stage";

describe("live pictures from footage", () => {
  it("rewind in the same place: one player, which returns to the present", async () => {
    await show("camera");
    player().begin();
    await done();
    await dragTo(8);
    expect(players().map(({ url, video }) => [url, video.paused])).toEqual([[LIVE, true]]);
    await playFrom();
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
    await dragTo(20);
    await playFrom();
    expect(players().map((one) => one.video)).toEqual([video]);
    expect(video.currentTime).toBeCloseTo(40);
  });

  it("show the moment of a tap on the bar, also in the player that showed the present", async () => {
    await show("camera");
    player().begin();
    await done();
    await dragTo(8);
    await playFrom();
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
    await dragTo(8);
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
    await dragTo(8);
    await playFrom();
    expect([players().length, own().length]).toEqual([1, 0]);
    await goLive();
    expect([players().length, own().length]).toEqual([1, 0]);
  });

  it("end the MJPEG stream below the past, and begin it again", async () => {
    await show("camera", { live: "mjpeg" });
    const streams = () => all("img").filter((one) => one.getAttribute("src")?.includes("_proxy_stream/")).length;
    expect(streams()).toBe(1);
    await dragTo(8);
    await playFrom();
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
      await dragTo(8);
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
      await dragTo(8);
      await playFrom();
      player().begin();
      await goLive();
      await pass(22_000);
      expect(players().map(({ url }) => url)).toEqual([LIVE]);
      expect(own()).toEqual([]);
    });
  });
});
