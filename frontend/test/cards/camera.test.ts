// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CameraCard } from "../../src/cards/camera-card";
import { liveMethod } from "../../src/cards/live";
import { STILL } from "../../src/stillness";
import { fakeHass, withState } from "../fake-hass";
import { all, become, button, card, done, hass, observed, see, show, sockets, text } from "./stage";

/** How much the lookback holds, as the card says it. */
const ready = (): string => all("[role=meter]")[0]?.textContent?.trim() ?? "";

describe("camera card", () => {
  it("shows the poster at once, and the live picture when visible", async () => {
    await show("camera", {}, false);
    const images = () => all("img").map((one) => one.getAttribute("src"));
    expect(images()).toEqual(["/api/camera_proxy/camera.garden?token=t"]);
    see(true);
    await done();
    expect(images()).toContain("/api/camera_proxy_stream/camera.garden?token=t");
    see(false);
    await done();
    expect(images()).not.toContain("/api/camera_proxy_stream/camera.garden?token=t");
  });

  it("requests no picture of an unavailable camera", async () => {
    const back = hass;
    await show("camera");
    become(withState(hass, "camera.garden", "unavailable"));
    await done();
    expect(all("img")).toEqual([]);
    expect(text()).toContain("Not available");
    become(back);
    await done();
    expect(all("img").length).toBeGreaterThan(0);
  });

  it("saves the lookback of an unavailable camera", async () => {
    await show("camera");
    become(withState(hass, "camera.garden", "unavailable"));
    await done();
    expect(ready()).toContain("58 s ready");
    expect((all("button.save")[0] as HTMLButtonElement).disabled).toBe(false);
    expect((button("Take snapshot") as HTMLButtonElement).disabled).toBe(true);
  });

  it("runs nothing in the card picker's preview", async () => {
    await show("camera", { ascii: true }, false);
    (card as CameraCard).preview = true;
    see(true);
    await done();
    expect(sockets.size).toBe(0);
  });

  it("runs nothing in a card picker that does not mark its preview", async () => {
    const picker = document.createElement("hui-card-picker");
    document.body.append(picker);
    await show("camera", { ascii: true }, false);
    picker.attachShadow({ mode: "open" }).append(card);
    see(true);
    await done();
    expect(sockets.size).toBe(0);
    document.body.append(card);
    see(true);
    await done();
    expect(sockets.size).toBe(1);
    picker.remove();
  });

  it("keeps running while its picture is full screen and the rest is out of view", async () => {
    Object.defineProperty(Element.prototype, "requestFullscreen", { value: undefined, configurable: true });
    const live = () => all("retrocam-live")[0] as Element & { active: boolean };
    await show("camera");
    button("Full screen").click();
    await done();
    expect(all(".cover")).toHaveLength(1);
    see(false);
    await done();
    expect(live().active).toBe(true);
    button("Leave full screen").click();
    await done();
    expect(observed).toHaveLength(1);
    see(false);
    await done();
    expect(live().active).toBe(false);
  });

  describe("with a lookback", () => {
    const FULL = { enabled: true, seconds: 60, available: 58, size: 31_200_000 };
    const save = () => button("Save the last 10 s");
    const tell = async (lookback: object) => {
      hass.lookbackWatchers.forEach((callback) => callback(lookback));
      await done();
    };

    it("shows how much is ready, whatever entities are enabled", async () => {
      await show("camera");
      expect(ready()).toContain("58 s ready, 31 MB");
      expect(all("[role=meter]")[0]!.getAttribute("aria-valuemax")).toBe("60");
      await tell({ ...FULL, available: 12, seconds: 120 });
      expect(ready()).toContain("12 s ready");
      expect(all("[role=meter]")[0]!.getAttribute("aria-valuemax")).toBe("120");
      await tell({ ...FULL, enabled: false });
      expect(text()).toContain("Lookback is off");
    });

    it("offers to save once there is something to save", async () => {
      hass.lookback = { ...FULL, available: 0 };
      await show("camera");
      expect(save().disabled).toBe(true);
      await tell(FULL);
      expect(save().disabled).toBe(false);
      await tell({ ...FULL, enabled: false });
      expect(save().disabled).toBe(true);
      // A message of a newer server.
      await tell({});
      expect(save().disabled).toBe(false);
      expect(ready()).toBe("");
    });

    it("forgets that of an unloaded entry", async () => {
      await show("camera");
      become(withState(withState(hass, "camera.garden", "unavailable"), "switch.l", "unavailable"));
      await done();
      expect(ready()).toBe("");
      expect(save().disabled).toBe(true);
    });

    it("follows it only while visible, and only for a camera of Retrocam", async () => {
      await show("camera");
      expect(hass.lookbackWatchers.size).toBe(1);
      see(false);
      await done();
      expect(hass.lookbackWatchers.size).toBe(0);
      see(true);
      await done();
      expect(hass.lookbackWatchers.size).toBe(1);
      const other = { ...hass.entities["camera.garden"]!, platform: "other" };
      become({ ...hass, entities: { ...hass.entities, "camera.garden": other } });
      await done();
      expect(hass.lookbackWatchers.size).toBe(0);
      expect(ready()).toBe("");
    });

    it("subscribes again after a lost connection, and after a refusal", async () => {
      await show("camera");
      const known = hass.lookback;
      hass.lookback = undefined;
      hass.reconnected.forEach((callback) => callback());
      await done();
      expect(ready()).toBe("");
      hass.lookback = known;
      vi.advanceTimersByTime(10_000);
      await done();
      expect(ready()).toContain("58 s ready");
      expect(hass.lookbackWatchers.size).toBe(1);
      hass.lookback = undefined;
      hass.reconnected.forEach((callback) => callback());
      await done();
      see(false);
      await done();
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it("saves the lookback, and links to the clip", async () => {
    hass.callService.mockResolvedValue({ response: { "camera.garden": { url: "/clip.mp4", duration: 9.6 } } });
    await show("camera", { save_seconds: 20 });
    button("Save the last 20 s").click();
    await card.updateComplete;
    expect(text()).toContain("Saving…");
    await done();
    expect(hass.callService).toHaveBeenCalledWith(
      "retrocam", "record", { lookback: 20, duration: 0 }, { entity_id: "camera.garden" }, false, true,
    );
    expect(text()).toContain("Saved 10 s");
    expect(all("a")[0]!.getAttribute("href")).toBe("/clip.mp4?authSig=x");
  });

  it("shows the reason of a failure", async () => {
    hass.callService.mockRejectedValue({ message: "The disk is full" });
    await show("camera");
    button("Take snapshot").click();
    await done();
    expect(text()).toContain("Failed: The disk is full");
  });

  it("stops and extends a recording", async () => {
    await show("camera");
    expect(text()).not.toContain("Recording");
    become(withState(hass, "binary_sensor.r", "on"));
    await done();
    button("+ 30 s more").click();
    await done();
    button("Stop recording").click();
    await done();
    expect(hass.callService.mock.calls.map((call) => call[1])).toEqual(["extend_recording", "stop_recording"]);
  });

  it("offers the layouts of a grid", async () => {
    become(fakeHass({ "select.s": ["layout", "quad", { options: ["single", "quad"] }] }));
    await show("camera");
    expect(button("Four").getAttribute("aria-checked")).toBe("true");
    button("Single").click();
    await done();
    expect(hass.callService).toHaveBeenCalledWith(
      "select", "select_option", { option: "single" }, { entity_id: "select.s" },
    );
  });

  it("has one layout in the Tab order, and arrow keys for the others", async () => {
    become(fakeHass({ "select.s": ["layout", "quad", { options: ["single", "quad", "auto"] }] }));
    await show("camera");
    const radios = () => all("[role=radio]") as HTMLElement[];
    expect(radios().map((one) => one.getAttribute("tabindex"))).toEqual(["-1", "0", "-1"]);
    const focused = () => (card.renderRoot as ShadowRoot).activeElement?.getAttribute("aria-label");
    const press = (key: string) =>
      (card.renderRoot as ShadowRoot).activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    radios()[1]!.focus();
    press("ArrowRight");
    expect(focused()).toBe("Automatic");
    press("ArrowDown");
    expect(focused()).toBe("Single");
    press("ArrowLeft");
    expect(focused()).toBe("Automatic");
    press("x");
    expect(focused()).toBe("Automatic");
    expect(hass.callService).not.toHaveBeenCalled();
    become(withState(hass, "select.s", "unheard"));
    await done();
    expect(radios().map((one) => one.getAttribute("tabindex"))).toEqual(["0", "-1", "-1"]);
  });

  it("opens a socket for ASCII only while visible, and closes it", async () => {
    await show("camera");
    button("Show as ASCII").click();
    await done();
    expect(sockets.size).toBe(1);
    see(false);
    await done();
    expect(sockets.size).toBe(0);
    see(true);
    await done();
    expect(sockets.size).toBe(1);
    become(withState(hass, "camera.garden", "unavailable"));
    await done();
    expect(sockets.size).toBe(0);
    become(withState(hass, "camera.garden", "idle"));
    await done();
    expect(sockets.size).toBe(1);
    card.remove();
    expect(sockets.size).toBe(0);
    expect(observed).toEqual([]);
  });

  it("throws for a configuration without a camera, and reports a missing one", async () => {
    await show("camera", { entity: "camera.gone" });
    expect(text()).toContain("camera.gone does not exist");
    expect(() => card.setConfig({ type: "" })).toThrow("Choose a Retrocam entity");
    expect(() => card.setConfig({ type: "", entity: "light.x" })).toThrow("Choose a Retrocam entity");
  });

  describe("with MJPEG, whose end a browser does not report", () => {
    const image = () => all("img:not(.poster)")[0] as HTMLImageElement | undefined;
    /** The contents of the picture, as the pixels that the canvas reads. */
    let shown: number[];
    const context = { drawImage: () => undefined, getImageData: () => ({ data: shown }) };
    const pass = async (ms: number) => {
      vi.advanceTimersByTime(ms);
      await done();
    };

    beforeEach(async () => {
      vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(() => context as never);
      shown = [1];
      await show("camera");
      for (const [name, value] of [["complete", true], ["naturalWidth", 640]] as const) {
        vi.spyOn(HTMLImageElement.prototype, name, "get").mockReturnValue(value as never);
      }
    });

    afterEach(() => {
      card.remove();
      vi.restoreAllMocks();
    });

    it("requests a still-standing picture again, by another URL", async () => {
      const address = image()!.src;
      await pass(4000);
      shown = [2];
      await pass(STILL);
      expect(image()!.src).toBe(address);
      await pass(4000);
      expect(image()!.src).toBe(`${address}&_=2`);
    });

    it("requests a broken picture again, and says so", async () => {
      vi.spyOn(HTMLImageElement.prototype, "naturalWidth", "get").mockReturnValue(0);
      await pass(2000);
      expect(image()).toBeUndefined();
      expect(all(".lost")).toHaveLength(1);
      await pass(2000);
      expect(image()!.src).toMatch(/&_=2$/);
    });

    it("ignores pictures whose pixels cannot be read, and invisible ones", async () => {
      const looked = vi.spyOn(context, "getImageData").mockImplementation(() => {
        throw new DOMException("tainted", "SecurityError");
      });
      const address = image()!.src;
      await pass(2 * STILL);
      expect(looked).toHaveBeenCalledOnce();
      expect(image()!.src).toBe(address);
      see(false);
      await done();
      expect(vi.getTimerCount()).toBe(0);
    });

    it("ends once Home Assistant's own player is loaded", async () => {
      const before = image()!;
      customElements.define("ha-camera-stream", class extends HTMLElement {});
      const camera = hass.states["camera.garden"]!;
      const streams = { ...camera, attributes: { ...camera.attributes, supported_features: 2 } };
      become({ ...hass, states: { ...hass.states, "camera.garden": streams } });
      await done();
      expect(before.hasAttribute("src")).toBe(false);
      expect(all("ha-camera-stream")).toHaveLength(1);
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it.each([
    ["auto", 2, ["ha-camera-stream"], "player"], ["auto", 2, [], "mjpeg"], ["auto", 0, ["ha-camera-stream"], "mjpeg"],
    ["still", 2, ["ha-camera-stream"], "still"], ["mjpeg", 2, ["ha-camera-stream"], "mjpeg"],
    ["hls", 2, ["ha-camera-stream", "ha-hls-player"], "hls"], ["hls", 2, ["ha-camera-stream"], "mjpeg"],
    ["hls", 0, ["ha-camera-stream", "ha-hls-player"], "mjpeg"],
  ] as const)("live %s with features %i and %s: %s", (mode, features, elements, way) => {
    const state = { entity_id: "", state: "", attributes: { supported_features: features } };
    expect(liveMethod(state, mode, (name) => (elements as readonly string[]).includes(name))).toBe(way);
  });
});
