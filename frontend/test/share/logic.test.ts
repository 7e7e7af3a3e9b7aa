// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { infoOf, LockedError, LockedOutError, RefusedError, ShareApi, UnreachableError } from "../../src/share/api";
import { AutoHide, PATIENCE } from "../../src/share/auto-hide";
import { PinEntry } from "../../src/share/pin-entry";
import { STILL, Stillness } from "../../src/stillness";
import { Watch } from "../../src/share/watch";
import { errorText, supportedLanguage } from "../../src/share/words";
import { belongs } from "../../text-filter";
import { idle } from "../idle";

const BASE = "/retrocam/slug";
const info = { kind: "camera", title: "Porch", control: false, history: true, presets: ["low"], members: [] };

class Timers {
  waiting = new Map<number, { callback: () => void; ms: number }>();
  private id = 0;
  setTimer = (callback: () => void, ms: number): number => {
    this.waiting.set(++this.id, { callback, ms });
    return this.id;
  };
  clearTimer = (id: number): void => void this.waiting.delete(id);
  /** Advances the time, and returns how long it was. */
  async fire(): Promise<number[]> {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    all.forEach(({ callback }) => callback());
    await idle();
    return all.map(({ ms }) => ms);
  }
}

function server(status: number, body?: unknown, headers = {}) {
  const fetcher = vi.fn(async (_path: string, _init?: RequestInit) => {
    return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
  });
  return { fetcher, api: new ShareApi(BASE, fetcher as unknown as typeof fetch) };
}

describe("api", () => {
  it("unlocks with the PIN, below the page's own path only", async () => {
    const { api, fetcher } = server(204);
    await api.unlock("0123");
    expect(fetcher.mock.calls[0]![0]).toBe("/retrocam/slug/unlock");
    expect(fetcher.mock.calls[0]![1]).toMatchObject({ method: "POST", body: '{"pin":"0123"}' });
  });

  it("sends the token of the page with the PIN, that of the guest afterwards", async () => {
    vi.stubGlobal("location", { href: "http://cam.example:8080/retrocam/slug" });
    const sent: unknown[] = [];
    const api = new ShareApi(
      BASE,
      async (path, init) => {
        sent.push([String(path).slice(BASE.length), new Headers(init?.headers).get("X-Retrocam-Token")]);
        return new Response(JSON.stringify({ ...info, token: "guest" }));
      },
      "page",
    );
    expect(api.cellsUrl()).not.toContain("token");
    await api.unlock("0123");
    await api.info();
    await api.command("stop");
    await api.unlock("0123");
    expect(sent).toEqual([["/unlock", "page"], ["/info", null], ["/stop", "guest"], ["/unlock", "page"]]);
    expect(api.cellsUrl("low")).toBe("ws://cam.example:8080/retrocam/slug/cells?preset=low&token=guest");
    vi.unstubAllGlobals();
    const refused = server(403, { error: "other_host" });
    await expect(refused.api.unlock("1")).rejects.toEqual(new RefusedError("other_host"));
    expect(errorText(new RefusedError("other_host"))).toContain("Host");
  });

  it("distinguishes a wrong PIN, a lock-out and a silent server", async () => {
    const wrong = server(401, { error: "wrong_pin" });
    wrong.api.onLocked = vi.fn();
    await expect(wrong.api.unlock("1")).rejects.toEqual(new RefusedError("wrong_pin"));
    // The pad is already shown.
    expect(wrong.api.onLocked).not.toHaveBeenCalled();
    const out = server(429, { error: "locked_out", retry_after: 29.2 });
    await expect(out.api.unlock("1")).rejects.toMatchObject({ name: "LockedOutError", seconds: 30 });
    const header = server(429, undefined, { "Retry-After": "7" });
    await expect(header.api.unlock("1")).rejects.toMatchObject({ seconds: 7 });
    await expect(server(429).api.unlock("1")).rejects.toBeInstanceOf(LockedOutError);
    await expect(server(502).api.unlock("1")).rejects.toBeInstanceOf(UnreachableError);
  });

  it("reports a rejected cookie once, whatever was requested", async () => {
    for (const ask of [(api: ShareApi) => api.info(), (api: ShareApi) => api.command("stop")]) {
      const { api } = server(401, { error: "locked" });
      api.onLocked = vi.fn();
      await expect(ask(api)).rejects.toBeInstanceOf(LockedError);
      expect(api.onLocked).toHaveBeenCalledTimes(1);
    }
  });

  it("passes on why a command was refused", async () => {
    await expect(server(400, { error: "drm", message: "<b>" }).api.command("play")).rejects.toEqual(
      new RefusedError("drm"),
    );
    await expect(server(403).api.command("play")).rejects.toEqual(new RefusedError("forbidden"));
    await expect(server(400).api.command("play")).rejects.toEqual(new RefusedError("unknown"));
  });

  it("is unreachable when the network fails, or when a proxy answers", async () => {
    const api = new ShareApi(BASE, () => Promise.reject(new TypeError("failed to fetch")));
    await expect(api.info()).rejects.toBeInstanceOf(UnreachableError);
    await expect(server(200, "<html>hotel</html>").api.info()).rejects.toBeInstanceOf(UnreachableError);
    expect(() => infoOf({ kind: "toaster" })).toThrow(UnreachableError);
  });

  it("gives up on a response that does not come", async () => {
    vi.useFakeTimers();
    const api = new ShareApi(BASE, (_path, init) => {
      return new Promise((_, fail) => init!.signal!.addEventListener("abort", () => fail(init!.signal!.reason)));
    });
    const asked = expect(api.info()).rejects.toBeInstanceOf(UnreachableError);
    await vi.advanceTimersByTimeAsync(10_000);
    await asked;
    vi.useRealTimers();
  });

  it("ignores unknown values of an info", () => {
    expect(infoOf({ ...info, main: 3, members: [{ id: "0", name: "<i>" }, null] })).toEqual({
      kind: "camera", title: "Porch", control: false, history: true, rewind: 0, preset: null, presets: ["low"],
      layout: null, layouts: [], main: null, full: false, members: [{ id: "0", name: "<i>" }, { id: "undefined", name: "undefined" }],
    });
  });

  it("lists snapshots before a time", async () => {
    const { api, fetcher } = server(200, [
      { filename: "b.jpg", timestamp: "2026-01-02T03:04:05.000Z", url: "x" },
      { filename: "a.jpg", timestamp: "soon" },
      "nonsense",
    ]);
    expect(await api.snapshots(2, "2026-01-03T00:00:00.000Z")).toEqual([
      { filename: "b.jpg", time: 1_767_323_045_000, timestamp: "2026-01-02T03:04:05.000Z" },
    ]);
    expect(fetcher.mock.calls[0]![0]).toBe(
      "/retrocam/slug/snapshots?limit=2&before=2026-01-03T00%3A00%3A00.000Z",
    );
  });
});

describe("PIN", () => {
  it("holds digits only, at most twelve", () => {
    const entry = new PinEntry(() => 0);
    entry.add("12 a");
    expect(entry.complete).toBe(false);
    entry.add("3456-7890123");
    expect(entry.digits).toBe("123456789012");
    expect(entry.complete).toBe(true);
    entry.remove();
    expect(entry.digits).toBe("12345678901");
  });

  it("accepts nothing during a lock-out", () => {
    let now = 0;
    const entry = new PinEntry(() => now);
    entry.add("1234");
    entry.lockOut(30);
    expect(entry.digits).toBe("");
    now = 29_001;
    entry.add("1234");
    expect([entry.digits, entry.secondsLeft]).toEqual(["", 1]);
    now = 30_000;
    entry.add("1234");
    expect([entry.complete, entry.secondsLeft]).toEqual([true, 0]);
  });
});

describe("auto-hide", () => {
  it("hides the controls after a while, and shows them at a touch", async () => {
    const timers = new Timers();
    const changed = vi.fn();
    const autoHide = new AutoHide(timers, changed);
    autoHide.touch();
    autoHide.touch();
    expect(timers.waiting.size).toBe(1);
    expect(await timers.fire()).toEqual([PATIENCE]);
    expect(changed.mock.calls).toEqual([[false]]);
    autoHide.touch();
    expect(changed.mock.calls).toEqual([[false], [true]]);
    autoHide.close();
    expect(timers.waiting.size).toBe(0);
  });

  it("stays open while there is a reason", async () => {
    const timers = new Timers();
    const autoHide = new AutoHide(timers, () => undefined);
    autoHide.hold("typing", true);
    autoHide.hold("state", true);
    autoHide.touch();
    expect(timers.waiting.size).toBe(0);
    autoHide.hold("typing", false);
    expect(timers.waiting.size).toBe(0);
    autoHide.hold("state", false);
    await timers.fire();
    expect(autoHide.shown).toBe(false);
    autoHide.hold("state", true);
    expect(autoHide.shown).toBe(true);
  });
});

describe("stillness", () => {
  it("is detected after a while, and again after the same time", () => {
    const stillness = new Stillness();
    const seen = (sample: string, ...times: number[]) => times.map((now) => stillness.update(sample, now));
    expect(seen("a", 1000, 2000, STILL + 999)).toEqual([false, false, false]);
    // A moving picture is never still.
    expect(seen("b", STILL + 1000, 2 * STILL + 999)).toEqual([false, false]);
    expect(seen("b", 2 * STILL + 1000, 2 * STILL + 2000, 3 * STILL + 1000)).toEqual([true, false, true]);
  });
});

describe("watch", () => {
  function watching(ask: () => Promise<unknown>) {
    const timers = new Timers();
    const events: string[] = [];
    const watch = new Watch(ask as never, timers, {
      info: () => events.push("info"),
      lost: () => events.push("lost"),
      back: () => events.push("back"),
    });
    return { timers, events, watch };
  }

  it("reports when the server is lost, and when it is back", async () => {
    let up = true;
    const { timers, events, watch } = watching(async () => {
      if (!up) throw new UnreachableError("away");
      return info;
    });
    watch.start();
    expect(await timers.fire()).toEqual([10_000]);
    up = false;
    await timers.fire();
    expect(await timers.fire()).toEqual([2000]);
    up = true;
    await timers.fire();
    expect(events).toEqual(["info", "lost", "info", "back"]);
    watch.stop();
    expect(timers.waiting.size).toBe(0);
  });

  it("ends when the page is locked, and ignores later responses", async () => {
    const locked = watching(() => Promise.reject(new LockedError("locked")));
    await locked.watch.look();
    expect([locked.events, locked.timers.waiting.size]).toEqual([[], 0]);
    let answer: (value: unknown) => void = () => undefined;
    const late = watching(() => new Promise((done) => (answer = done)));
    const looked = late.watch.look();
    late.watch.stop();
    answer(info);
    await looked;
    expect([late.events, late.timers.waiting.size]).toEqual([[], 0]);
  });
});

describe("language", () => {
  it("is the browser's, if it is available", () => {
    expect(["de-AT", "en-US@posix", ""].map(supportedLanguage)).toEqual(["de-AT", "en", "en"]);
  });
});

describe("bundle", () => {
  const SHARE = join(import.meta.dirname, "../../src/share");
  const sources = readdirSync(SHARE).filter((name) => name.endsWith(".ts"));
  const code = sources.map((name) => readFileSync(join(SHARE, name), "utf8")).join("\n");

  it("has every text that the page uses", () => {
    const keys = [...code.matchAll(/\bt\(\s*"([^"]+)"|\? "([a-z_]+\.[a-z_]+)" : "([a-z_]+\.[a-z_]+)"/g)];
    const asked = keys.flatMap((found) => found.slice(1)).filter((key) => key !== undefined);
    expect(asked.length).toBeGreaterThan(40);
    for (const key of asked) expect(belongs("share", key), key).toBe(true);
    for (const key of ["screen.idle", "play_error.drm", "preset.low", "layout.quad"]) {
      expect(belongs("share", key)).toBe(true);
    }
    expect(belongs("cards", "share.pin")).toBe(false);
    expect(belongs("share", "history.day")).toBe(false);
  });

  it("complies with the content security policy, and with browsers in cars", () => {
    const shell = readFileSync(join(import.meta.dirname, "../../share/share.html"), "utf8");
    for (const text of [code, shell]) {
      expect(text).not.toMatch(/\sstyle=|<style|<select|<video|https?:\/\/|unsafeHTML|innerHTML|eval\(/);
    }
    expect(shell).not.toMatch(/<script>|\son\w+=/);
    for (const [, address] of shell.matchAll(/(?:src|href)="([^"]*)"/g)) expect(address).toMatch(/^{{base}}\/assets\/share/);
  });
});
