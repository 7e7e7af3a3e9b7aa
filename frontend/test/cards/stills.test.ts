// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { all, become, button, card, done, hass, see, show } from "./stage";
import { add, withState } from "../fake-hass";

const NOW = 1_800_000_000;
const WIDTH = 600;

/** A still as it is listed, some seconds ago. */
const still = (ago: number) => ({
  filename: `${ago}.jpg`, timestamp: new Date((NOW - ago) * 1000).toISOString(),
  url: `/still/${ago}`, thumbnail_url: `/thumb/${ago}`, media_content_id: `media-source://retrocam/${ago}`,
});

describe("rewinding a camera that has stills only", () => {
  let fetched: string[];
  const bar = () => all(".bar")[0] as HTMLElement;
  const knob = () => all("[data-grip=knob]")[0] as HTMLElement;
  const picture = () => all("retrocam-footage img")[0]?.getAttribute("src") ?? undefined;
  const pass = async (ms: number) => {
    vi.advanceTimersByTime(ms);
    await done();
  };
  const drag = async (ago: number) => {
    for (const name of ["pointerdown", "pointermove"]) {
      const clientX = WIDTH * (1 - ago / 3600);
      bar().dispatchEvent(new PointerEvent(name, { clientX, pointerId: 1, button: 0, bubbles: true, composed: true }));
    }
    await done();
  };
  const letGo = async () => {
    bar().dispatchEvent(new PointerEvent("pointerup", { pointerId: 1, bubbles: true }));
    await done();
  };
  const press = async (key: string) => {
    knob().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
    await done();
  };

  beforeEach(() => {
    vi.setSystemTime(NOW * 1000);
    vi.spyOn(HTMLElement.prototype, "setPointerCapture").mockReturnValue();
    vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 0, WIDTH, 6));
    fetched = [];
    vi.stubGlobal("fetch", async (url: string, { signal }: RequestInit = {}) => {
      fetched.push(url);
      await Promise.resolve();
      signal?.throwIfAborted();
      return { ok: true, blob: async () => new File(["picture"], url) };
    });
    vi.spyOn(URL, "createObjectURL").mockImplementation((file) => `blob:${(file as File).name}`);
    hass.lookback = { enabled: true, seconds: 60, available: 0, size: 0 };
    hass.states["camera.garden"]!.attributes["supported_features"] = 0;
    add(hass, "switch.h", "history", "on");
    // Newest first, with a gap.
    hass.stills = [30, 90, 150, 210, 1200, 1260].map(still);
  });

  afterEach(() => {
    card.remove();
    expect(vi.getTimerCount()).toBe(0);
    vi.restoreAllMocks();
  });

  it("loads nothing before the first touch", async () => {
    await show("camera");
    await pass(10_000);
    expect(fetched).toEqual([]);
    expect(bar()).toBeDefined();
    expect(all("[role=meter]")[0]!.textContent!.trim()).toBe("Stills of the last hour");
  });

  it("shows the still of the time under the pointer, small at once, then in full", async () => {
    await show("camera");
    await drag(100);
    expect(picture()).toBe("blob:/thumb/150");
    await pass(150);
    expect(picture()).toBe("blob:/still/150");
    await drag(60);
    await pass(150);
    expect(picture()).toBe("blob:/still/90");
    expect(knob().getAttribute("aria-valuetext")).toMatch(/^1 minute ago|^60 seconds ago/);
    // Nothing stands for the gap: the nearest does.
    await drag(800);
    await pass(150);
    expect(picture()).toBe("blob:/still/1200");
  });

  it("plays a minute in a second, each still once, and into live", async () => {
    await show("camera");
    await drag(205);
    await letGo();
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 40; i++) {
      await pass(125);
      seen.push(picture());
    }
    const shown = seen.filter((one, index) => one?.includes("/still/") && one !== seen[index - 1]);
    expect(shown).toEqual(["blob:/still/210", "blob:/still/150", "blob:/still/90", "blob:/still/30"]);
    expect(fetched.filter((url) => url.includes("/still/"))).toHaveLength(4);
    expect(all(".pill")).toEqual([]);
  });

  it("jumps and steps from still to still", async () => {
    await show("camera");
    await drag(100);
    await letGo();
    button("Pause").click();
    await done();
    for (const [name, shown] of [
      ["5 s back", 210], ["5 s forward", 150], ["Next frame", 90], ["Previous frame", 150], ["Previous frame", 210],
    ] as const) {
      button(name).click();
      await pass(150);
      expect(picture()).toBe(`blob:/still/${shown}`);
    }
    const options = (all("select")[0] as HTMLSelectElement).querySelectorAll("option");
    expect([...options].map((one) => one.textContent)).toEqual(["1×", "10×", "60×", "300×"]);
    await press("End");
    expect(picture()).toBeUndefined();
  });

  it("shows a still that is saved meanwhile, and drops one that is deleted", async () => {
    await show("camera");
    await drag(600);
    hass.push({ type: "saved", kind: "snapshots", item: still(-20) });
    hass.push({ type: "deleted", media_content_id: still(90).media_content_id });
    await pass(20_000);
    await letGo();
    button("Pause").click();
    await done();
    await press("j");
    for (const shown of [210, 150, 30, -20]) {
      button("Next frame").click();
      await pass(150);
      expect(picture()).toBe(`blob:/still/${shown}`);
    }
  });

  it("saves no part, and no picture that is kept already", async () => {
    await show("camera");
    expect((button("Take snapshot") as HTMLButtonElement).disabled).toBe(false);
    await drag(100);
    expect((button("Take snapshot") as HTMLButtonElement).disabled).toBe(true);
    expect((button("Save the last 10 s") as HTMLButtonElement).disabled).toBe(true);
    expect(() => button("Mark a part")).toThrow("no button");
    await press("i");
    expect(all(".part")).toEqual([]);
  });

  it("stops while hidden, and has no bar without a history", async () => {
    await show("camera");
    await drag(100);
    await letGo();
    see(false);
    await done();
    expect(vi.getTimerCount()).toBe(0);
    expect(hass.subscribers.size).toBe(0);
    see(true);
    await done();
    await pass(150);
    expect(picture()).toBe("blob:/still/150");
    button("Live").click();
    become(withState(hass, "switch.h", "off"));
    await done();
    expect(all(".bar")).toEqual([]);
    expect(all("retrocam-footage")).toEqual([]);
  });
});
