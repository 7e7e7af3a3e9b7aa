/** A pretended Home Assistant: one camera and one player of Retrocam, and what was asked of it. */

import { vi } from "vitest";
import type { Hass } from "../src/ha/types";

export interface FakeHass extends Hass {
  callWS: Hass["callWS"] & ReturnType<typeof vi.fn>;
  callService: Hass["callService"] & ReturnType<typeof vi.fn>;
  /** Sends an event to all that are subscribed. */
  push(event: object): void;
  subscribers: Set<(event: object) => void>;
  /** What waits for a lost link to be there again. */
  reconnected: Set<() => void>;
}

export function fakeHass(extra: Record<string, [string, string, object?]> = {}): FakeHass {
  const hass = {
    states: {}, entities: {}, language: "en", user: { is_admin: true },
    devices: {
      dev: { id: "dev", name: "Garden", primary_config_entry: "entry" },
      dev2: { id: "dev2", name: "Player", config_entries: ["entry2"] },
    },
    hassUrl: (path = "") => path,
    subscribers: new Set(), reconnected: new Set(),
    callWS: vi.fn(async (message: { type: string; path?: string }) =>
      message.type === "auth/sign_path" ? { path: `${message.path}?authSig=x` } : { items: [], total: 0 },
    ),
    callService: vi.fn(async () => ({ response: {} })),
  } as unknown as FakeHass;
  hass.push = (event) => hass.subscribers.forEach((callback) => callback(event));
  hass.connection = {
    subscribeMessage: vi.fn(async (callback: (event: never) => void) => {
      hass.subscribers.add(callback as (event: object) => void);
      return () => void hass.subscribers.delete(callback as (event: object) => void);
    }) as Hass["connection"]["subscribeMessage"],
    addEventListener: (_event, callback) => void hass.reconnected.add(callback),
    removeEventListener: (_event, callback) => void hass.reconnected.delete(callback),
  };
  const all: Record<string, [string, string, object?]> = {
    "camera.garden": ["camera", "idle", { entity_picture: "/api/camera_proxy/camera.garden?token=t", access_token: "t" }],
    "sensor.a": ["lookback_available", "58"],
    "sensor.b": ["lookback_size", "31.2", { unit_of_measurement: "MB" }],
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

/** The same with another state, as Home Assistant hands out after a change. */
export function withState(hass: FakeHass, entity_id: string, state: string): FakeHass {
  const old = hass.states[entity_id]!;
  return { ...hass, states: { ...hass.states, [entity_id]: { ...old, state } } };
}
