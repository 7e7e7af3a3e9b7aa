/** The controls of sound: the button that turns it on and off, and its volume. */

import { html, nothing, type TemplateResult } from "lit";
import type { Hass } from "../ha/types";
import type { SoundSwitch } from "../live/sound";
import { formatPercent } from "../localize/format";
import { localize } from "../localize/index";
import { iconButton } from "./icon-button";

/** Whether a page may set the volume of sound; iPhones and iPads leave it to their keys. */
let settable: boolean | undefined;

function canSetVolume(): boolean {
  if (settable === undefined) {
    const probe = document.createElement("audio");
    probe.volume = 0.5;
    settable = probe.volume === 0.5;
  }
  return settable;
}

/** The speaker; disabled with a reason why nothing can be heard now. */
export function soundButton(
  hass: Hass,
  { silent, toggle }: Pick<SoundSwitch, "silent" | "toggle">,
  hindrance?: string,
): TemplateResult {
  const label = hindrance ?? localize(hass, silent ? "player.unmute" : "player.mute");
  return iconButton(silent || hindrance !== undefined ? "mute" : "sound", label, toggle, {
    extra: "speaker",
    disabled: hindrance !== undefined,
  });
}

/** The slider of the volume, from 0 to 1. */
export function volumeSlider(
  hass: Hass,
  volume: number,
  turn: (volume: number) => void,
  disabled = false,
): TemplateResult | typeof nothing {
  if (!canSetVolume()) return nothing;
  return html`<input
    type="range"
    class="volume"
    min="0"
    max="1"
    step="0.05"
    aria-label=${localize(hass, "player.volume")}
    aria-valuetext=${formatPercent(hass, volume)}
    .value=${String(volume)}
    ?disabled=${disabled}
    @input=${(event: Event) => turn(Number((event.target as HTMLInputElement).value))}
  />`;
}

/** The speaker of a picture, and beside it the volume while the sound is on. */
export function soundControl(hass: Hass, sound: SoundSwitch, hindrance?: string): TemplateResult {
  return html`<span class="sound"
    >${sound.on && hindrance === undefined ? volumeSlider(hass, sound.volume, sound.turn) : nothing}${soundButton(
      hass,
      sound,
      hindrance,
    )}</span
  >`;
}
