// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CameraCard } from "../../src/cards/camera-card";
import { liveWay } from "../../src/cards/live";
import { STILL } from "../../src/stillness";
import { fakeHass, withState } from "../fake-hass";
import { all, become, button, card, done, hass, observed, see, show, sockets, text } from "./stage";

describe("camera card", () => {
  it("shows the poster at once, and the live picture when it is seen", async () => {
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

  it("asks for no picture of a camera that is away", async () => {
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

  it("saves what is held of a camera that is away", async () => {
    await show("camera");
    become(withState(hass, "camera.garden", "unavailable"));
    await done();
    expect(text()).toContain("58 s ready");
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

  it("runs nothing in the card picker, which does not say that it shows a preview", async () => {
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

  it("goes on where its picture covers the page, though nothing else of it is in sight", async () => {
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

  it("tells how much lookback is ready", async () => {
    await show("camera");
    expect(text()).toContain("58 s ready, 31 MB");
    become(withState(hass, "switch.l", "off"));
    await done();
    expect(text()).toContain("Lookback is off");
  });

  it("offers to save once something is held", async () => {
    const full = hass;
    become(withState(hass, "sensor.a", "0"));
    await show("camera");
    expect(button("Save the last 10 s").disabled).toBe(true);
    become(full);
    await done();
    expect(button("Save the last 10 s").disabled).toBe(false);
    become(withState(full, "switch.l", "off"));
    await done();
    expect(button("Save the last 10 s").disabled).toBe(true);
  });

  it("saves what has just happened, and links to it", async () => {
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

  it("tells why something failed", async () => {
    hass.callService.mockRejectedValue({ message: "The disk is full" });
    await show("camera");
    button("Take snapshot").click();
    await done();
    expect(text()).toContain("This did not work: The disk is full");
  });

  it("lets a recording be stopped and extended", async () => {
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

  it("has one layout that Tab comes to, and arrows for the others", async () => {
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

  it("opens a socket for ASCII only while seen, and closes it", async () => {
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

  it("throws for a configuration without a camera, and tells of one that is gone", async () => {
    await show("camera", { entity: "camera.gone" });
    expect(text()).toContain("camera.gone is not there");
    expect(() => card.setConfig({ type: "" })).toThrow("Choose an entity");
    expect(() => card.setConfig({ type: "", entity: "light.x" })).toThrow("Choose an entity");
  });

  describe("with MJPEG, whose end no browser tells", () => {
    const image = () => all("img:not(.poster)")[0] as HTMLImageElement | undefined;
    /** What the picture shows: one that the canvas reads as so many pixels. */
    let shown: number[];
    const context = { drawImage: () => undefined, getImageData: () => ({ data: shown }) };
    const pass = async (ms: number) => {
      vi.advanceTimersByTime(ms);
      await done();
    };

    beforeEach(async () => {
      vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance"] });
      vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(() => context as never);
      shown = [1];
      await show("camera");
      for (const [name, value] of [["complete", true], ["naturalWidth", 640]] as const) {
        vi.spyOn(HTMLImageElement.prototype, name, "get").mockReturnValue(value as never);
      }
    });

    afterEach(() => {
      card.remove();
      vi.useRealTimers();
      vi.restoreAllMocks();
    });

    it("asks anew, under another address, for a picture that stands still", async () => {
      const address = image()!.src;
      await pass(4000);
      shown = [2];
      await pass(STILL);
      expect(image()!.src).toBe(address);
      await pass(4000);
      expect(image()!.src).toBe(`${address}&_=2`);
    });

    it("asks anew for one that is broken, and says so", async () => {
      vi.spyOn(HTMLImageElement.prototype, "naturalWidth", "get").mockReturnValue(0);
      await pass(2000);
      expect(image()).toBeUndefined();
      expect(all(".lost")).toHaveLength(1);
      await pass(2000);
      expect(image()!.src).toMatch(/&_=2$/);
    });

    it("leaves one alone that may not be looked at, and one that is not seen", async () => {
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

    it("ends it once Home Assistant's own player is there", async () => {
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
    ["auto", 2, true, "player"], ["auto", 2, false, "mjpeg"], ["auto", 0, true, "mjpeg"], ["still", 2, true, "still"],
    ["mjpeg", 2, true, "mjpeg"], ["hls", 2, true, "player"],
  ] as const)("live %s with features %i and player %s: %s", (mode, features, has, way) => {
    const state = { entity_id: "", state: "", attributes: { supported_features: features } };
    expect(liveWay(state, mode, has)).toBe(way);
  });
});
