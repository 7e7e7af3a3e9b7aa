/** Footage that reaches the present, and the players of Home Assistant that may show it. */

import { beforeEach, vi } from "vitest";
import { letGo, NOW, pass } from "./past-stage";
import { all, button, done, hass } from "./stage";

export const ALL = "/api/retrocam/footage/entry/master.m3u8?authSig=x";
export const LIVE = `${ALL}&live=1`;
/** Where the present is on the time line of a video. */
export const EDGE = 58;

class HlsPlayer extends HTMLElement {
  url = "";
  muted = false;
  entityid?: string;
  _hlsPolyfillInstance = {
    config: { maxLiveSyncPlaybackRate: 2 },
    liveSyncPosition: EDGE,
    levels: [{ details: { fragments: [{ start: 0, programDateTime: (NOW - 60) * 1000 }] } }],
  };
  readonly video = document.createElement("video");
  constructor() {
    super();
    let paused = true;
    Object.defineProperties(this.video, {
      readyState: { value: 4 },
      seeking: { value: false },
      paused: { get: () => paused },
      requestVideoFrameCallback: { value: (callback: () => void) => setTimeout(callback) },
    });
    this.video.play = async () => void (paused = false);
    this.video.pause = () => void (paused = true);
    this.attachShadow({ mode: "open" }).append(this.video);
  }
  /** Tells what Home Assistant's player tells once it plays. */
  begin(hasAudio = false): void {
    void this.video.play();
    this.dispatchEvent(new CustomEvent("streams", { detail: { hasAudio, hasVideo: true } }));
    this.dispatchEvent(new CustomEvent("load"));
  }
}

beforeEach(() => {
  vi.stubGlobal("MediaSource", { isTypeSupported: (type: string) => type.includes("avc1") });
  vi.stubGlobal("fetch", async () => ({ ok: true, text: async () => '#EXT-X-STREAM-INF:CODECS="avc1.64001f"\n' }));
  if (!customElements.get("ha-hls-player")) customElements.define("ha-hls-player", HlsPlayer);
  if (!customElements.get("ha-camera-stream")) {
    customElements.define("ha-camera-stream", class extends HTMLElement {});
  }
  hass.live = LIVE;
  localStorage.clear();
  Object.assign(hass.states["camera.garden"]!, { last_changed: "2026-01-01T00:00:00Z" });
  hass.states["camera.garden"]!.attributes["supported_features"] = 2;
});

export const players = (): HlsPlayer[] => all("ha-hls-player") as HlsPlayer[];
export const player = (): HlsPlayer => players()[0]!;
/** Home Assistant's own. */
export const own = (): Element[] => all("ha-camera-stream");

/** Lets go of the bar, and waits for the video of there. */
export async function playFrom(): Promise<void> {
  await letGo();
  await pass(25);
  await pass(25);
}

export async function goLive(): Promise<void> {
  button("Live").click();
  await done();
}
