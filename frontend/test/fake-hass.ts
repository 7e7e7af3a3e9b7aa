/** A fake Home Assistant with one Retrocam camera and one player, which records the calls. */

import { vi } from "vitest";
import type { Hass } from "../src/ha/types";

export interface FakeHass extends Hass {
  callWS: Hass["callWS"] & ReturnType<typeof vi.fn>;
  callService: Hass["callService"] & ReturnType<typeof vi.fn>;
  /** Sends an event to all subscribers. */
  push(event: object): void;
  subscribers: Set<(event: object) => void>;
  /** What the lookback holds, sent at once; undefined for a refused subscription. */
  lookback: object | undefined;
  lookbackWatchers: Set<(event: object) => void>;
  footageWatchers: Set<(event: object) => void>;
  /** What the footage holds, as start and end in UNIX s, and where. */
  footage: [number, number, ("tape" | "memory")?][];
  /** Whether subscriptions to the footage are answered at once. */
  quick: boolean;
  /** The present, in UNIX s, as it is told with the footage. */
  now?: number;
  /** The URL of the playlist of the present; null while the footage does not reach it. */
  live: string | null;
  /** The media that is listed. */
  stills: object[];
  /** Requests with the user's login: paths, in order. */
  fetched: string[];
  /** Callbacks waiting for a reconnect. */
  reconnected: Set<() => void>;
}

const PLAYLIST = "/api/retrocam/footage/entry/master.m3u8?authSig=x";

export function fakeHass(extra: Record<string, [string, string, object?]> = {}): FakeHass {
  const hass = {
    states: {}, entities: {}, language: "en", user: { is_admin: true },
    devices: {
      dev: { id: "dev", name: "Garden", primary_config_entry: "entry" },
      dev2: { id: "dev2", name: "Player", config_entries: ["entry2"] },
    },
    hassUrl: (path = "") => path,
    subscribers: new Set(), reconnected: new Set(), lookbackWatchers: new Set(), footageWatchers: new Set(),
    lookback: { enabled: true, seconds: 60, available: 58.2, size: 31_200_000 },
    callWS: vi.fn(async (message: { type: string; path?: string }) =>
      message.type === "auth/sign_path"
        ? { path: `${message.path}?authSig=x` }
        : { items: hass.stills, total: 0, footage_playlist: PLAYLIST, footage_live: hass.live },
    ),
    callService: vi.fn(async () => ({ response: {} })),
    footage: [], quick: true, live: null, stills: [], fetched: [],
  } as unknown as FakeHass;
  hass.push = (event) => hass.subscribers.forEach((callback) => callback(event));
  hass.connection = {
    subscribeMessage: vi.fn(async (callback: (event: never) => void, message: { type: string }) => {
      const isLookback = message.type === "retrocam/lookback/subscribe";
      if (isLookback && !hass.lookback) throw { code: "unknown_command" };
      const isFootage = message.type === "retrocam/footage/subscribe";
      const rest = isFootage ? hass.footageWatchers : hass.subscribers;
      const subscribers = isLookback ? hass.lookbackWatchers : rest;
      subscribers.add(callback as (event: object) => void);
      if (isLookback) callback(hass.lookback as never);
      if (isFootage && hass.quick) callback(held(hass) as never);
      return () => void subscribers.delete(callback as (event: object) => void);
    }) as Hass["connection"]["subscribeMessage"],
    addEventListener: (_event, callback) => void hass.reconnected.add(callback),
    removeEventListener: (_event, callback) => void hass.reconnected.delete(callback),
  };
  hass.fetchWithAuth = async (path, init) => {
    hass.fetched.push(path);
    await Promise.resolve();
    init?.signal?.throwIfAborted();
    return answer(hass, new URL(path, "http://ha"));
  };
  const all: Record<string, [string, string, object?]> = {
    "camera.garden": ["camera", "idle", { entity_picture: "/api/camera_proxy/camera.garden?token=t", access_token: "t" }],
    "binary_sensor.r": ["recording", "off"],
    ...extra,
  };
  for (const [entity_id, [key, state, attributes]] of Object.entries(all)) {
    add(hass, entity_id, key, state, attributes);
  }
  return hass;
}

export function add(hass: FakeHass, entity_id: string, translation_key: string, state: string, attributes = {}): void {
  const device_id = entity_id.startsWith("media_player") || translation_key === "preset" ? "dev2" : "dev";
  hass.entities[entity_id] = { entity_id, device_id, platform: "retrocam", translation_key };
  hass.states[entity_id] = { entity_id, state, attributes };
}

/** A new `hass` with another state, as Home Assistant creates for each change. */
export function withState(hass: FakeHass, entity_id: string, state: string): FakeHass {
  const old = hass.states[entity_id]!;
  return { ...hass, states: { ...hass.states, [entity_id]: { ...old, state } } };
}

/** What the footage holds, as it is told. */
export function held(hass: FakeHass): object {
  const iso = (time: number): string => new Date(time * 1000).toISOString();
  const spans = hass.footage.map(([start, end, where]) => ({ start: iso(start), end: iso(end), where: where ?? "memory" }));
  return { spans, total: 0, ...(hass.now === undefined ? {} : { now: iso(hass.now) }) };
}

/**
 * An answer whose body is there at once: a real one takes an unknown number of turns. Keyframes are two seconds
 * apart, and frames a 25th of a second.
 */
function answer(hass: FakeHass, url: URL): Response {
  const at = Number(url.searchParams.get("at"));
  if (!hass.footage.some(([start, end]) => at >= start && at < end + 3)) {
    return { ok: false, status: 404 } as Response;
  }
  const raster = url.searchParams.has("fast") ? 2 : 0.04;
  const shown = Math.floor(at / raster + 1e-6) * raster;
  const headers = new Headers({ "X-Retrocam-Time": shown.toFixed(3) });
  return { ok: true, status: 200, headers, blob: async () => new Blob(["picture"]) } as Response;
}
