/** Chooses where the past of a camera comes from. */

import { entryIdOf, isRetrocam, siblingState } from "../ha/entities";
import type { Told } from "../ha/footage";
import type { Hass } from "../ha/types";
import { HLS_PLAYER } from "./hls-player";
import { FootageSource, type PastSource } from "./source";
import { StillsSource } from "./stills-source";

/** Sources of one card, which shows one camera at a time. */
export class PastChoice {
  private source: (PastSource & { entryId: string }) | undefined;

  /** `hass` returns the newest, `told` what was told of the footage of the camera that is shown. */
  constructor(
    private readonly hass: () => Hass | undefined,
    private readonly told: () => Told | undefined,
  ) {}

  /** The past of a camera: the same object as before, unless it is another; undefined if it has none. */
  of(entityId: string): PastSource | undefined {
    const hass = this.hass();
    const entryId = hass && isRetrocam(hass, entityId, "camera") && entryIdOf(hass, entityId);
    if (!hass || !entryId) return undefined;
    const stills = hass.states[entityId]?.attributes["supported_features"] === 0;
    if (stills && siblingState(hass, entityId, "switch", "history")?.state !== "on") return undefined;
    const Source = stills ? StillsSource : FootageSource;
    if (this.source?.entryId !== entryId || !(this.source instanceof Source)) {
      const newest = (): Hass => this.hass()!;
      this.source = stills ? new StillsSource(newest, entryId) : new FootageSource(newest, entryId, this.told);
    }
    return this.source;
  }

  /** Whether footage may show the present, where `live` asks for video and the page has the player. */
  mayFeed(entityId: string, live: string = "auto"): boolean {
    const video = live === "auto" || live === "hls";
    return video && this.of(entityId)?.playlist !== undefined && customElements.get(HLS_PLAYER) !== undefined;
  }
}
