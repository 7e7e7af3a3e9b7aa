// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { all, become, button, card, done, hass, see, show } from "./stage";

/** A player of Home Assistant, as far as the card can see. */
class Player extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }
}

describe("live pictures with players of Home Assistant", () => {
  const player = (name: string) => all(name)[0] as HTMLElement & { muted: boolean; entityid: string; stateObj: object };
  const live = () => all("retrocam-live")[0] as HTMLElement;
  const found = (name: string, hasAudio: boolean, hasVideo: boolean) =>
    player(name).dispatchEvent(new CustomEvent("streams", { detail: { hasAudio, hasVideo } }));
  const streaming = (changed = "2026-01-01T00:00:00Z") => {
    const camera = hass.states["camera.garden"]!;
    const attributes = { ...camera.attributes, supported_features: 2 };
    const state = { ...camera, last_changed: changed, attributes };
    become({ ...hass, states: { ...hass.states, "camera.garden": state } });
  };

  beforeEach(async () => {
    if (!customElements.get("ha-hls-player")) customElements.define("ha-hls-player", class extends Player {});
    if (!customElements.get("ha-camera-stream")) customElements.define("ha-camera-stream", class extends Player {});
    localStorage.clear();
    streaming();
  });

  it("plays HLS alone where it is asked for", async () => {
    await show("camera", { live: "hls" });
    expect(player("ha-hls-player").entityid).toBe("camera.garden");
    expect(all("ha-camera-stream")).toEqual([]);
    const first = player("ha-hls-player");
    found("ha-hls-player", false, false);
    await done();
    expect(all("ha-hls-player")).toEqual([]);
    expect(all(".lost")).toHaveLength(1);
    vi.advanceTimersByTime(2000);
    await done();
    expect(player("ha-hls-player")).not.toBe(first);
  });

  it("shows MJPEG of its own, in a place, where Home Assistant's player would show it", async () => {
    await show("camera");
    for (const wait of [2000, 4000, 0]) {
      player("ha-camera-stream").shadowRoot!.append(document.createElement("img"));
      found("ha-camera-stream", false, false);
      await done();
      vi.advanceTimersByTime(wait);
      await done();
    }
    expect(all("ha-camera-stream")).toEqual([]);
    expect(all("img:not(.poster)")[0]!.getAttribute("src")).toContain("/api/camera_proxy_stream/");
    // Seen again, the player gets another chance.
    see(false);
    await done();
    see(true);
    await done();
    expect(all("ha-camera-stream")).toHaveLength(1);
    card.remove();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("begins anew after a reload of the entry that it did not see", async () => {
    await show("camera");
    const first = player("ha-camera-stream");
    streaming("2026-01-01T00:00:00Z");
    await done();
    expect(player("ha-camera-stream")).toBe(first);
    streaming("2026-01-01T00:01:00Z");
    await done();
    expect(player("ha-camera-stream")).not.toBe(first);
  });

  it("is mute until asked for sound, and remembers it", async () => {
    await show("camera");
    expect(() => button("Unmute")).toThrow("no button");
    found("ha-camera-stream", true, true);
    await done();
    expect(player("ha-camera-stream").muted).toBe(true);
    button("Unmute").click();
    await done();
    expect(player("ha-camera-stream").muted).toBe(false);
    card.remove();
    // A browser plays sound only after a gesture on the page.
    await show("camera");
    found("ha-camera-stream", true, true);
    await done();
    expect(player("ha-camera-stream").muted).toBe(true);
    window.dispatchEvent(new Event("pointerup"));
    await done();
    expect(player("ha-camera-stream").muted).toBe(false);
    button("Mute").click();
    card.remove();
    await show("camera");
    window.dispatchEvent(new Event("pointerup"));
    await done();
    expect(player("ha-camera-stream").muted).toBe(true);
  });

  it("is mute again where the browser allows no sound", async () => {
    await show("camera");
    found("ha-camera-stream", true, true);
    await done();
    button("Unmute").click();
    live().dispatchEvent(new CustomEvent("live-silenced"));
    await done();
    expect(player("ha-camera-stream").muted).toBe(true);
  });
});
