/** Sound of live pictures: off at first, remembered, and only when the browser allows it. */

import type { ReactiveControllerHost } from "lit";

const WANTED = "retrocam-sound";
const VOLUMES = "retrocam-volume";
/** Speeds of a video at which its sound is understood. */
const SLOWEST = 0.5;
const FASTEST = 2;
/** Gestures after which browsers let a page play sound. */
const GESTURES = ["pointerup", "keydown"] as const;

/** Whether the user of this browser wants the sound of an entity; undefined if never chosen. */
export function wantsSound(entityId: string): boolean | undefined {
  const wanted = stored(WANTED)[entityId];
  return typeof wanted === "boolean" ? wanted : undefined;
}

export function rememberSound(entityId: string, wanted: boolean): void {
  store(WANTED, entityId, wanted);
}

/** The volume that the user of this browser chose for an entity, more than 0 and at most 1. */
function volumeOf(entityId: string): number {
  const volume = stored(VOLUMES)[entityId];
  return typeof volume === "number" && volume > 0 && volume <= 1 ? volume : 1;
}

function store(key: string, entityId: string, value: boolean | number): void {
  try {
    localStorage.setItem(key, JSON.stringify({ ...stored(key), [entityId]: value }));
  } catch {
    // A private window, or a full store: the choice holds for this page.
  }
}

function stored(key: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Whether the sound of a video is understood at a speed. */
export function isHeardAt(rate: number): boolean {
  return rate >= SLOWEST && rate <= FASTEST;
}

/**
 * Calls `begin` at once if the page may play sound, else at the user's next gesture, except those that `skip` tells;
 * returns its cancellation.
 */
export function whenAudible(begin: () => void, skip: (event: Event) => boolean = () => false): () => void {
  if (navigator.userActivation?.hasBeenActive) {
    begin();
    return () => undefined;
  }
  const cancel = (): void => GESTURES.forEach((name) => removeEventListener(name, gesture, true));
  const gesture = (event: Event): void => {
    // Some keys, as Escape, are no gesture for the browser.
    if (skip(event) || navigator.userActivation?.hasBeenActive === false) return;
    cancel();
    begin();
  };
  GESTURES.forEach((name) => addEventListener(name, gesture, true));
  return cancel;
}

/** The videos inside an element, those of its shadow trees included. */
export function videosIn(root: Element | ShadowRoot): HTMLVideoElement[] {
  const found = [...root.querySelectorAll("video")];
  const inner = [...root.querySelectorAll("*")].flatMap((one) => (one.shadowRoot ? [one.shadowRoot] : []));
  const own = root instanceof Element && root.shadowRoot ? [root.shadowRoot] : [];
  return [...found, ...[...own, ...inner].flatMap(videosIn)];
}

/** Sets the volume of the videos inside an element. */
export function setVolume(root: Element | ShadowRoot, volume: number): void {
  for (const video of videosIn(root)) video.volume = volume;
}

/** Turns on the sound of the videos inside an element; false if the browser allows none yet, and stops them. */
export async function unmute(root: Element | ShadowRoot): Promise<boolean> {
  try {
    for (const video of videosIn(root)) {
      video.muted = false;
      if (video.paused && video.readyState > 0) await video.play();
    }
  } catch (error) {
    return (error as Error).name !== "NotAllowedError";
  }
  return true;
}

/** The switch of a card's sound, and its volume. */
export class SoundSwitch {
  /** There is sound. */
  audible = false;
  on = false;
  /** From 0 to 1. */
  volume = 1;
  private entityId = "";
  private stopWaiting: () => void = () => undefined;

  constructor(private readonly host: ReactiveControllerHost & EventTarget) {
    host.addEventListener("keydown", (event) => this.pressed(event as KeyboardEvent));
  }

  /** Nothing is heard, as far as it depends on the user. */
  get silent(): boolean {
    return !this.on || this.volume === 0;
  }

  /** The card is seen: turns the sound on as soon as the browser allows it, if the user wants it. */
  begin(entityId: string): void {
    this.entityId = entityId;
    this.volume = volumeOf(entityId);
    if (!wantsSound(entityId)) return;
    this.stopWaiting = whenAudible(
      () => this.set(true),
      // What turns it on itself would turn it off again.
      (event) => event.composedPath().includes(this.host) && (isSpeaker(event) || isKey(event as KeyboardEvent)),
    );
  }

  end(): void {
    this.stopWaiting();
    this.audible = false;
    this.set(false);
  }

  /** The user turns it on or off. */
  readonly toggle = (): void => {
    this.stopWaiting();
    this.set(this.silent);
    if (this.on) this.volume ||= volumeOf(this.entityId);
    rememberSound(this.entityId, this.on);
  };

  /** The user chooses a volume; the last one at which something is heard is remembered. */
  readonly turn = (volume: number): void => {
    this.volume = volume;
    if (volume > 0) store(VOLUMES, this.entityId, volume);
    this.host.requestUpdate();
  };

  /** The picture has sound, or none. */
  readonly heard = ({ detail }: CustomEvent<boolean>): void => {
    this.audible = detail;
    this.host.requestUpdate();
  };

  /** The browser allows none yet. */
  readonly silenced = (): void => this.set(false);

  private pressed(event: KeyboardEvent): void {
    if (!this.audible || !isKey(event)) return;
    event.preventDefault();
    event.stopPropagation();
    this.toggle();
  }

  private set(on: boolean): void {
    this.on = on;
    this.host.requestUpdate();
  }
}

/** Whether a gesture is on the button of the sound. */
function isSpeaker(event: Event): boolean {
  return event.composedPath().some((one) => one instanceof Element && one.classList.contains("speaker"));
}

/** Whether a key is that of the sound. */
function isKey(event: KeyboardEvent): boolean {
  if (event.key !== "m" || event.ctrlKey || event.metaKey || event.altKey) return false;
  // A select finds its options by their first letter.
  return (event.composedPath()[0] as Element).localName !== "select";
}
