// @vitest-environment happy-dom
import { describe, expect, it, vi } from "vitest";
import { dragTo, exact, knob, letGo, NOW, pass, picture, pill, point, press, urls } from "./past-stage";
import { all, button, done, hass, show, text } from "./stage";

describe("rewinding", () => {
  /** Lets time pass frame by frame, each of which is asked for and shown. */
  const play = async (frames: number) => {
    for (let i = 0; i < frames; i++) {
      const count = exact().length;
      vi.advanceTimersByTime(125);
      await done();
      expect(exact().length).toBe(count + 1);
    }
    await done();
  };
  it("plays on when let go, one frame after the other", async () => {
    await show("camera");
    await dragTo(8);
    await letGo();
    await play(8);
    const played = exact();
    expect(played[0]).toBe(-8);
    expect(played.at(-1)! - played[0]!).toBeCloseTo(1);
    expect(button("Pause")).toBeDefined();
    button("Live").click();
    await done();
    expect(picture()).toBeUndefined();
    expect((knob().getRootNode() as ShadowRoot).activeElement).toBe(knob());
    const count = hass.fetched.length;
    await pass(10_000);
    expect(hass.fetched.length).toBe(count);
    expect(urls.size).toBe(0);
  });

  it("plays four times as fast, and into live", async () => {
    await show("camera");
    await dragTo(8);
    await letGo();
    const select = all("select")[0] as HTMLSelectElement;
    select.value = "4";
    select.dispatchEvent(new Event("change"));
    await done();
    const from = exact().at(-1)!;
    await play(8);
    expect(exact().at(-1)! - from).toBeCloseTo(4);
    for (let i = 0; i < 8; i++) await pass(500);
    expect(pill()).toBe("");
  });

  it("skips a gap", async () => {
    hass.footage = [[NOW - 60, NOW - 40], [NOW - 30, NOW]];
    await show("camera");
    await dragTo(41);
    await letGo();
    await play(16);
    expect(exact().every((ago) => ago < -40 || ago >= -30)).toBe(true);
    expect(exact().at(-1)!).toBeGreaterThanOrEqual(-30);
    expect(all(".kept")).toHaveLength(2);
  });

  it("steps over a gap, forward and back", async () => {
    hass.footage = [[NOW - 60, NOW - 40], [NOW - 30, NOW]];
    await show("camera");
    await dragTo(40.02);
    await letGo();
    button("Pause").click();
    await done();
    const ago = () => Number(pill() && knob().getAttribute("aria-valuenow"));
    expect(ago()).toBe(-40);
    button("Next frame").click();
    await done();
    expect(ago()).toBe(-30);
    button("Next frame").click();
    await done();
    expect(ago()).toBe(-30);
    for (let i = 0; i < 2; i++) {
      button("Previous frame").click();
      await done();
    }
    expect(ago()).toBe(-40);
  });

  it("steps by the frame, and jumps by five seconds", async () => {
    await show("camera");
    await press("ArrowLeft");
    await press("PageDown");
    await press("PageDown");
    await pass(150);
    expect(exact().at(-1)).toBeCloseTo(-12);
    button("Previous frame").click();
    await done();
    const shown = () => Number(pill() && knob().getAttribute("aria-valuenow"));
    expect(exact().at(-1)).toBeCloseTo(-12.001);
    button("Next frame").click();
    await done();
    // From -12.04 to -12: the first guess is still the same frame.
    expect(exact().slice(-2)[0]).toBeCloseTo(-12.02);
    expect(exact().at(-1)).toBeCloseTo(-11.995);
    expect(shown()).toBe(-12);
    await press("l");
    expect(shown()).toBe(-7);
    await press("Home");
    expect(shown()).toBe(-59);
    await press("End");
    expect(knob().getAttribute("aria-valuetext")).toBe("Live");
  });

  it.each([0, 0.0002, 0.0004, 0.00045, 0.00055, 0.0006, 0.0008, 0.00095])(
    "steps back from a frame whose time is told in whole milliseconds, %f s off",
    async (off) => {
      // As Home Assistant answers: a frame counts from a little before its time.
      const told: number[] = [];
      hass.fetchWithAuth = async (path) => {
        const at = Number(new URL(path, "http://ha").searchParams.get("at"));
        const time = (NOW + Math.floor((at + 0.0006 - NOW - off) / 0.04) * 0.04 + off).toFixed(3);
        if (!path.includes("fast")) told.push(Number(time));
        const headers = new Headers({ "X-Retrocam-Time": time });
        return { ok: true, status: 200, headers, blob: async () => new Blob(["x"]) } as Response;
      };
      await show("camera");
      await dragTo(20);
      await pass(150);
      for (const name of ["Next frame", "Previous frame", "Previous frame"]) {
        button(name).click();
        await done();
      }
      const [next, first, second] = told.slice(-3).map((time) => time - NOW);
      expect(next! - first!).toBeCloseTo(0.04, 2);
      expect(first! - second!).toBeCloseTo(0.04, 2);
    },
  );

  it("plays and pauses with the space bar, and marks with i and o", async () => {
    await show("camera");
    await press("j");
    await press(" ");
    expect(button("Pause")).toBeDefined();
    await press(" ");
    expect(button("Play")).toBeDefined();
    await press("j");
    await press("i");
    await press("l");
    await press("o");
    expect(button("Save 5 s")).toBeDefined();
    await press("Escape");
    expect(button("Save the last 10 s")).toBeDefined();
  });

  it("saves exactly the marked part, and says if it starts early", async () => {
    await show("camera");
    await dragTo(30);
    await letGo();
    button("Pause").click();
    button("Mark a part").click();
    await done();
    expect(button("Save 10 s")).toBeDefined();
    point("pointerdown", 25, all("[data-grip=end]")[0] as HTMLElement);
    point("pointermove", 23);
    point("pointerup", 23);
    await done();
    await pass(150);
    expect(exact().at(-1)).toBeCloseTo(-23);
    const start = new Date((NOW - 35.8) * 1000).toISOString();
    hass.callService.mockResolvedValue({ response: { "camera.garden": { url: "/c.mp4", start, duration: 12.8 } } });
    button("Save 12 s").click();
    await done();
    const data = hass.callService.mock.calls[0]![2] as { start: string; end: string };
    expect(Date.parse(data.start) / 1000 - NOW).toBeCloseTo(-35);
    expect(Date.parse(data.end) / 1000 - NOW).toBeCloseTo(-23);
    expect(text()).toContain("Saved 13 s; it starts 0.8 s early, at a keyframe");
  });

  it("takes a snapshot of the frame that is seen", async () => {
    await show("camera");
    await dragTo(8);
    await pass(150);
    button("Take snapshot").click();
    await done();
    const data = hass.callService.mock.calls[0]![2] as { at: string };
    expect(Date.parse(data.at) / 1000 - NOW).toBeCloseTo(-8);
  });
});
