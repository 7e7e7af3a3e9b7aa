/** The part of Home Assistant's frontend that the cards use. Structural, so that nothing is imported from it. */

export interface HassEntity {
  entity_id: string;
  state: string;
  last_changed?: string;
  attributes: Record<string, unknown>;
}

/** An entry of the entity registry as the frontend keeps it: without unique id. */
export interface RegistryEntry {
  entity_id: string;
  device_id?: string;
  platform?: string;
  translation_key?: string;
}

export interface DeviceEntry {
  id: string;
  name?: string | null;
  name_by_user?: string | null;
  primary_config_entry?: string | null;
  config_entries?: string[];
}

export type Unsubscribe = () => void | Promise<void>;

export interface Connection {
  subscribeMessage<T>(callback: (message: T) => void, message: object): Promise<Unsubscribe>;
  /** "ready" comes after a reconnect, when all subscriptions have been renewed. */
  addEventListener(event: "ready", callback: () => void): void;
  removeEventListener(event: "ready", callback: () => void): void;
}

export interface Hass {
  states: Record<string, HassEntity | undefined>;
  entities: Record<string, RegistryEntry | undefined>;
  devices: Record<string, DeviceEntry | undefined>;
  user?: { is_admin: boolean };
  language: string;
  locale?: {
    language: string;
    time_format?: string;
    date_format?: string;
    time_zone?: string;
    first_weekday?: string;
  };
  config?: { time_zone?: string };
  themes?: { darkMode?: boolean };
  connection: Connection;
  hassUrl(path?: string): string;
  callWS<T>(message: object): Promise<T>;
  /** A request with the user's login. */
  fetchWithAuth(path: string, init?: RequestInit): Promise<Response>;
  callService(
    domain: string,
    service: string,
    data?: object,
    target?: { entity_id: string | string[] },
    notifyOnError?: boolean,
    returnResponse?: boolean,
  ): Promise<{ response?: unknown }>;
  formatEntityName?(entity: HassEntity, name?: unknown): string;
}

export interface CardConfig {
  type: string;
  entity?: string;
  name?: unknown;
}

/** Size of a card in a sections view: columns of a twelfth, rows of 56 px with 8 px between. */
export interface GridOptions {
  columns: number | "full";
  rows: number | "auto";
  min_columns?: number;
  min_rows?: number;
}
