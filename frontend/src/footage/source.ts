/** Where a camera's past comes from: the footage in memory and on tape, or the stills of its history. */

import { fetchFrame, type FootageFrame, FootageWatch, type FrameRequest, playlistUrl, type Span, type Told } from "../ha/footage";
import type { Hass } from "../ha/types";
import { type Extent, extentQuery } from "./extent";

export interface PastSource {
  /** Speeds at which it is played, slow ones first, and the one that playing begins with. */
  readonly rates: readonly number[];
  readonly rate: number;
  /** Whether a part of it can be saved. */
  readonly savable: boolean;
  /** What memory holds, as it was told lately to whoever does not follow it; undefined if it was not. */
  told?(): Told | undefined;
  /** Reports what is held, and the present if it is told, in UNIX s, until the returned function is called. */
  follow(changed: (spans: readonly Span[], now?: number) => void): () => void;
  /** The frame shown at a time; undefined where nothing is held. Rejects when aborted or without a connection. */
  frame(time: number, request: FrameRequest, signal: AbortSignal): Promise<FootageFrame | undefined>;
  /** The time of the frame after or before that of a time; only of frames whose times are known beforehand. */
  neighbour?(time: number, frames: 1 | -1): number | undefined;
  /** The URL of a playlist; undefined if there is none now. */
  playlist?(extent: Extent): Promise<string | undefined>;
}

/** The footage of a camera with a stream. */
export class FootageSource implements PastSource {
  readonly rates = [0.25, 0.5, 1, 2, 4];
  readonly rate = 1;
  readonly savable = true;

  constructor(
    private readonly hass: () => Hass,
    readonly entryId: string,
    readonly told: () => Told | undefined,
  ) {}

  follow(changed: (spans: readonly Span[], now?: number) => void): () => void {
    const watch = new FootageWatch(changed);
    watch.start(this.hass(), this.entryId);
    return () => watch.stop();
  }

  frame(time: number, request: FrameRequest, signal: AbortSignal): Promise<FootageFrame | undefined> {
    return fetchFrame(this.hass(), this.entryId, time, request, signal);
  }

  async playlist(extent: Extent): Promise<string | undefined> {
    const url = await playlistUrl(this.hass(), this.entryId, extent === "live");
    return url && url + extentQuery(extent);
  }
}
