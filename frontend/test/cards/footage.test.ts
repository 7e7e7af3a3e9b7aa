// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { held, withState } from "../fake-hass";
import { LIVE, own, player, players } from "./footage-stage";
import { dragTo, pass } from "./past-stage";
import { all, become, button, done, hass, see, show } from "./stage";

describe("live pictures from footage", () => {
  /** How often it was asked for a playlist. */
  const asks = () => hass.callWS.mock.calls.filter(([{ type }]) => type === "retrocam/urls").length;
  /** The camera is in its state since another time. */
  const restart = async (last_changed: string) => {
    const state = { ...hass.states["camera.garden"]!, last_changed };
    become({ ...hass, states: { ...hass.states, "camera.garden": state } });
    await done();
  };

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
    expect(asks()).toBe(0);
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
      expect([shown(), asks()]).toEqual([[[], 1], 2]);
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
      expect(asks()).toBe(3);
    });

    it("wait while somebody looks back", async () => {
      await dragTo(30);
      hass.live = LIVE;
      const count = asks();
      await told();
      expect(asks()).toBe(count);
    });

    it("are not tried again when they fail", async () => {
      hass.live = LIVE;
      await told();
      await pass(10_000);
      expect(shown()).toEqual([[], 1]);
      await told();
      expect([shown(), asks()]).toEqual([[[], 1], 2]);
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
