// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { positionOf } from "../../src/ha/player";
import { withState } from "../fake-hass";
import { all, become, button, card, done, hass, show, sockets } from "./stage";

describe("ASCII card", () => {
  it("plays the requested media", async () => {
    await show("ascii");
    const field = all("input[type=search]")[0] as HTMLInputElement;
    field.value = "big buck bunny";
    all("form")[0]!.dispatchEvent(new Event("submit", { cancelable: true }));
    await done();
    expect(hass.callService).toHaveBeenCalledWith(
      "retrocam", "play", { media: "big buck bunny" }, { entity_id: "media_player.p" }, false, true,
    );
  });

  it("pauses, stops and seeks", async () => {
    await show("ascii");
    button("Pause").click();
    await done();
    button("Stop").click();
    await done();
    const slider = all("input[type=range]").find((one) => one.getAttribute("aria-label") === "Position") as HTMLInputElement;
    slider.value = "50";
    slider.dispatchEvent(new Event("change"));
    await done();
    expect(hass.callService.mock.calls.map((call) => [call[1], call[2]])).toEqual([
      ["media_pause", {}], ["media_stop", {}], ["media_seek", { seek_position: 50 }],
    ]);
  });

  describe("during a search", () => {
    /** Rejects the last search. */
    let fail: (error: object) => void;
    const search = async (words: string) => {
      all("retrocam-search")[0]!.dispatchEvent(new CustomEvent("play", { detail: words }));
      await done();
    };
    const asked = () => hass.callService.mock.calls.map((call) => call[1]);
    const messages = () => all(".message").map((one) => one.textContent!.trim());

    beforeEach(async () => {
      hass.callService.mockImplementation((_domain: string, action: string) =>
        action === "play" ? new Promise((_, reject) => (fail = reject)) : Promise.resolve({}),
      );
      await show("ascii");
      await search("cats");
    });

    it("stops, and ignores the result of the search", async () => {
      button("Stop").click();
      await done();
      fail({ message: "Another film was asked for" });
      await done();
      expect(asked()).toEqual(["play", "media_stop"]);
      expect(messages()).toEqual([]);
    });

    it("starts another search, and shows only its result", async () => {
      const first = fail;
      await search("dogs");
      first({ message: "Another film was asked for" });
      await done();
      expect(messages()).toEqual([]);
      fail({ message: "No dogs" });
      await done();
      expect(messages()).toEqual(["Failed: No dogs"]);
    });

    it("pauses what still plays, and shows the result of the search", async () => {
      button("Pause").click();
      await done();
      expect(asked()).toEqual(["play", "media_pause"]);
      fail({ message: "No cats" });
      await done();
      expect(messages()).toEqual(["Failed: No cats"]);
    });
  });

  it("keeps the dragged knob in place until playback reaches it", async () => {
    await show("ascii");
    const slider = all("input[type=range]").find((one) => one.getAttribute("aria-label") === "Position") as HTMLInputElement;
    slider.value = "70";
    slider.dispatchEvent(new Event("input"));
    become(withState(hass, "media_player.p", "paused"));
    await done();
    expect(slider.value).toBe("70");
    expect(hass.callService).not.toHaveBeenCalled();
    let reached = (_: object): void => undefined;
    hass.callService.mockReturnValue(new Promise((resolve) => (reached = resolve)));
    slider.dispatchEvent(new Event("change"));
    await done();
    expect(slider.value).toBe("70");
    reached({ response: {} });
    await done();
    expect(slider.value).toBe("5");
  });

  it.each(["is over", "gives way to another"])("releases the knob once the film %s", async (what) => {
    await show("ascii");
    const bar = () => all("input[type=range]").find((one) => one.getAttribute("aria-label") === "Position") as HTMLInputElement;
    bar().value = "90";
    bar().dispatchEvent(new Event("input"));
    await done();
    const playing = hass;
    if (what === "is over") {
      become(withState(hass, "media_player.p", "idle"));
      await done();
      expect(bar()).toBeUndefined();
      become(playing);
    } else {
      const player = hass.states["media_player.p"]!;
      const other = { ...player, attributes: { ...player.attributes, media_content_id: "another" } };
      become({ ...hass, states: { ...hass.states, "media_player.p": other } });
    }
    await done();
    expect(bar().value).toBe("5");
  });

  it("changes the preset on the server, and the style locally", async () => {
    await show("ascii");
    button("Style").click();
    await done();
    button("Blocks").click();
    await done();
    expect(hass.callService).not.toHaveBeenCalled();
    button("High").click();
    await done();
    expect(hass.callService).toHaveBeenCalledWith(
      "select", "select_option", { option: "high" }, { entity_id: "select.p" },
    );
  });

  it("shows a camera without player controls", async () => {
    await show("ascii", { entity: "camera.garden" });
    expect(all("input[type=search]")).toEqual([]);
    expect(all("button").some((one) => one.getAttribute("aria-label") === "Stop")).toBe(false);
  });

  it("reports an unavailable camera, requests nothing meanwhile, and resumes once it is back", async () => {
    await show("ascii", { entity: "camera.garden" });
    expect(sockets.size).toBe(1);
    const messages = () => all("[role=status]").map((one) => one.textContent!.trim());
    become(withState(hass, "camera.garden", "unavailable"));
    await done();
    expect(sockets.size).toBe(0);
    expect(messages()).toContain("Not available");
    become(withState(hass, "camera.garden", "idle"));
    await done();
    expect(sockets.size).toBe(1);
    expect(messages()).not.toContain("Not available");
  });

  it("shows a sample in the card picker, where nothing runs", async () => {
    await show("ascii");
    expect(all(".sample")).toEqual([]);
    card.preview = true;
    await done();
    expect(sockets.size).toBe(0);
    const lines = all(".sample pre")[0]!.textContent!.split("\n");
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect(new Set(lines.join("")).size).toBeGreaterThan(6);
    card.preview = false;
    await done();
    expect(all(".sample")).toEqual([]);
  });

  it("shows the playback position", () => {
    const state = (attributes: object, now = "playing") => ({ entity_id: "", state: now, attributes }) as never;
    const updated = { media_position: 10, media_position_updated_at: "2026-01-01T00:00:00Z", media_duration: 15 };
    const at = Date.UTC(2026, 0, 1);
    expect(positionOf(state(updated), at + 2000)).toBe(12);
    expect(positionOf(state(updated, "paused"), at + 2000)).toBe(10);
    expect(positionOf(state(updated), at + 60_000)).toBe(15);
    expect(positionOf(state({}), at)).toBe(0);
  });
});
