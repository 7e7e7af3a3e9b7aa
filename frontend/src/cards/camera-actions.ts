/** What the buttons of the camera card do, and what is said then. */

import { act, choose, type Saved } from "../ha/actions";
import { signPath } from "../ha/sign";
import type { Hass } from "../ha/types";
import type { Part } from "../footage/view";
import { formatExactSeconds, formatSeconds } from "../localize/format";
import { localize, type TextKey } from "../localize/index";
import type { Message } from "./base";

export const EXTEND_SECONDS = 30;
/** Validity of a link to a clip, in s: long enough to open it after a call. */
const LINK_SECONDS = 3600;
/** A part that starts earlier than asked by more than this, in s, is said to. */
const NOTABLY_EARLY = 0.15;

/** Saves a part of the past, or the last `lookback` seconds. */
export async function savePast(
  hass: Hass,
  entityId: string,
  part: Part | undefined,
  lookback: number,
): Promise<Message> {
  const data = part ? { start: isoTime(part.start), end: isoTime(part.end) } : { lookback, duration: 0 };
  const clip = await act<Saved>(hass, "record", entityId, data);
  const wanted = part ? part.end - part.start : (clip?.lookback ?? lookback);
  const seconds = formatSeconds(hass, clip?.duration ?? wanted);
  const early = part && clip?.start ? part.start - Date.parse(clip.start) / 1000 : 0;
  const text =
    early > NOTABLY_EARLY
      ? localize(hass, "rewind.saved_early", { seconds, early: formatExactSeconds(hass, early) })
      : localize(hass, "save.done", { seconds });
  return linked(hass, text, clip, "save.open");
}

/** Takes a snapshot, of the past if `time` is given (UNIX s). */
export async function takeSnapshot(hass: Hass, entityId: string, time: number | undefined): Promise<Message> {
  const data = time === undefined ? {} : { at: isoTime(time) };
  const picture = await act<Saved>(hass, "take_snapshot", entityId, data);
  return linked(hass, localize(hass, "snapshot.done"), picture, "snapshot.open");
}

export async function extendRecording(hass: Hass, entityId: string): Promise<undefined> {
  await act(hass, "extend_recording", entityId, { duration: EXTEND_SECONDS });
}

export async function stopRecording(hass: Hass, entityId: string): Promise<undefined> {
  await act(hass, "stop_recording", entityId);
}

export async function chooseLayout(hass: Hass, entityId: string, option: string): Promise<undefined> {
  await choose(hass, entityId, "layout", option);
}

async function linked(hass: Hass, text: string, saved: Saved | undefined, key: TextKey): Promise<Message> {
  if (!saved?.url) return { text };
  const path = await signPath(hass, saved.url, LINK_SECONDS);
  return { text, link: { href: hass.hassUrl(path), label: localize(hass, key) } };
}

function isoTime(seconds: number): string {
  return new Date(Math.round(seconds * 1000)).toISOString();
}
