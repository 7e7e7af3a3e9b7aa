// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "../../src/main";
import type { MediaBrowser } from "../../src/cards/media-browser";
import { TextLayer } from "../../src/cards/text-layer";
import type { Viewer } from "../../src/cards/viewer";
import { type FakeHass, fakeHass } from "../fake-hass";
import { idle } from "../idle";

describe("selectable text", () => {
  let card: HTMLElement;
  let pre: HTMLElement;
  let layer: TextLayer;
  let text: string;

  beforeEach(() => {
    card = document.createElement("div");
    const root = card.attachShadow({ mode: "open" });
    pre = document.createElement("pre");
    root.append(pre);
    document.body.append(card);
    text = "ab\ncd";
    layer = new TextLayer({
      element: pre,
      text: () => text,
      grid: () => ({ cols: 2, rows: 2 }),
      node: () => pre.firstChild ?? undefined,
      changed: () => {
        pre.textContent = layer.frozen ?? "";
      },
    });
  });

  afterEach(() => card.remove());

  const press = (target: Node) =>
    target.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));

  it("is shown while everything is selected, and hidden by a press elsewhere on the page", () => {
    layer.selectAll();
    expect(pre.textContent).toBe("ab\ncd");
    press(pre);
    press(card);
    expect(layer.frozen).toBe("ab\ncd");
    press(document.body);
    expect(pre.textContent).toBe("");
    expect(layer.style()).toBe("");
  });

  it("is not shown without a frame", () => {
    text = "";
    layer.selectAll();
    expect(layer.frozen).toBeUndefined();
  });
});

describe("media browser", () => {
  let hass: FakeHass;
  let browser: MediaBrowser;

  beforeEach(async () => {
    hass = fakeHass();
    const item = (id: string, play: boolean) => ({
      title: id, media_content_id: id, media_content_type: "", can_play: play, can_expand: !play,
      thumbnail: `/thumb/${id}`,
    });
    const root = { ...item("root", false), children: [item("folder", false), item("film", true)] };
    hass.callWS.mockImplementation(async (message: { type: string; path?: string }) =>
      message.type === "auth/sign_path" ? { path: `${message.path}?authSig=x` } : root,
    );
    browser = document.createElement("retrocam-browser") as MediaBrowser;
    Object.assign(browser, { hass, entityId: "media_player.p" });
    document.body.append(browser);
    browser.open = true;
    await idle();
  });

  afterEach(() => browser.remove());

  const pictures = () =>
    [...browser.renderRoot.querySelectorAll("img")].map((image) => image.getAttribute("src"));

  it("shows signed thumbnails of playable items, and icons of all else", () => {
    expect(pictures()).toEqual(["/thumb/film?authSig=x"]);
    expect(browser.renderRoot.querySelectorAll("li .icon")).toHaveLength(1);
  });

  it("falls back to an icon if a thumbnail cannot be loaded", async () => {
    browser.renderRoot.querySelector("img")!.dispatchEvent(new Event("error"));
    await idle();
    expect(pictures()).toEqual([]);
    expect(browser.renderRoot.querySelectorAll("li .icon")).toHaveLength(2);
  });

  it("moves the focus of the keyboard along with its list", async () => {
    const focused = () => (browser.renderRoot as ShadowRoot).activeElement;
    const items = () => [...browser.renderRoot.querySelectorAll<HTMLElement>("button.item")];
    items()[0]!.focus();
    items()[0]!.click();
    await idle();
    expect(focused()).toBe(items()[0]);
    browser.renderRoot.querySelector<HTMLElement>("[aria-label=Back]")!.click();
    await idle();
    expect(focused()).toBe(items()[0]);
  });

  it("keeps its folder and stays modal after it was moved in the page", async () => {
    browser.renderRoot.querySelector<HTMLElement>("button.item")!.click();
    await idle();
    const up = () => browser.renderRoot.querySelectorAll("[aria-label=Back]");
    expect(up()).toHaveLength(1);
    const dialog = browser.renderRoot.querySelector("dialog")!;
    const shown = vi.spyOn(dialog, "showModal");
    document.body.append(browser);
    await idle();
    expect(shown).toHaveBeenCalledOnce();
    expect(up()).toHaveLength(1);
    browser.open = false;
    await idle();
    expect(dialog.open).toBe(false);
  });
});

describe("viewer", () => {
  let viewer: Viewer;
  const item = {
    id: "m", kind: "recordings" as const, name: "f.mp4", time: 0, end: 0, size: 1, url: "/u?authSig=old", thumb: "/t",
  };
  const dialog = () => viewer.renderRoot.querySelector("dialog")!;
  const button = (label: string) =>
    [...viewer.renderRoot.querySelectorAll("button")].find(
      (one) => one.getAttribute("aria-label") === label || one.textContent.trim() === label,
    )!;
  const footer = () => viewer.renderRoot.querySelector("footer")!.textContent.trim();
  const link = new URL("/u?authSig=x", location.href).href;

  beforeEach(async () => {
    viewer = document.createElement("retrocam-viewer") as Viewer;
    Object.assign(viewer, { hass: fakeHass(), entityId: "camera.garden", item, hasNewer: true, hasOlder: true });
    document.body.append(viewer);
    await idle();
  });

  afterEach(() => {
    viewer.remove();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it("stays modal after it was moved in the page, as by turning a phone", async () => {
    const shown = vi.spyOn(dialog(), "showModal");
    viewer.remove();
    expect(dialog().open).toBe(false);
    document.body.append(viewer);
    await idle();
    expect([shown.mock.calls.length, dialog().open]).toEqual([1, true]);
    dialog().close();
    viewer.requestUpdate();
    await idle();
    expect(dialog().open).toBe(false);
  });

  it("shares a link with a new signature", async () => {
    const { clipboard } = navigator;
    const written = vi.spyOn(clipboard, "writeText").mockResolvedValue();
    vi.stubGlobal("navigator", { clipboard });
    button("Share link").click();
    await idle();
    expect(written).toHaveBeenCalledWith(link);
    expect(footer()).toContain("it works for a day");
  });

  it.each([[true, "Link copied"], [false, link]])("copies a link over plain HTTP, allowed %s: %s", async (allowed, words) => {
    vi.stubGlobal("navigator", {});
    let copied: string | undefined;
    document.execCommand = () => {
      copied = dialog().querySelector("textarea")?.value;
      return allowed;
    };
    button("Share link").click();
    await idle();
    expect(copied).toBe(link);
    expect(footer()).toContain(words);
    expect(dialog().querySelector("textarea")).toBeNull();
  });

  it.each([
    [206, "This browser cannot play this file"],
    [404, "This file is gone"],
    [502, "The connection to Home Assistant is lost"],
  ])("reports status %i: %s", async (status, words) => {
    const asked = vi.fn(async () => new Response("", { status }));
    vi.stubGlobal("fetch", asked);
    viewer.renderRoot.querySelector("video")!.dispatchEvent(new Event("error"));
    await idle();
    expect(asked).toHaveBeenCalledWith("/u?authSig=old", { headers: { Range: "bytes=0-0" } });
    expect(viewer.renderRoot.querySelector(".notice")!.textContent).toContain(words);
  });

  it("says which player shows a clip of which the browser plays the sound alone", async () => {
    vi.stubGlobal("fetch", vi.fn(async () => new Response("", { status: 206 })));
    const video = viewer.renderRoot.querySelector("video")!;
    Object.defineProperty(video, "videoWidth", { value: 320, configurable: true });
    video.dispatchEvent(new Event("loadedmetadata"));
    await idle();
    expect(viewer.renderRoot.querySelector(".notice")).toBeNull();
    Object.defineProperty(video, "videoWidth", { value: 0 });
    video.dispatchEvent(new Event("loadedmetadata"));
    await idle();
    expect(viewer.renderRoot.querySelector(".notice")!.textContent).toContain("VLC");
  });

  it("distinguishes an expired URL from a deleted file", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("Failed to fetch")));
    viewer.renderRoot.querySelector("video")!.dispatchEvent(new Event("error"));
    await idle();
    expect(viewer.renderRoot.querySelector(".notice")!.textContent).toContain("The connection to Home Assistant is lost");
    // The list is reloaded, and has a new URL for the same file.
    viewer.item = { ...viewer.item!, url: "/u?authSig=new" };
    await idle();
    expect(viewer.renderRoot.querySelector("video")!.getAttribute("src")).toBe("/u?authSig=new");
  });

  it("handles keys after the focused button was removed", async () => {
    const stepped = vi.fn();
    viewer.addEventListener("step", stepped);
    const pressed = (key: string) =>
      viewer.shadowRoot!.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    button("Newer").focus();
    viewer.hasNewer = false;
    await idle();
    pressed("ArrowLeft");
    expect(stepped).toHaveBeenCalledOnce();
    pressed("Delete");
    await idle();
    button("Keep").focus();
    button("Keep").click();
    await idle();
    pressed("ArrowLeft");
    expect(stepped).toHaveBeenCalledTimes(2);
  });
});
