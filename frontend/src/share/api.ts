/** The share page's requests: everything below `/retrocam/{slug}`, with the cookie of the PIN. */

import { type FootageFrame, frameOf, frameQuery, type FrameRequest, parseSpans, type Span } from "../ha/footage";

export type Kind = "camera" | "grid" | "player";

export interface Member {
  id: string;
  name: string;
}

/** What is shared, and what a guest may do. */
export interface Info {
  kind: Kind;
  title: string;
  control: boolean;
  history: boolean;
  /** Seconds that may be rewound; 0 if the guest may not, or nothing is kept. */
  rewind: number;
  preset: string | null;
  presets: string[];
  layout: string | null;
  layouts: string[];
  /** Id of the member that is shown large. */
  main: string | null;
  members: Member[];
  /** This guest has the maximum number of open streams, in all windows. */
  full: boolean;
}

export interface Snapshot {
  filename: string;
  /** UNIX time in ms. */
  time: number;
  /** As the server wrote it, to request older ones. */
  timestamp: string;
}

/** There is no cookie, or it has expired: the PIN is required. */
export class LockedError extends Error {
  override name = "LockedError";
}

/** Too many wrong PINs. */
export class LockedOutError extends Error {
  override name = "LockedOutError";
  constructor(readonly seconds: number) {
    super("locked out");
  }
}

/** The server understood the request, but will not or cannot fulfil it. */
export class RefusedError extends Error {
  override name = "RefusedError";
  constructor(readonly code: string) {
    super(code);
  }
}

/** The server did not answer, or not in a known form. */
export class UnreachableError extends Error {
  override name = "UnreachableError";
}

type Json = Record<string, unknown>;

/** Shortest and longest timeout in ms: a search may take its time. */
const PATIENCE = 10_000;
const LONG_PATIENCE = 120_000;
const DEFAULT_LOCK_OUT = 60;

export class ShareApi {
  /** Called when the server rejects the cookie, before the error is thrown. */
  onLocked: () => void = () => undefined;

  /** Of the guest; it shows the server that a request comes from this page, behind any proxy. */
  private token = "";

  /**
   * `base` is the path of the page, without a slash at its end; `pageToken` serves as token for the PIN.
   */
  constructor(
    readonly base: string,
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
    private readonly pageToken = "",
  ) {}

  path(name: string): string {
    return `${this.base}/${name}`;
  }

  /** The URL of the ASCII stream, in a viewer's own `preset` or the camera's. */
  cellsUrl(preset?: string): string {
    const url = new URL(this.path("cells"), location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (preset) url.searchParams.set("preset", preset);
    if (this.token) url.searchParams.set("token", this.token);
    return url.href;
  }

  /** Throws RefusedError("wrong_pin"), LockedOutError or UnreachableError. */
  async unlock(pin: string): Promise<void> {
    const response = await this.send("unlock", PATIENCE, { pin }, this.pageToken);
    if (response.ok) return;
    const body = await read(response);
    if (response.status === 429) throw new LockedOutError(retryAfter(response, body));
    throw refusal(response, body);
  }

  async lock(): Promise<void> {
    await this.send("lock", PATIENCE, {});
  }

  async info(): Promise<Info> {
    const answer = await this.ask("info");
    const info = infoOf(answer);
    this.token = String((answer as Json)["token"] ?? "");
    return info;
  }

  /** The newest snapshots, or those before the time of one. */
  async snapshots(limit: number, before?: string): Promise<Snapshot[]> {
    const query = new URLSearchParams({ limit: String(limit), ...(before && { before }) });
    const answer = await this.ask(`snapshots?${query}`);
    return (Array.isArray(answer) ? answer : list((answer as Json)["items"])).flatMap(snapshotOf);
  }

  /** What is held of the past. */
  async spans(): Promise<Span[]> {
    return parseSpans(await this.ask("footage"));
  }

  /** The frame shown at a time in UNIX s; undefined where nothing is held. Rejects when aborted or refused. */
  async frame(time: number, request: FrameRequest, signal: AbortSignal): Promise<FootageFrame | undefined> {
    const path = this.path(`footage/frame?${frameQuery(time, request)}`);
    const response = await this.fetcher(path, { credentials: "same-origin", cache: "no-store", signal });
    if (response.status === 401) await this.answered(response);
    return frameOf(response, time);
  }

  /** Runs a command that requires `share_control`. */
  async command(name: string, data: Json = {}): Promise<void> {
    await this.answered(await this.send(name, name === "play" ? LONG_PATIENCE : PATIENCE, data));
  }

  private async ask(name: string): Promise<unknown> {
    return this.answered(await this.send(name, PATIENCE));
  }

  private async answered(response: Response): Promise<unknown> {
    const body = await read(response);
    if (response.ok) return body;
    if (response.status === 401) {
      this.onLocked();
      throw new LockedError("locked");
    }
    throw refusal(response, body);
  }

  private async send(
    name: string,
    patience: number,
    data?: Json,
    token = this.token,
  ): Promise<Response> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), patience);
    try {
      return await this.fetcher(this.path(name), {
        credentials: "same-origin",
        cache: "no-store",
        signal: stop.signal,
        ...(data && {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-Retrocam-Token": token },
          body: JSON.stringify(data),
        }),
      });
    } catch (error) {
      throw new UnreachableError("no answer", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

function refusal(response: Response, body: unknown): Error {
  if (response.status >= 500) return new UnreachableError(`status ${response.status}`);
  const code = (body as Json | undefined)?.["error"];
  if (response.status === 403) return new RefusedError(code === "other_host" ? code : "forbidden");
  return new RefusedError(typeof code === "string" ? code : "unknown");
}

function retryAfter(response: Response, body: unknown): number {
  const seconds = Number((body as Json | undefined)?.["retry_after"] ?? response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : DEFAULT_LOCK_OUT;
}

async function read(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const texts = (value: unknown): string[] => list(value).map(String);
const optional = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** Throws UnreachableError for a foreign response: a proxy may answer instead. */
export function infoOf(answer: unknown): Info {
  const payload = (answer ?? {}) as Json;
  const kind = payload["kind"];
  if (kind !== "camera" && kind !== "grid" && kind !== "player") {
    throw new UnreachableError("not the answer of Retrocam");
  }
  return {
    kind,
    title: String(payload["title"] ?? ""),
    control: payload["control"] === true,
    history: payload["history"] === true,
    rewind: Math.max(0, Number(payload["rewind"]) || 0),
    preset: optional(payload["preset"]),
    presets: texts(payload["presets"]),
    layout: optional(payload["layout"]),
    layouts: texts(payload["layouts"]),
    main: optional(payload["main"]),
    full: payload["full"] === true,
    members: list(payload["members"]).map((member) => {
      const { id, name } = (member ?? {}) as Json;
      return { id: String(id), name: String(name ?? id) };
    }),
  };
}

function snapshotOf(item: unknown): Snapshot[] {
  const { filename, timestamp } = (item ?? {}) as Json;
  const time = Date.parse(String(timestamp));
  if (typeof filename !== "string" || Number.isNaN(time)) return [];
  return [{ filename, time, timestamp: String(timestamp) }];
}
