// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "../../src/main";
import type { AsciiCard } from "../../src/cards/ascii-card";
import type { CameraCard } from "../../src/cards/camera-card";
import { aspectOf, asciiForm, cameraForm, historyForm } from "../../src/cards/forms";
import type { HistoryCard } from "../../src/cards/history-card";
import { liveWay } from "../../src/cards/live";
import { positionOf } from "../../src/ha/player";
import { dayOf } from "../../src/history/day";
import { type FakeHass, fakeHass, withState } from "../fake-hass";

type Card = (CameraCard | HistoryCard | AsciiCard) & HTMLElement;

let observed: { callback: (entries: { isIntersecting: boolean }[]) => void }[];
let hass: FakeHass;
let card: Card;

class FakeObserver {
  constructor(readonly callback: (entries: { isIntersecting: boolean }[]) => void) {}
  observe(): void {
    observed.push(this);
  }
  disconnect(): void {
    observed = observed.filter((one) => one !== this);
  }
}

/** Sockets that cards have opened and not closed. */
const sockets = new Set<object>();
class FakeSocket {
  static readonly OPEN = 1;
  constructor() {
    sockets.add(this);
  }
  close(): void {
    sockets.delete(this);
  }
}

beforeEach(() => {
  observed = [];
  sockets.clear();
  vi.stubGlobal("IntersectionObserver", FakeObserver);
  vi.stubGlobal("WebSocket", FakeSocket);
  hass = fakeHass({
    "switch.l": ["lookback", "on"],
    "number.l": ["lookback_seconds", "60"],
    "media_player.p": ["player", "playing", { media_title: "Film", media_duration: 100, media_position: 5 }],
    "select.p": ["preset", "low", { options: ["low", "high"] }],
  });
});

afterEach(() => {
  card.remove();
  vi.unstubAllGlobals();
});

async function show(kind: string, config: object = {}, seen = true): Promise<void> {
  card = document.createElement(`retrocam-${kind}-card`) as Card;
  const entity = kind === "ascii" ? "media_player.p" : "camera.garden";
  card.setConfig({ type: "", entity, ...config });
  card.hass = hass;
  document.body.append(card);
  if (seen) see(true);
  await done();
}

function see(isIntersecting: boolean): void {
  observed.forEach((one) => one.callback([{ isIntersecting }]));
}

async function done(): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await card.updateComplete;
    await new Promise((ready) => setImmediate(ready));
  }
}

function all(selector: string, root: ParentNode = card.renderRoot as ShadowRoot): Element[] {
  const found = [...root.querySelectorAll(selector)];
  const inner = [...root.querySelectorAll("*")].filter((one) => one.shadowRoot);
  return [...found, ...inner.flatMap((one) => all(selector, one.shadowRoot!))];
}

function button(label: string): HTMLButtonElement {
  const found = all("button").find(
    (one) => one.getAttribute("aria-label") === label || one.textContent?.trim() === label,
  );
  if (!found) throw new Error(`no button: ${label}`);
  return found as HTMLButtonElement;
}

const text = (): string => (card.renderRoot as ShadowRoot).textContent!.replace(/\s+/g, " ");

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

  it("tells how much lookback is ready", async () => {
    await show("camera");
    expect(text()).toContain("58 s ready, 31 MB");
    card.hass = withState(hass, "switch.l", "off");
    await done();
    expect(text()).toContain("Lookback is off");
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
    card.hass = hass = withState(hass, "binary_sensor.r", "on");
    await done();
    button("+ 30 s more").click();
    await done();
    button("Stop recording").click();
    await done();
    expect(hass.callService.mock.calls.map((call) => call[1])).toEqual(["extend_recording", "stop_recording"]);
  });

  it("offers the layouts of a grid", async () => {
    hass = fakeHass({ "select.s": ["layout", "quad", { options: ["single", "quad"] }] });
    await show("camera");
    expect(button("Four").getAttribute("aria-checked")).toBe("true");
    button("Single").click();
    await done();
    expect(hass.callService).toHaveBeenCalledWith(
      "select", "select_option", { option: "single" }, { entity_id: "select.s" },
    );
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
});

describe("history card", () => {
  const stamp = Date.now() - 1000;
  const raw = (time: number) => ({
    filename: "f.jpg", timestamp: new Date(time).toISOString(), size: 1, url: `/u${time}`, thumbnail_url: `/t${time}`,
    media_content_id: `m${time}`,
  });

  beforeEach(() => {
    hass.callWS.mockImplementation(async (message: { type: string; kind?: string; path?: string }) => {
      if (message.type === "auth/sign_path") return { path: `${message.path}?authSig=x` };
      return message.kind === "snapshots" ? { items: [raw(stamp)], total: 1 } : { items: [], total: 0 };
    });
  });

  it("lists the day, grows as things are saved, and forgets what is deleted", async () => {
    await show("history");
    expect(text()).toContain("1 kept");
    hass.push({ type: "saved", kind: "snapshots", item: raw(stamp + 500) });
    await done();
    expect(text()).toContain("2 kept");
    hass.push({ type: "deleted", kind: "snapshots", media_content_id: `m${stamp}` });
    await done();
    expect(text()).toContain("1 kept");
  });

  it("asks again for what it may have missed, with the viewer as it is", async () => {
    await show("history");
    const viewed = () => (all("retrocam-viewer")[0] as Element & { item?: { id: string } }).item?.id;
    all("retrocam-grid")[0]!.dispatchEvent(new CustomEvent("open", { detail: 0 }));
    await done();
    expect(viewed()).toBe(`m${stamp}`);
    const later = { items: [raw(stamp + 500), raw(stamp)], total: 2 };
    hass.callWS.mockImplementation(async (message: { kind?: string }) =>
      message.kind === "snapshots" ? later : { items: [], total: 0 },
    );
    hass.push({ type: "reset" });
    await done();
    expect(text()).toContain("2 kept");
    expect(viewed()).toBe(`m${stamp}`);
    hass.callWS.mockResolvedValue({ items: [], total: 0 });
    hass.reconnected.forEach((callback) => callback());
    await done();
    expect(text()).toContain("Nothing was kept");
  });

  it("goes on to the neighbour of what is deleted, also where the news comes before the answer", async () => {
    await show("history");
    for (const later of [500, 700]) hass.push({ type: "saved", kind: "snapshots", item: raw(stamp + later) });
    const viewer = () => all("retrocam-viewer")[0] as Element & { item?: { id: string } };
    const open = async (index: number) => {
      all("retrocam-grid")[0]!.dispatchEvent(new CustomEvent("open", { detail: index }));
      await done();
    };
    await open(1);
    hass.push({ type: "deleted", kind: "snapshots", media_content_id: `m${stamp + 500}` });
    viewer().dispatchEvent(new CustomEvent("deleted", { detail: `m${stamp + 500}` }));
    await done();
    expect(viewer().item?.id).toBe(`m${stamp}`);
    viewer().dispatchEvent(new CustomEvent("deleted", { detail: `m${stamp}` }));
    await done();
    expect(viewer().item?.id).toBe(`m${stamp + 700}`);
    hass.push({ type: "deleted", kind: "snapshots", media_content_id: `m${stamp + 700}` });
    await done();
    expect(viewer().item).toBeUndefined();
  });

  it("hears what happens while it asks again", async () => {
    await show("history");
    let answer: ((page: object) => void) | undefined;
    hass.callWS.mockImplementation((message: { kind?: string }) =>
      message.kind === "timelapses"
        ? new Promise((resolve) => (answer = resolve))
        : Promise.resolve({ items: [], total: 0 }),
    );
    hass.push({ type: "reset" });
    hass.push({ type: "saved", kind: "snapshots", item: raw(stamp + 700) });
    await done();
    answer!({ items: [], total: 0 });
    await done();
    expect(text()).toContain("1 kept");
  });

  it("goes over to the next day at midnight, unless another day is looked at", async () => {
    await show("history");
    const tomorrow = dayOf(Date.now()).end + 5;
    vi.useFakeTimers({ now: tomorrow, toFake: ["Date"] });
    hass.callWS.mockResolvedValue({ items: [], total: 0 });
    hass.push({ type: "saved", kind: "snapshots", item: raw(tomorrow) });
    await done();
    const asked = () => hass.callWS.mock.calls.map(([message]) => (message as { after?: string }).after);
    expect(asked().at(-1)).toBe(new Date(dayOf(tomorrow).start).toISOString());
    button("Previous day").click();
    await done();
    hass.callWS.mockClear();
    hass.push({ type: "saved", kind: "snapshots", item: raw(tomorrow + 1) });
    await done();
    expect(asked()).toEqual([]);
    vi.useRealTimers();
  });

  describe("looked through along the ribbon", () => {
    const canvas = () => all("canvas")[0]!;
    const bubble = () => all(".bubble span").map((one) => one.textContent);
    const pointer = async (type: string, button = 0) => {
      canvas().dispatchEvent(Object.assign(new Event(type), { pointerId: 1, button, offsetX: 50 }));
      await done();
    };

    beforeEach(async () => {
      await show("history");
      Object.assign(canvas(), { setPointerCapture: () => undefined });
    });

    it.each(["pointerup", "pointercancel", "lostpointercapture"])("shows a bubble until %s", async (end) => {
      await pointer("pointerdown");
      expect(bubble()).toHaveLength(1);
      // A server that never answers must not keep it.
      hass.callWS.mockReturnValue(new Promise(() => undefined));
      await pointer(end);
      expect(bubble()).toEqual([]);
    });

    it("shows none for another button, whose release nobody tells of", async () => {
      await pointer("pointerdown", 2);
      expect(bubble()).toEqual([]);
    });

    it("shows none when it comes back after it was taken away in the midst of it", async () => {
      await pointer("pointerdown");
      card.remove();
      document.body.append(card);
      see(true);
      await done();
      expect(bubble()).toEqual([]);
    });

    it("keeps to what it was at when something is saved", async () => {
      await pointer("pointerdown");
      await pointer("pointerup");
      const grid = all("retrocam-grid")[0] as Element & { current: number };
      expect(grid.current).toBe(0);
      hass.push({ type: "saved", kind: "snapshots", item: raw(stamp + 500) });
      await done();
      expect(grid.current).toBe(1);
    });
  });

  it("tells how far a timelapse is", async () => {
    await show("history");
    button("Timelapse").click();
    hass.push({ type: "progress", kind: "timelapses", state: "running", done: 21, total: 50 });
    await done();
    expect(button("Making the timelapse… 42%").disabled).toBe(true);
    hass.push({ type: "progress", kind: "timelapses", state: "saved", done: 50, total: 50 });
    await done();
    expect(button("Make timelapse").disabled).toBe(false);
  });

  it("is subscribed only while it is seen", async () => {
    await show("history", {}, false);
    expect(hass.subscribers.size).toBe(0);
    see(true);
    await done();
    expect(hass.subscribers.size).toBe(1);
    see(false);
    await done();
    expect(hass.subscribers.size).toBe(0);
  });

  it("makes a timelapse of the chosen time", async () => {
    hass.callService.mockResolvedValue({ response: { "camera.garden": { url: "/lapse.mp4" } } });
    await show("history");
    button("Timelapse").click();
    await done();
    const form = all("form")[0] as HTMLFormElement;
    form.dispatchEvent(new Event("submit", { cancelable: true }));
    await done();
    const [, action, data] = hass.callService.mock.calls[0]!;
    expect(action).toBe("export_timelapse");
    expect(data).toMatchObject({ fps: 25, start: expect.stringMatching(/Z$/), end: expect.stringMatching(/Z$/) });
    expect(text()).toContain("The timelapse is ready");
  });

  it("lists only what is switched on", async () => {
    await show("history", { kinds: ["snapshots", "recordings"] });
    const kinds = () => hass.callWS.mock.calls.map(([message]) => (message as { kind?: string }).kind);
    expect(kinds()).toEqual(["snapshots", "recordings"]);
    hass.callWS.mockClear();
    button("Clips").click();
    await done();
    expect(kinds()).toEqual(["snapshots"]);
  });

  it("tells why there is no list", async () => {
    hass.callWS.mockRejectedValue({ message: "not allowed" });
    await show("history");
    expect(text()).toContain("not allowed");
  });
});

describe("ASCII card", () => {
  it("plays what is asked for", async () => {
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

  it("changes the preset at the server, and the look without it", async () => {
    await show("ascii");
    button("Look").click();
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

  it("shows a camera without the controls of a player", async () => {
    await show("ascii", { entity: "camera.garden" });
    expect(all("input[type=search]")).toEqual([]);
    expect(all("button").some((one) => one.getAttribute("aria-label") === "Stop")).toBe(false);
  });

  it("knows where the media is", () => {
    const state = (attributes: object, now = "playing") => ({ entity_id: "", state: now, attributes }) as never;
    const updated = { media_position: 10, media_position_updated_at: "2026-01-01T00:00:00Z", media_duration: 15 };
    const at = Date.UTC(2026, 0, 1);
    expect(positionOf(state(updated), at + 2000)).toBe(12);
    expect(positionOf(state(updated, "paused"), at + 2000)).toBe(10);
    expect(positionOf(state(updated), at + 60_000)).toBe(15);
    expect(positionOf(state({}), at)).toBe(0);
  });
});

describe("editors", () => {
  it.each([["camera", cameraForm()], ["history", historyForm()], ["ascii", asciiForm()]])(
    "of the %s card have a label in words for every field",
    (_kind, form) => {
      card = document.createElement("retrocam-camera-card") as Card;
      for (const field of form.schema) expect(form.computeLabel(field)).not.toBe(field.name);
      expect(form.computeLabel({ name: "unheard" })).toBe("unheard");
      expect(form.schema[0]).toMatchObject({ name: "entity", required: true });
    },
  );

  it("get a first configuration that fits", () => {
    card = document.createElement("retrocam-camera-card") as Card;
    const entities = ["light.x", "camera.garden", "media_player.p"];
    for (const [kind, entity] of [["camera", "camera.garden"], ["history", "camera.garden"], ["ascii", "media_player.p"]]) {
      const element = customElements.get(`retrocam-${kind}-card`) as unknown as typeof CameraCard;
      expect(element.getStubConfig(hass, entities)).toEqual({ entity });
    }
    // A player that has a card already is better than a camera that has none.
    const ascii = customElements.get("retrocam-ascii-card") as unknown as typeof AsciiCard;
    expect(ascii.getStubConfig(hass, ["camera.garden"], ["media_player.p"])).toEqual({ entity: "media_player.p" });
  });

  it.each([["4:3", "4 / 3"], ["1.78", "1.78 / 1"], ["21/9", "21 / 9"], ["wide", "16 / 9"], [undefined, "16 / 9"], ["0:3", "16 / 9"]])(
    "read the shape %s as %s",
    (given, aspect) => {
      card = document.createElement("retrocam-camera-card") as Card;
      expect(aspectOf(given)).toBe(aspect);
    },
  );

  it.each([
    ["auto", 2, true, "player"], ["auto", 2, false, "mjpeg"], ["auto", 0, true, "mjpeg"], ["still", 2, true, "still"],
    ["mjpeg", 2, true, "mjpeg"], ["hls", 2, true, "player"],
  ] as const)("live %s with features %i and player %s: %s", (mode, features, has, way) => {
    card = document.createElement("retrocam-camera-card") as Card;
    const state = { entity_id: "", state: "", attributes: { supported_features: features } };
    expect(liveWay(state, mode, has)).toBe(way);
  });
});
