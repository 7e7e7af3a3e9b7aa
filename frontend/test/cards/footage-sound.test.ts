// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ALL, goLive, player, playFrom, players } from "./footage-stage";
import { bar, dragTo, pass, press } from "./past-stage";
import { all, button, card, done, show } from "./stage";

describe("live pictures from footage", () => {
  describe("with sound", () => {
    const volume = () => all("input[type=range].volume")[0] as HTMLInputElement | undefined;
    const louder = async (to: number) => {
      volume()!.value = String(to);
      volume()!.dispatchEvent(new Event("input"));
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
      await dragTo(8);
      await playFrom();
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
      await dragTo(30);
      await playFrom();
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
      await dragTo(8);
      await playFrom();
      await begin(false);
      expect(speaker()).toEqual([]);
      await begin(true);
      expect(speaker()).toHaveLength(1);
    });

    it("have no speaker where the past is played as single frames", async () => {
      vi.stubGlobal("MediaSource", { isTypeSupported: () => false });
      await dragTo(8);
      await playFrom();
      expect(players()).toEqual([]);
      expect(speaker()).toEqual([]);
    });

    it("are switched by a key, except where it means something else", async () => {
      const save = all("button.save")[0]!;
      await press("m", save);
      expect(player().muted).toBe(false);
      await press("m", save, { ctrlKey: true });
      expect(player().muted).toBe(false);
      await press("m", bar());
      expect(player().muted).toBe(true);
      await dragTo(8);
      await playFrom();
      await begin();
      await press("m", all("select")[0]!);
      expect(player().muted).toBe(true);
      await press("m", bar());
      expect(player().muted).toBe(false);
      await begin(false);
      await press("m", bar());
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
      await press("m", all("button.save")[0]!);
      expect(player().muted).toBe(false);
    });

    it("wait for a gesture that the browser takes for one", async () => {
      button("Unmute").click();
      card.remove();
      const userActivation = { hasBeenActive: false };
      vi.stubGlobal("navigator", Object.create(navigator, { userActivation: { value: userActivation } }));
      await show("camera");
      await begin();
      await press("Escape", document.body);
      expect(player().muted).toBe(true);
      userActivation.hasBeenActive = true;
      await press("Tab", document.body);
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
});
