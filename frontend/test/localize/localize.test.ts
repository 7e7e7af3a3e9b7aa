// @vitest-environment node
import { describe, expect, it } from "vitest";
import de from "../../src/localize/de.json";
import en from "../../src/localize/en.json";
import es from "../../src/localize/es.json";
import { formatAge, formatBytes, formatDuration, formatMoment, formatNumber, formatSeconds, formatTime } from "../../src/localize/format";
import fr from "../../src/localize/fr.json";
import { hasText, localize } from "../../src/localize/index";
import type { Hass } from "../../src/ha/types";

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe.each([
  ["German", de],
  ["French", fr],
  ["Spanish", es],
])("%s", (_name, texts) => {
  it("has all keys and no others", () => {
    expect(Object.keys(texts)).toEqual(Object.keys(en));
  });

  it("has the same placeholders, and no empty text", () => {
    for (const [key, text] of Object.entries(en)) {
      const other = texts[key as keyof typeof en];
      expect(other, key).not.toBe("");
      expect(placeholders(other), key).toEqual(placeholders(text));
    }
  });
});

describe("texts", () => {
  it("are in the user's language, or in English", () => {
    expect(localize({ language: "de" }, "viewer.close")).toBe("Schließen");
    expect(localize({ language: "en", locale: { language: "fr-CA" } }, "viewer.close")).toBe("Fermer");
    expect(localize({ language: "fi" }, "viewer.close")).toBe("Close");
    expect(localize(undefined, "save.button", { seconds: "10 s" })).toBe("Save the last 10 s");
    expect(localize(undefined, "save.button")).toBe("Save the last {seconds}");
    expect(hasText("viewer.close")).toBe(true);
    expect(hasText("viewer.explode")).toBe(false);
  });
});

describe("figures", () => {
  it.each([
    [() => formatSeconds({ language: "en" }, 58.4), "58 s"],
    [() => formatSeconds({ language: "en" }, 180), "3 min"],
    [() => formatSeconds({ language: "en" }, 150), "150 s"],
    [() => formatBytes({ language: "en" }, 31_200_000), "31 MB"],
    [() => formatBytes({ language: "de" }, 1_500_000), "1,5 MB"],
    [() => formatBytes({ language: "en" }, 900), "0.9 kB"],
    [() => formatBytes({ language: "en" }, 0), "0 kB"],
    [() => formatDuration(65), "1:05"],
    [() => formatDuration(3723), "1:02:03"],
    [() => formatNumber({ language: "de" }, 1234.5, 1), "1.234,5"],
  ])("%#", (format, text) => {
    expect(format()).toBe(text);
  });

  it("of times follow the user's choice of 12 or 24 hours", () => {
    const noon = new Date(2026, 0, 1, 15, 4, 5).getTime();
    const hass = (format: string) => ({ language: "en", locale: { language: "en", time_format: format } }) as Hass;
    expect(formatTime(hass("24"), noon)).toBe("15:04:05");
    expect(formatTime(hass("12"), noon, false)).toMatch(/^3:04\sPM$/);
    expect(formatTime(hass("language"), noon, false)).toMatch(/^3:04\sPM$/);
  });
});

describe("moments of long ago", () => {
  const hass = { language: "en", locale: { language: "en", time_zone: "server" }, config: { time_zone: "Europe/Berlin" } } as Hass;

  it.each([
    [59, "59 seconds"], [60, "1 minute"], [3599, "59 minutes"], [3600, "1 hour"], [172_799, "47 hours"], [172_800, "2 days"],
  ])("%f s are %s", (seconds, text) => {
    expect(formatAge({ language: "en" }, seconds)).toBe(text);
    expect(formatAge({ language: "de" }, 7200, "short")).toBe("2 Std.");
  });

  it("have their day where a clock may mean another", () => {
    // A quarter past midnight in Berlin.
    const now = Date.parse("2027-01-14T23:15:00Z");
    const at = (minutes: number): string => formatMoment(hass, now - minutes * 60_000, minutes * 60_000);
    expect(at(10)).toBe("12:05:00 AM");
    expect(at(30)).toBe("11:45:00 PM");
    expect(at(60)).toMatch(/^Thu, Jan 14.*, 11:15:00 PM$/);
  });
});
