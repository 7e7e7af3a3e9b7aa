// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import "../../src/main";
import type { MediaBrowser } from "../../src/cards/media-browser";
import { TextLayer } from "../../src/cards/text-layer";
import { type FakeHass, fakeHass } from "../fake-hass";

async function settled(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise((ready) => setImmediate(ready));
}

describe("text over the picture", () => {
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

  it("is there while all of it is selected, and goes with a press elsewhere on the page", () => {
    layer.selectAll();
    expect(pre.textContent).toBe("ab\ncd");
    press(pre);
    press(card);
    expect(layer.frozen).toBe("ab\ncd");
    press(document.body);
    expect(pre.textContent).toBe("");
    expect(layer.style()).toBe("");
  });

  it("does not come where there is no picture yet", () => {
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
    await browser.updateComplete;
    Object.assign(browser.renderRoot.querySelector("dialog")!, { showModal: () => undefined });
    browser.open = true;
    await settled();
  });

  afterEach(() => browser.remove());

  const pictures = () =>
    [...browser.renderRoot.querySelectorAll("img")].map((image) => image.getAttribute("src"));

  it("shows pictures of what plays, signed, and icons of all else", () => {
    expect(pictures()).toEqual(["/thumb/film?authSig=x"]);
    expect(browser.renderRoot.querySelectorAll("li .icon")).toHaveLength(1);
  });

  it("falls back to an icon where a picture cannot be loaded", async () => {
    browser.renderRoot.querySelector("img")!.dispatchEvent(new Event("error"));
    await settled();
    expect(pictures()).toEqual([]);
    expect(browser.renderRoot.querySelectorAll("li .icon")).toHaveLength(2);
  });
});
