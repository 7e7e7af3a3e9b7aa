// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { RENEW } from "../../src/history/album";
import { dayOf } from "../../src/history/day";
import { withState } from "../fake-hass";
import { all, become, button, card, done, hass, see, show, text } from "./stage";

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

  it("keeps all that was loaded, and what is open, while the page is hidden for a moment", async () => {
    vi.useFakeTimers({ now: new Date(2026, 10, 21, 20), toFake: ["Date"] });
    const times = Array.from({ length: 900 }, (_, i) => Date.now() - (i + 1) * 60_000);
    hass.callWS.mockImplementation(async (message: { type: string; kind: string; after: string; before: string; limit: number }) => {
      if (message.type === "auth/sign_path") return { path: "/signed" };
      const within = (time: number) => time >= Date.parse(message.after) && time < Date.parse(message.before);
      const found = message.kind === "snapshots" ? times.filter(within) : [];
      return { items: found.slice(0, message.limit).map(raw), total: found.length };
    });
    await show("history");
    const grid = () => all("retrocam-grid")[0] as Element & { items: unknown[] };
    for (let pages = 1; pages < 4; pages++) {
      grid().dispatchEvent(new CustomEvent("near-end"));
      await done();
    }
    grid().dispatchEvent(new CustomEvent("open", { detail: 700 }));
    await done();
    see(false);
    await done();
    see(true);
    await done();
    vi.useRealTimers();
    const viewer = all("retrocam-viewer")[0] as Element & { item?: { id: string } };
    expect(viewer.item?.id).toBe(`m${times[700]}`);
    expect(grid().items).toHaveLength(800);
    const ribbon = all("retrocam-ribbon")[0] as Element & { loadedFrom: number };
    expect(ribbon.loadedFrom).toBe(times[799]);
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

  it("asks again before its signed addresses end, as long as it is seen", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    await show("history");
    hass.callWS.mockClear();
    vi.advanceTimersByTime(RENEW - 1);
    expect(hass.callWS).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(hass.callWS).toHaveBeenCalled();
    see(false);
    hass.callWS.mockClear();
    vi.advanceTimersByTime(2 * RENEW);
    expect(hass.callWS).not.toHaveBeenCalled();
    expect(RENEW).toBeLessThan(24 * 3600_000);
    vi.useRealTimers();
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

  it("offers a timelapse again where it was not told of the end of the last one", async () => {
    await show("history");
    button("Timelapse").click();
    hass.push({ type: "progress", kind: "timelapses", state: "running", done: 21, total: 50 });
    await done();
    hass.reconnected.forEach((callback) => callback());
    await done();
    expect(button("Make timelapse").disabled).toBe(false);
  });

  it("lists once it is known whose camera it is", async () => {
    const there = hass;
    const { "camera.garden": _, ...entities } = hass.entities;
    become({ ...hass, entities });
    await show("history");
    expect(text()).toContain("Choose an entity of Retrocam");
    expect(text()).not.toContain("Loading");
    become(there);
    await done();
    expect(text()).toContain("1 kept");
    expect(hass.subscribers.size).toBe(1);
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

  it("lists what it could not while the camera was away, once it is back", async () => {
    const answer = hass.callWS.getMockImplementation()!;
    hass.callWS.mockRejectedValue({ message: "not loaded" });
    const back = hass;
    become(withState(hass, "camera.garden", "unavailable"));
    await show("history");
    expect(text()).toContain("not loaded");
    hass.callWS.mockImplementation(answer);
    become(back);
    await done();
    expect(text()).toContain("1 kept");
    expect(text()).not.toContain("not loaded");
    expect(hass.subscribers.size).toBe(1);
  });

  it("lists the files of a camera that is away also where its registry comes late", async () => {
    const there = withState(hass, "camera.garden", "unavailable");
    const { "camera.garden": _, ...entities } = there.entities;
    become({ ...there, entities });
    await show("history");
    become(there);
    await done();
    expect(text()).toContain("1 kept");
  });

  it("tells why there is no list", async () => {
    hass.callWS.mockRejectedValue({ message: "not allowed" });
    await show("history");
    expect(text()).toContain("not allowed");
  });

  it("tells that the link is lost, until it is there again", async () => {
    const answer = hass.callWS.getMockImplementation()!;
    hass.callWS.mockRejectedValue({ type: "result", success: false, error: { code: 3, message: "Connection lost" } });
    await show("history");
    expect(text()).toContain("The connection to Home Assistant is lost");
    hass.callWS.mockImplementation(answer);
    hass.reconnected.forEach((callback) => callback());
    await done();
    expect(text()).toContain("1 kept");
    expect(text()).not.toContain("connection");
  });
});
