/**
 * Home Assistant's own HLS player, as far as footage needs it. Its `_hlsPolyfillInstance` is an hls.js; without
 * one, in another release or browser, the past is shown as single frames.
 */

export const HLS_PLAYER = "ha-hls-player";

export interface Fragment {
  /** Seconds on the video's time line. */
  start: number;
  /** UNIX ms. */
  programDateTime?: number | null;
}

interface Hls {
  config: { maxLiveSyncPlaybackRate: number };
  /** Position at which it plays the present; null until it is known. */
  liveSyncPosition?: number | null;
  levels?: { details?: { fragments: Fragment[] } }[];
  detachMedia(): void;
  attachMedia(video: HTMLVideoElement): void;
  startLoad(position: number): void;
}

export class HlsPlayer {
  /** The speed at which it catches up with the present, as it was. */
  private catchUp: number | undefined;

  constructor(private readonly element: Element) {}

  get video(): HTMLVideoElement | undefined {
    return this.element.shadowRoot?.querySelector("video") ?? undefined;
  }

  /** Whether the video is played by the browser itself, which does not tell the time of its frames. */
  get native(): boolean {
    return this.hls === undefined && Boolean(this.video?.getAttribute("src"));
  }

  /** Oldest first; empty until the playlist is loaded. */
  get fragments(): Fragment[] {
    const details = this.hls?.levels?.find((level) => level.details)?.details;
    return details?.fragments.filter((one) => one.programDateTime) ?? [];
  }

  /** Lets the speed be set: close to the present the player would set it itself. */
  holdSpeed(): void {
    const config = this.hls?.config;
    if (!config) return;
    this.catchUp ??= config.maxLiveSyncPlaybackRate;
    config.maxLiveSyncPlaybackRate = 1;
  }

  /** Forgets what is buffered, and loads from a position on; false if it cannot. */
  reload(position: number): boolean {
    const { video, hls } = this;
    if (!video || !hls) return false;
    hls.detachMedia();
    hls.attachMedia(video);
    hls.startLoad(position);
    return true;
  }

  /** Plays the present from now on; false if it cannot. */
  goLive(): boolean {
    const { video, hls } = this;
    const position = hls?.liveSyncPosition;
    if (!video || !hls || typeof position !== "number") return false;
    if (this.catchUp !== undefined) hls.config.maxLiveSyncPlaybackRate = this.catchUp;
    video.playbackRate = 1;
    video.currentTime = position;
    void video.play().catch(() => undefined);
    return true;
  }

  /** Plays the present from now on, by a jump in place of a higher speed. */
  catchUpAtOnce(): void {
    this.goLive();
    this.holdSpeed();
    void this.video?.play().catch(() => undefined);
  }

  private get hls(): Hls | undefined {
    const { _hlsPolyfillInstance } = this.element as unknown as { _hlsPolyfillInstance?: Hls };
    return _hlsPolyfillInstance?.config ? _hlsPolyfillInstance : undefined;
  }
}

/** The UNIX time, in s, of a position of the video; undefined before the first fragment. */
export function timeAt(position: number, fragments: readonly Fragment[]): number | undefined {
  const found = fragments.findLast(({ start }) => start <= position + 0.001) ?? fragments[0];
  return found && found.programDateTime! / 1000 + position - found.start;
}

/** The position of the video at a UNIX time in s; of a time in a gap, what follows. */
export function positionOf(time: number, fragments: readonly Fragment[]): number | undefined {
  const index = fragments.findLastIndex(({ programDateTime }) => programDateTime! / 1000 <= time);
  const found = fragments[Math.max(0, index)];
  if (!found) return undefined;
  const position = found.start + Math.max(0, time - found.programDateTime! / 1000);
  const next = fragments[index + 1];
  return next && index >= 0 ? Math.min(position, next.start) : position;
}

/** The URL of a multivariant playlist that `find` returns, if this browser plays what it announces. */
export async function playable(find: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    const url = await find();
    const playlist = url === undefined ? undefined : await fetch(url);
    return playlist?.ok && canPlay(await playlist.text()) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this browser plays what a multivariant playlist announces. */
export function canPlay(playlist: string): boolean {
  const codecs = /CODECS="([^"]+)"/.exec(playlist)?.[1];
  const source = globalThis.MediaSource ?? (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
  if (!codecs || !source) return false;
  return source.isTypeSupported(`video/mp4; codecs="${codecs}"`);
}
