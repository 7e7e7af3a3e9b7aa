// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { AsciiCard } from "../../src/cards/ascii-card";
import type { CameraCard } from "../../src/cards/camera-card";
import { aspectOf, asciiForm, cameraForm, historyForm } from "../../src/cards/forms";
import { hass } from "./stage";

describe("editors", () => {
  it.each([["camera", cameraForm()], ["history", historyForm()], ["ascii", asciiForm()]])(
    "of the %s card have a label in words for every field",
    (_kind, form) => {
      for (const field of form.schema) expect(form.computeLabel(field)).not.toBe(field.name);
      expect(form.computeLabel({ name: "unheard" })).toBe("unheard");
      expect(form.schema[0]).toMatchObject({ name: "entity", required: true });
    },
  );

  it("document defaults that no field shows", () => {
    const { computeHelper } = historyForm();
    expect(computeHelper({ name: "kinds" })).toContain("none is selected");
    expect(computeHelper({ name: "entity" })).toBeUndefined();
  });

  it("return a valid stub configuration", () => {
    const entities = ["light.x", "camera.garden", "media_player.p"];
    for (const [kind, entity] of [["camera", "camera.garden"], ["history", "camera.garden"], ["ascii", "media_player.p"]]) {
      const element = customElements.get(`retrocam-${kind}-card`) as unknown as typeof CameraCard;
      expect(element.getStubConfig(hass, entities)).toEqual({ entity });
    }
    // A player that already has a card is preferred to a camera without one.
    const ascii = customElements.get("retrocam-ascii-card") as unknown as typeof AsciiCard;
    expect(ascii.getStubConfig(hass, ["camera.garden"], ["media_player.p"])).toEqual({ entity: "media_player.p" });
  });

  it("prefer a camera to a player's screen in the stub configuration", () => {
    const players = structuredClone({ entities: hass.entities, devices: hass.devices });
    const screen = { entity_id: "camera.screen", device_id: "p", platform: "retrocam" };
    players.entities["media_player.p"] = { ...screen, entity_id: "media_player.p" };
    players.entities["camera.screen"] = screen;
    const there = { ...hass, ...players } as typeof hass;
    for (const kind of ["camera", "history"]) {
      const element = customElements.get(`retrocam-${kind}-card`) as unknown as typeof CameraCard;
      expect(element.getStubConfig(there, ["camera.screen", "camera.garden"])).toEqual({ entity: "camera.garden" });
      expect(element.getStubConfig(there, ["camera.screen"])).toEqual({ entity: "camera.screen" });
    }
  });

  it.each([["4:3", "4 / 3"], ["1.78", "1.78 / 1"], ["21/9", "21 / 9"], ["wide", "16 / 9"], [undefined, "16 / 9"], ["0:3", "16 / 9"]])(
    "read the shape %s as %s",
    (given, aspect) => {
      expect(aspectOf(given)).toBe(aspect);
    },
  );
});
