// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { held, withState } from "../fake-hass";
import { asked, clock, dragTo, exact, frames, knob, letGo, NOW, pass, picture, pill, point, urls } from "./past-stage";
import { all, become, button, card, done, hass, see, show, sockets } from "./stage";

describe("rewinding", () => {
  it("loads nothing before the first touch, and nothing of another camera", async () => {
    await show("camera");
    await pass(60_000);
    expect(hass.fetched).toEqual([]);
    const other = { ...hass.entities["camera.garden"]!, platform: "other" };
    become({ ...hass, entities: { ...hass.entities, "camera.garden": other } });
    await done();
    expect(all(".bar")).toEqual([]);
  });

  it("shows pictures of the time under the pointer, and then the very frame", async () => {
    await show("camera");
    await dragTo(2, 8);
    expect(picture()!.getAttribute("src")).toMatch(/^blob:/);
    expect(pill()).toBe(`−8 s${clock(NOW - 8)}`);
    expect(exact()).toEqual([]);
    await pass(150);
    expect(exact()).toEqual([-8]);
    expect(knob().getAttribute("aria-valuetext")).toBe(`8 seconds ago, ${clock(NOW - 8)}`);
    // What comes in later does not replace it.
    const sharp = picture()!.src;
    await pass(50);
    expect(picture()!.src).toBe(sharp);
  });

  it("keeps what lies under a pointer at rest, while time goes on", async () => {
    await show("camera");
    await dragTo(20);
    await pass(3000);
    hass.footage = [[NOW - 57, NOW + 3]];
    hass.footageWatchers.forEach((callback) => callback(held(hass)));
    await pass(1000);
    await dragTo(20);
    expect(pill()).toContain(clock(NOW - 20));
  });

  describe("with what the lookback tells", () => {
    const told = (...spans: [number, number][]) => ({ ...hass.lookback, ...held({ ...hass, footage: spans }) });
    const report = async (...spans: [number, number][]) => {
      hass.footage = spans;
      hass.footageWatchers.forEach((callback) => callback(held(hass)));
      await done();
    };

    beforeEach(() => {
      hass.quick = false;
      hass.lookback = told([NOW - 60, NOW]);
    });

    it("shows the first picture without asking what is held", async () => {
      await show("camera");
      expect(hass.footageWatchers.size).toBe(0);
      point("pointerdown", 20);
      await done();
      expect(frames().map(asked)).toEqual([-20]);
      expect(picture()!.getAttribute("src")).toMatch(/^blob:/);
      expect(pill()).toBe(`−20 s${clock(NOW - 20)}`);
      expect(hass.footageWatchers.size).toBe(1);
      await report([NOW - 60, NOW]);
      // The strip, and nothing anew.
      expect(frames().length).toBeGreaterThan(2);
      expect(frames().map(asked).filter((ago) => ago === -20)).toHaveLength(1);
    });

    it("goes to what was not told yet as soon as it is known", async () => {
      await show("camera");
      await pass(5000);
      point("pointerdown", 3);
      await done();
      expect(frames().map(asked)).toEqual([expect.closeTo(-0.001)]);
      expect(pill()).toContain("−5 s");
      await report([NOW - 55, NOW + 5]);
      expect(frames().map(asked)[1]).toBe(2);
      expect(pill()).toBe(`−3 s${clock(NOW + 2)}`);
    });

    it("asks as long as nothing was told lately", async () => {
      await show("camera");
      await pass(8000);
      point("pointerdown", 20);
      await done();
      expect(frames()).toEqual([]);
      expect(picture()).toBeUndefined();
      await report([NOW - 52, NOW + 8]);
      expect(frames().map(asked)[0]).toBe(-12);
    });
  });

  it("shows at once what it has shown shortly before, and forgets it when hidden", async () => {
    await show("camera");
    await dragTo(20);
    button("Live").click();
    await done();
    expect(picture()).toBeUndefined();
    const count = hass.fetched.length;
    await pass(9000);
    expect(hass.fetched.length).toBe(count);
    hass.fetchWithAuth = () => new Promise(() => undefined);
    await dragTo(30);
    expect(picture()!.getAttribute("src")).toMatch(/^blob:/);
    button("Live").click();
    await done();
    expect(urls.size).toBeGreaterThan(1);
    see(false);
    await done();
    expect(urls.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("returns to live when let go at the right end", async () => {
    await show("camera");
    await dragTo(20, 1);
    await letGo();
    expect(pill()).toBe("");
    expect(knob().getAttribute("aria-valuetext")).toBe("Live");
  });

  it("shows the past as ASCII, and live again from the server", async () => {
    await show("camera");
    button("Show as ASCII").click();
    await done();
    expect(sockets.size).toBe(1);
    const screen = () => all("retrocam-screen")[0] as Element & { picture?: () => Element | undefined };
    expect(screen().picture).toBeUndefined();
    await dragTo(2, 8);
    // What runs in the page is enough.
    expect(sockets.size).toBe(0);
    expect(screen().picture!()).toBe(picture());
    button("Show as ASCII").click();
    await done();
    expect(all("retrocam-screen")).toEqual([]);
    expect(picture()).toBeDefined();
    button("Show as ASCII").click();
    button("Live").click();
    await done();
    expect(sockets.size).toBe(1);
  });

  it("has its bar in full screen as well", async () => {
    Object.defineProperty(Element.prototype, "requestFullscreen", { value: undefined, configurable: true });
    await show("camera");
    button("Full screen").click();
    await done();
    expect(all(".stage .caption retrocam-rewind")).toHaveLength(1);
    await dragTo(20);
    expect(pill()).toContain("−20 s");
    button("Leave full screen").click();
    await done();
    expect(all(".controls retrocam-rewind")).toHaveLength(1);
    expect(all(".bar")).toHaveLength(1);
  });

  it("stops everything while hidden, and shows the same moment again", async () => {
    await show("camera");
    await dragTo(20);
    await letGo();
    see(false);
    await done();
    expect(vi.getTimerCount()).toBe(0);
    expect(urls.size).toBe(0);
    const count = hass.fetched.length;
    await pass(5000);
    expect(hass.fetched.length).toBe(count);
    expect(hass.footageWatchers.size).toBe(0);
    see(true);
    await done();
    await pass(150);
    expect(exact().at(-1)).toBeCloseTo(-20, 0);
    expect(button("Play")).toBeDefined();
    card.remove();
    expect(vi.getTimerCount()).toBe(0);
    expect(urls.size).toBe(0);
  });

  it("keeps what is held of a camera that goes", async () => {
    await show("camera");
    await dragTo(20);
    await letGo();
    become(withState(hass, "camera.garden", "unavailable"));
    await pass(200);
    await pass(200);
    expect(picture()).toBeDefined();
    expect(pill()).toContain("−20 s");
  });
});
