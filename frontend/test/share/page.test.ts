// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ShareApi } from "../../src/share/api";
import "../../src/share/main";
import { Answer, idle } from "../idle";
import { FakeSocket, init, playing } from "../player/socket";

const BASE = "/retrocam/slug";
const NASTY = `<img src=x onerror="alert(1)">`;
const PLAYER = {
  kind: "player", title: "Living room", control: true, history: false, preset: "low", presets: ["low", "tall"],
  layout: null, layouts: [], main: null, members: [],
};
const GRID = {
  ...PLAYER, kind: "grid", title: "House", history: true, layout: "single", layouts: ["single", "quad"], main: "0",
  members: [{ id: "0", name: "Porch" }, { id: "1", name: NASTY }],
};

/** The server's responses, by path, and the requests received. */
let answers: Record<string, { status: number; body?: unknown }>;
let asked: [string, unknown][];
let sockets: FakeSocket[];
let page: HTMLElement;

class Socket extends FakeSocket {
  constructor(readonly url: string) {
    super();
    sockets.push(this);
  }
}

beforeEach(() => {
  // A lock-out is counted down, and much is tried again after a while, which passes on a busy machine.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance", "Date"] });
  answers = {};
  asked = [];
  sockets = [];
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("fetch", async (path: string, options?: RequestInit) => {
    const name = path.slice(BASE.length + 1).split("?")[0]!;
    asked.push([name, options?.body && JSON.parse(String(options.body))]);
    const { status, body } = answers[name] ?? { status: 200, body: {} };
    return new Answer(body === undefined ? null : JSON.stringify(body), { status });
  });
  sessionStorage.clear();
  document.body.dataset["base"] = BASE;
});

afterEach(() => {
  page.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function open(info?: object): Promise<void> {
  answers["info"] = info ? { status: 200, body: info } : { status: 401, body: { error: "locked" } };
  if (info) sessionStorage.setItem("retrocam-not-driving", "1");
  document.body.replaceChildren();
  page = document.createElement("retrocam-share");
  (page as unknown as { api: unknown }).api = new ShareApi(BASE);
  document.body.append(page);
  await idle();
}

const text = (): string => page.textContent!.replace(/\s+/g, " ");
const labels = (): string[] => [...page.querySelectorAll("button")].map(nameOf);
const nameOf = (button: Element): string =>
  (button.getAttribute("aria-label") ?? button.textContent!).replace(/\s+/g, " ").trim();

async function press(label: string): Promise<void> {
  const found = [...page.querySelectorAll("button")].find((button) => nameOf(button) === label);
  if (!found) throw new Error(`no button ${label} in ${labels().join(", ")}`);
  found.click();
  await idle();
}

async function type(key: string): Promise<void> {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  await idle();
}

async function plays(change: object = {}): Promise<void> {
  const socket = sockets[sockets.length - 1]!;
  socket.open();
  socket.receive({ ...init, title: "Clip", ...change });
  socket.receive(playing);
  await idle();
}

describe("entry", () => {
  it("shows the notice for drivers first, once a session, and then asks for the PIN", async () => {
    await open();
    expect(text()).toContain("For passengers only");
    expect(asked).toEqual([]);
    await press("I am not driving");
    expect(labels()).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "Delete the last digit", "0", "Unlock"]);
    page.remove();
    await open();
    expect(text()).not.toContain("For passengers only");
  });

  it("takes digits from fingers and keys alike, and shows errors", async () => {
    sessionStorage.setItem("retrocam-not-driving", "1");
    await open();
    answers["unlock"] = { status: 401, body: { error: "wrong_pin" } };
    await press("7");
    for (const key of ["8", "x", "9", "0", "1"]) await type(key);
    await press("Delete the last digit");
    await press("Unlock");
    expect(asked).toContainEqual(["unlock", { pin: "7890" }]);
    expect(page.querySelector("[role=alert]")!.textContent!.trim()).toBe("Wrong PIN");
    // Too short: no request is sent.
    for (const key of ["1", "2", "3"]) await type(key);
    const before = asked.length;
    await type("Enter");
    expect(asked.length).toBe(before);

    answers["unlock"] = { status: 429, body: { error: "locked_out", retry_after: 90 } };
    await type("4");
    await type("Enter");
    expect(text()).toContain("Too many wrong PINs Try again in 1:30");
    expect([...page.querySelectorAll(".keys button")].every((key) => key.hasAttribute("disabled"))).toBe(true);
  });

  it("opens with the right PIN", async () => {
    sessionStorage.setItem("retrocam-not-driving", "1");
    await open();
    for (const key of "1234") await type(key);
    answers["unlock"] = { status: 204 };
    answers["info"] = { status: 200, body: PLAYER };
    await type("Enter");
    expect(page.querySelector("h1")!.textContent).toBe("Living room");
    expect(document.title).toBe("Living room");
  });

  it("returns to the PIN when the cookie expires, and ends the streams", async () => {
    await open(PLAYER);
    await plays();
    answers["info"] = { status: 401, body: { error: "locked" } };
    sockets[0]!.lose();
    await idle();
    expect(text()).toContain("Access has ended. Enter the PIN again.");
    expect(page.querySelector("retrocam-share-screen")).toBeNull();
    expect(sockets.length).toBe(1);
  });

  it("locks on request", async () => {
    await open(PLAYER);
    answers["lock"] = { status: 204 };
    await press("Lock");
    expect(asked).toContainEqual(["lock", {}]);
    expect(text()).not.toContain("Access has ended");
    expect(labels()).toContain("Unlock");
  });
});

describe("player", () => {
  it("searches, and shows the status and errors", async () => {
    await open(PLAYER);
    sockets[0]!.open();
    sockets[0]!.receive(init);
    sockets[0]!.receive({ type: "state", state: "idle", error: null });
    await idle();
    expect(text()).toContain("Nothing is playing");
    expect(text()).toContain("Search for it below");
    const field = page.querySelector<HTMLInputElement>("input[type=search]")!;
    field.value = ` big ${NASTY} `;
    answers["play"] = { status: 400, body: { error: "geo_blocked", message: NASTY } };
    page.querySelector("form")!.dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
    await page.querySelector<HTMLElement & { updateComplete: Promise<unknown> }>("retrocam-share-player")!.updateComplete;
    expect(text()).toContain(`Looking for “big ${NASTY}”…`);
    await idle();
    expect(asked).toContainEqual(["play", { media: `big ${NASTY}` }]);
    expect(page.querySelector(".problem")!.textContent).toBe("This video is not available in your country.");
    expect(page.querySelector("img[src=x]")).toBeNull();
  });

  it("controls playback", async () => {
    await open(PLAYER);
    await plays({ title: NASTY });
    expect(page.querySelector(".state")!.textContent).toBe(`Playing: ${NASTY}`);
    await press("Pause");
    await press("Stop");
    await press("Tall");
    const knob = page.querySelector<HTMLInputElement>("input[aria-label=Position]")!;
    knob.value = "12";
    knob.dispatchEvent(new Event("change"));
    await type(" ");
    await idle();
    expect(asked.filter(([, body]) => body)).toEqual([
      ["pause", {}], ["stop", {}], ["preset", { preset: "tall" }], ["seek", { position: 12 }], ["pause", {}],
    ]);
    sockets[0]!.receive({ type: "state", state: "paused", error: null });
    await idle();
    expect(page.querySelector(".state")!.textContent).toBe("Paused");
    await press("Play");
    expect(asked).toContainEqual(["play", {}]);
  });

  it("lets guests without control only watch and listen", async () => {
    await open({ ...PLAYER, control: false });
    await plays();
    expect(labels().filter((label) => label !== "Full screen")).toEqual(["Lock", "Mute"]);
    await press("Mute");
    expect(labels()).toContain("Unmute");
    expect(page.querySelector("[type=search]")).toBeNull();
    expect(page.querySelector<HTMLInputElement>("[aria-label=Position]")!.disabled).toBe(true);
  });

  it("requests the stream again when the network is back", async () => {
    await open(PLAYER);
    await plays();
    answers["info"] = { status: 503 };
    window.dispatchEvent(new Event("online"));
    await idle();
    expect(text()).toContain("No connection, trying again");
    answers["info"] = { status: 200, body: PLAYER };
    window.dispatchEvent(new Event("online"));
    await idle();
    expect(text()).not.toContain("No connection");
    expect(sockets.length).toBe(2);
    expect(sockets[0]!.readyState).toBe(3);
  });
});

describe("camera and grid", () => {
  it("shows the picture or ASCII, in a size of the guest's own", async () => {
    await open({ ...GRID, kind: "camera", control: false });
    expect(page.querySelector("retrocam-share-live img")!.getAttribute("src")).toMatch(/^\/retrocam\/slug\/mjpeg\?n=/);
    expect(sockets).toEqual([]);
    await press("ASCII");
    expect(page.querySelector("retrocam-share-live")).toBeNull();
    expect((sockets[0] as Socket).url).toMatch(/^ws:.*\/retrocam\/slug\/cells$/);
    await press("Tall");
    expect((sockets[1] as Socket).url).toMatch(/cells\?preset=tall$/);
    expect(sockets[0]!.readyState).toBe(3);
    expect(labels()).not.toContain("Four");
    await press("Picture");
    expect(sockets[1]!.readyState).toBe(3);
  });

  it("reports too many open windows if a stream is refused for that", async () => {
    const full = { ...GRID, kind: "camera", full: true };
    await open(full);
    // One of the eight itself: it shows its picture, and no message.
    expect(text()).not.toContain("Too many windows");
    page.querySelector("retrocam-share-live img")!.dispatchEvent(new Event("error"));
    await idle();
    expect(page.querySelector(".lost")!.textContent).toBe("Too many windows of this page are open. Close one of them.");
    answers["info"] = { status: 200, body: { ...full, full: false } };
    page.querySelector("retrocam-share-live img")!.dispatchEvent(new Event("error"));
    await idle();
    expect(page.querySelector(".lost")!.textContent).toBe("No picture, trying again");
    answers["info"] = { status: 200, body: full };
    await press("ASCII");
    sockets[0]!.lose();
    await idle();
    window.dispatchEvent(new Event("online"));
    await idle();
    expect(page.querySelector(".state")!.textContent).toBe("Too many windows of this page are open. Close one of them.");
  });

  it("lets guests choose the layout of a grid", async () => {
    await open(GRID);
    await press(NASTY);
    await press("Four");
    expect(asked.filter(([name]) => name === "layout").map(([, body]) => body)).toEqual([
      { layout: "single", main: "1" }, { layout: "quad" },
    ]);
    expect(page.querySelector("img[src=x]")).toBeNull();
  });

  it("shows a snapshot and its neighbours", async () => {
    const item = (minute: number) => ({ filename: `${minute}.jpg`, timestamp: `2026-01-02T03:0${minute}:00.000Z` });
    answers["snapshots"] = { status: 200, body: [item(3), item(2), item(1)] };
    await open(GRID);
    await press("History");
    const thumbs = [...page.querySelectorAll<HTMLElement>(".thumb")];
    expect(thumbs.map((thumb) => thumb.querySelector("img")!.getAttribute("src"))).toEqual([
      `${BASE}/thumbnails/3.jpg`, `${BASE}/thumbnails/2.jpg`, `${BASE}/thumbnails/1.jpg`,
    ]);
    thumbs[1]!.click();
    await idle();
    const dialog = page.querySelector("dialog")!;
    const shown = () => dialog.querySelector("img")!.getAttribute("src");
    expect([dialog.open, shown()]).toEqual([true, `${BASE}/snapshots/2.jpg`]);
    dialog.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
    await idle();
    expect(shown()).toBe(`${BASE}/snapshots/1.jpg`);
    await press("Newer");
    await press("Newer");
    expect(shown()).toBe(`${BASE}/snapshots/3.jpg`);
    await press("Close");
    expect(dialog.open).toBe(false);
    await type("Escape");
    expect(page.querySelector(".thumb")).toBeNull();
  });
});
