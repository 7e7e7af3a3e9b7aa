// @vitest-environment happy-dom
import { describe, expect, it, vi } from "vitest";
import { announce } from "../../src/announce";
import { define } from "../../src/define";
import { act, messageOf } from "../../src/ha/actions";
import { entryIdOf, isRetrocam, nameOf, sibling, siblingState } from "../../src/ha/entities";
import { listMedia, parseItem, watchMedia } from "../../src/ha/media";
import { signPath, socketUrl } from "../../src/ha/sign";
import { follow, subscribe } from "../../src/ha/subscription";
import { add, fakeHass, withState } from "../fake-hass";
import { idle } from "../idle";

describe("entities", () => {
  it("on the same device are found by domain and key", () => {
    const hass = fakeHass({ "select.s": ["layout", "quad"] });
    expect(sibling(hass, "camera.garden", "select", "layout")).toBe("select.s");
    expect(sibling(hass, "select.s", "camera")).toBe("camera.garden");
    expect(sibling(hass, "camera.garden", "number", "interval_sec")).toBeUndefined();
    expect(sibling(hass, "camera.stranger", "select")).toBeUndefined();
    hass.entities["select.s"]!.platform = "other";
    expect(sibling(hass, "camera.garden", "select", "layout")).toBeUndefined();
  });

  it("that are unavailable count as missing", () => {
    const hass = fakeHass();
    expect(siblingState(hass, "camera.garden", "binary_sensor", "recording")?.state).toBe("off");
    const away = withState(hass, "binary_sensor.r", "unavailable");
    expect(siblingState(away, "camera.garden", "binary_sensor", "recording")).toBeUndefined();
  });

  it("have an entry and a name", () => {
    const hass = fakeHass({ "media_player.p": ["player", "idle", { friendly_name: "P" }] });
    expect(entryIdOf(hass, "camera.garden")).toBe("entry");
    expect(entryIdOf(hass, "media_player.p")).toBe("entry2");
    expect(entryIdOf(hass, "camera.none")).toBeUndefined();
    expect(nameOf(hass, "camera.garden")).toBe("Garden");
    expect(nameOf(hass, "camera.garden", "Mine")).toBe("Mine");
    hass.formatEntityName = () => "formatted";
    expect(nameOf(hass, "camera.garden", { type: "entity" })).toBe("formatted");
    expect(nameOf(hass, "camera.none")).toBe("camera.none");
    expect(isRetrocam(hass, "camera.garden", "camera")).toBe(true);
    expect(isRetrocam(hass, "camera.garden", "media_player")).toBe(false);
  });
});

describe("signing", () => {
  it("is requested once", async () => {
    const hass = fakeHass();
    expect(await signPath(hass, "/api/x")).toBe("/api/x?authSig=x");
    expect(await signPath(hass, "/api/x?authSig=y")).toBe("/api/x?authSig=y");
    expect(await signPath(hass, "https://elsewhere/x")).toBe("https://elsewhere/x");
    expect(hass.callWS).toHaveBeenCalledOnce();
  });

  it.each([["http://ha:8123/a", "ws://ha:8123/a"], ["https://ha/a", "wss://ha/a"]])("%s: %s", (url, socket) => {
    expect(socketUrl({ ...fakeHass(), hassUrl: () => url }, "/a")).toBe(socket);
  });
});

describe("actions", () => {
  it("return the entity's part of the response", async () => {
    const hass = fakeHass();
    hass.callService.mockResolvedValue({ response: { "camera.garden": { url: "/clip" } } });
    expect(await act(hass, "record", "camera.garden", { duration: 0 })).toEqual({ url: "/clip" });
    expect(hass.callService).toHaveBeenCalledWith(
      "retrocam", "record", { duration: 0 }, { entity_id: "camera.garden" }, false, true,
    );
  });

  const lost = { type: "result", success: false, error: { code: 3, message: "Connection lost" } };
  it.each([
    [{ code: "1", message: "full" }, "full"], [new Error("bad"), "bad"], ["odd", "odd"],
    [lost, "Die Verbindung zu Home Assistant ist unterbrochen"], [3, "Die Verbindung zu Home Assistant ist unterbrochen"],
    [{ error: { message: "inner" } }, "inner"],
  ])("that fail with %o: %s", (error, words) => {
    expect(messageOf({ language: "de" }, error)).toBe(words);
  });
});

describe("subscriptions", () => {
  it("end once, and are silent afterwards", async () => {
    const hass = fakeHass();
    const heard = vi.fn();
    const end = subscribe(hass, {}, heard, vi.fn());
    await Promise.resolve();
    hass.push({ a: 1 });
    end();
    end();
    hass.push({ a: 2 });
    expect(heard).toHaveBeenCalledExactlyOnceWith({ a: 1 });
    await idle();
    expect(hass.subscribers.size).toBe(0);
  });

  it("ended before the server answers end as soon as it does", async () => {
    const hass = fakeHass();
    subscribe(hass, {}, vi.fn(), vi.fn())();
    await idle();
    expect(hass.subscribers.size).toBe(0);
  });

  it("report a rejection, but not after their end", async () => {
    const hass = fakeHass();
    hass.connection.subscribeMessage = () => Promise.reject(new Error("no"));
    const failed = vi.fn();
    subscribe(hass, {}, vi.fn(), failed);
    subscribe(hass, {}, vi.fn(), failed)();
    await idle();
    expect(failed).toHaveBeenCalledOnce();
  });

  it("that are followed begin again after a refusal and a lost connection, until they end", async () => {
    vi.useFakeTimers();
    const hass = fakeHass();
    const { subscribeMessage } = hass.connection;
    hass.connection.subscribeMessage = vi.fn(() => Promise.reject(new Error("no")));
    const heard = vi.fn();
    const end = follow(hass, {}, 1000, heard);
    await vi.advanceTimersByTimeAsync(999);
    expect(heard.mock.calls).toEqual([[undefined]]);
    expect(hass.connection.subscribeMessage).toHaveBeenCalledOnce();
    hass.connection.subscribeMessage = subscribeMessage;
    await vi.advanceTimersByTimeAsync(1);
    hass.push({ a: 1 });
    expect(heard).toHaveBeenLastCalledWith({ a: 1 });

    hass.reconnected.forEach((missed) => missed());
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toHaveBeenLastCalledWith(undefined);
    expect(hass.subscribers.size).toBe(1);
    hass.push({ a: 2 });
    expect(heard).toHaveBeenCalledTimes(4);

    end();
    await vi.advanceTimersByTimeAsync(5000);
    expect(hass.subscribers.size).toBe(0);
    expect(hass.reconnected.size).toBe(0);
    hass.connection.subscribeMessage = vi.fn(() => Promise.reject(new Error("no")));
    const other = follow(hass, {}, 1000, heard);
    await vi.advanceTimersByTimeAsync(0);
    other();
    await vi.advanceTimersByTimeAsync(5000);
    expect(hass.connection.subscribeMessage).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });
});

describe("media", () => {
  const raw = {
    filename: "20260101T000000.000Z.mp4", timestamp: "2026-01-01T00:00:00.000Z", url: "/u", duration: 42,
    media_content_id: "media-source://retrocam/entry/recordings/x", size: 5,
  };
  const time = Date.UTC(2026, 0, 1);

  it("is listed by time and kind", async () => {
    const hass = fakeHass();
    hass.callWS.mockResolvedValue({ items: [raw], total: 9 });
    const page = await listMedia(hass, "entry", "recordings", { after: time, before: time + 1, limit: 3 });
    expect(page.total).toBe(9);
    expect(page.items[0]).toMatchObject({ time, end: time + 42_000, thumb: "/u", kind: "recordings" });
    expect(hass.callWS).toHaveBeenCalledWith({
      type: "retrocam/media/list", entry_id: "entry", kind: "recordings", limit: 3,
      after: "2026-01-01T00:00:00.000Z", before: "2026-01-01T00:00:00.001Z",
    });
    expect(() => parseItem({ ...raw, timestamp: "soon" }, "snapshots")).toThrow("soon");
  });

  it("changes by subscription", async () => {
    const hass = fakeHass();
    const watcher = { happened: vi.fn(), missed: vi.fn(), progress: vi.fn(), failed: vi.fn() };
    const end = watchMedia(hass, "entry", watcher);
    await Promise.resolve();
    hass.push({ type: "saved", kind: "recordings", item: raw });
    hass.push({ type: "deleted", kind: "recordings", media_content_id: "x" });
    hass.push({ type: "something new" });
    expect(watcher.happened.mock.calls).toEqual([
      [{ saved: expect.objectContaining({ time }) }], [{ deleted: "x" }],
    ]);
    hass.push({ type: "progress", kind: "timelapses", state: "running", done: 1, total: 4 });
    hass.push({ type: "progress", kind: "timelapses", state: "saved", done: 4, total: 4 });
    expect(watcher.progress.mock.calls).toEqual([[0.25], [undefined]]);
    expect(watcher.missed).not.toHaveBeenCalled();
    hass.push({ type: "reset" });
    hass.reconnected.forEach((callback) => callback());
    expect(watcher.missed).toHaveBeenCalledTimes(2);
    end();
    expect(hass.reconnected.size).toBe(0);
  });
});

describe("the page", () => {
  it("gets the cards registered once, with suggestions for their entities", () => {
    announce();
    announce();
    const cards = window.customCards!;
    expect(cards.map(({ type }) => type)).toEqual([
      "retrocam-camera-card", "retrocam-history-card", "retrocam-ascii-card",
    ]);
    const hass = fakeHass();
    add(hass, "media_player.p", "player", "idle");
    const suggested = (entity: string): number[] =>
      cards.flatMap((card, i) => (card.getEntitySuggestion(hass, entity) ? [i] : []));
    expect(suggested("camera.garden")).toEqual([0, 1]);
    expect(suggested("media_player.p")).toEqual([2]);
    expect(suggested("light.kitchen")).toEqual([]);
  });

  it("defines each element once", async () => {
    class One extends HTMLElement {}
    define("retrocam-one", One);
    define("retrocam-one", class extends HTMLElement {});
    expect(customElements.get("retrocam-one")).toBe(One);
    customElements.define("home-assistant", class extends HTMLElement {});
    await Promise.resolve();
    expect(customElements.get("retrocam-one")).toBe(One);
  });
});
