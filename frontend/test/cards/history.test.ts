// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { RENEW } from "../../src/history/album";
import { dayOf as dayIn } from "../../src/localize/zone";
import { withState } from "../fake-hass";
import { all, BEGAN, become, button, card, done, hass, see, show, text } from "./stage";

describe("history card", () => {
  const stamp = BEGAN - 1000;
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

  it("lists the day, adds saved files, and removes deleted ones", async () => {
    await show("history");
    expect(text()).toContain("1 items");
    hass.push({ type: "saved", kind: "snapshots", item: raw(stamp + 500) });
    await done();
    expect(text()).toContain("2 items");
    hass.push({ type: "deleted", kind: "snapshots", media_content_id: `m${stamp}` });
    await done();
    expect(text()).toContain("1 items");
  });

  it("reloads after a lost connection, and keeps the viewer open", async () => {
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
    expect(text()).toContain("2 items");
    expect(viewed()).toBe(`m${stamp}`);
    hass.callWS.mockResolvedValue({ items: [], total: 0 });
    hass.reconnected.forEach((callback) => callback());
    await done();
    expect(text()).toContain("Nothing was saved");
  });

  it("keeps the loaded items and the open one while the page is hidden for a moment", async () => {
    vi.setSystemTime(new Date(2026, 10, 21, 20));
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
    const viewer = all("retrocam-viewer")[0] as Element & { item?: { id: string } };
    expect(viewer.item?.id).toBe(`m${times[700]}`);
    expect(grid().items).toHaveLength(800);
    const ribbon = all("retrocam-ribbon")[0] as Element & { loadedFrom: number };
    expect(ribbon.loadedFrom).toBe(times[799]);
  });

  it("moves to the neighbour of a deleted item, even if the event precedes the response", async () => {
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

  it("applies changes during a reload", async () => {
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
    expect(text()).toContain("1 items");
  });

  it("reloads before its signed URLs expire, while visible", async () => {
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
  });

  it("shows days and times of the server's zone where the profile says so", async () => {
    const zone = "Pacific/Kiritimati";
    const locale = { language: "en", time_zone: "server", time_format: "24" };
    const asked = () => (hass.callWS.mock.calls as { after?: string }[][]).map(([message]) => message!.after);
    await show("history");
    become({ ...hass, locale, config: { time_zone: zone } });
    await done();
    const { start } = dayIn(Date.now(), zone);
    expect(asked().at(-1)).toBe(new Date(start).toISOString());
    button("Previous day").click();
    await done();
    expect(asked().at(-1)).toBe(new Date(dayIn(start, zone, -1).start).toISOString());
    const field = all("input[type=date]")[0] as HTMLInputElement;
    field.value = "2026-03-04";
    field.dispatchEvent(new Event("change"));
    await done();
    expect(asked().at(-1)).toBe("2026-03-03T10:00:00.000Z");
  });

  it("switches to the next day at midnight, unless another day is shown", async () => {
    await show("history");
    const tomorrow = dayIn(Date.now(), undefined).end + 5;
    vi.setSystemTime(tomorrow);
    hass.callWS.mockResolvedValue({ items: [], total: 0 });
    hass.push({ type: "saved", kind: "snapshots", item: raw(tomorrow) });
    await done();
    const asked = () => hass.callWS.mock.calls.map(([message]) => (message as { after?: string }).after);
    expect(asked().at(-1)).toBe(new Date(dayIn(tomorrow, undefined).start).toISOString());
    button("Previous day").click();
    await done();
    hass.callWS.mockClear();
    hass.push({ type: "saved", kind: "snapshots", item: raw(tomorrow + 1) });
    await done();
    expect(asked()).toEqual([]);
  });

  describe("scrubbing the timeline", () => {
    const canvas = () => all("canvas")[0]!;
    const bubble = () => all(".bubble span").map((one) => one.textContent);
    const pointer = async (type: string, button = 0) => {
      canvas().dispatchEvent(Object.assign(new Event(type), { pointerId: 1, button, offsetX: 50 }));
      await done();
      // What lies there is asked for once the pointer rests.
      vi.advanceTimersByTime(1000);
      await done();
    };

    beforeEach(async () => {
      await show("history");
      Object.assign(canvas(), { setPointerCapture: () => undefined });
    });

    it.each(["pointerup", "pointercancel", "lostpointercapture"])("shows a preview until %s", async (end) => {
      await pointer("pointerdown");
      expect(bubble()).toHaveLength(1);
      // A server that never answers must not keep it open.
      hass.callWS.mockReturnValue(new Promise(() => undefined));
      await pointer(end);
      expect(bubble()).toEqual([]);
    });

    it("shows none for another button, whose release is not reported", async () => {
      await pointer("pointerdown", 2);
      expect(bubble()).toEqual([]);
    });

    it("shows none after it was removed from the page during the drag", async () => {
      await pointer("pointerdown");
      card.remove();
      document.body.append(card);
      see(true);
      await done();
      expect(bubble()).toEqual([]);
    });

    it("keeps its position when an item is added", async () => {
      await pointer("pointerdown");
      await pointer("pointerup");
      const grid = all("retrocam-grid")[0] as Element & { current: number };
      expect(grid.current).toBe(0);
      hass.push({ type: "saved", kind: "snapshots", item: raw(stamp + 500) });
      await done();
      expect(grid.current).toBe(1);
    });
  });

  it("shows the progress of a timelapse", async () => {
    await show("history");
    button("Timelapse").click();
    hass.push({ type: "progress", kind: "timelapses", state: "running", done: 21, total: 50 });
    await done();
    expect(button("Making the timelapse… 42%").disabled).toBe(true);
    hass.push({ type: "progress", kind: "timelapses", state: "saved", done: 50, total: 50 });
    await done();
    expect(button("Make timelapse").disabled).toBe(false);
  });

  it("offers a timelapse again if the end of the last one was missed", async () => {
    await show("history");
    button("Timelapse").click();
    hass.push({ type: "progress", kind: "timelapses", state: "running", done: 21, total: 50 });
    await done();
    hass.reconnected.forEach((callback) => callback());
    await done();
    expect(button("Make timelapse").disabled).toBe(false);
  });

  it("lists once the camera's entry is known", async () => {
    const there = hass;
    const { "camera.garden": _, ...entities } = hass.entities;
    become({ ...hass, entities });
    await show("history");
    expect(text()).toContain("Choose a Retrocam entity");
    expect(text()).not.toContain("Loading");
    become(there);
    await done();
    expect(text()).toContain("1 items");
    expect(hass.subscribers.size).toBe(1);
  });

  it("is subscribed only while visible", async () => {
    await show("history", {}, false);
    expect(hass.subscribers.size).toBe(0);
    see(true);
    await done();
    expect(hass.subscribers.size).toBe(1);
    see(false);
    await done();
    expect(hass.subscribers.size).toBe(0);
  });

  it("exports a timelapse of the chosen range", async () => {
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

  it("lists only the selected kinds", async () => {
    await show("history", { kinds: ["snapshots", "recordings"] });
    const kinds = () => hass.callWS.mock.calls.map(([message]) => (message as { kind?: string }).kind);
    expect(kinds()).toEqual(["snapshots", "recordings"]);
    hass.callWS.mockClear();
    button("Clips").click();
    await done();
    expect(kinds()).toEqual(["snapshots"]);
  });

  it("lists once the camera is available again", async () => {
    const answer = hass.callWS.getMockImplementation()!;
    hass.callWS.mockRejectedValue({ message: "not loaded" });
    const back = hass;
    become(withState(hass, "camera.garden", "unavailable"));
    await show("history");
    expect(text()).toContain("not loaded");
    hass.callWS.mockImplementation(answer);
    become(back);
    await done();
    expect(text()).toContain("1 items");
    expect(text()).not.toContain("not loaded");
    expect(hass.subscribers.size).toBe(1);
  });

  it("lists the files of an unavailable camera, even if the registry loads late", async () => {
    const there = withState(hass, "camera.garden", "unavailable");
    const { "camera.garden": _, ...entities } = there.entities;
    become({ ...there, entities });
    await show("history");
    become(there);
    await done();
    expect(text()).toContain("1 items");
  });

  it("shows why listing failed", async () => {
    hass.callWS.mockRejectedValue({ message: "not allowed" });
    await show("history");
    expect(text()).toContain("not allowed");
  });

  it("shows that the connection is lost, until it is back", async () => {
    const answer = hass.callWS.getMockImplementation()!;
    hass.callWS.mockRejectedValue({ type: "result", success: false, error: { code: 3, message: "Connection lost" } });
    await show("history");
    expect(text()).toContain("The connection to Home Assistant is lost");
    hass.callWS.mockImplementation(answer);
    hass.reconnected.forEach((callback) => callback());
    await done();
    expect(text()).toContain("1 items");
    expect(text()).not.toContain("connection");
  });
});
