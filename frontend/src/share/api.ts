/** What the page asks of the server: everything below `/retrocam/{slug}`, with the cookie of the PIN. */

export type Kind = "camera" | "grid" | "player";

export interface Member {
  id: string;
  name: string;
}

/** What is shared, and what a guest may do with it. */
export interface Info {
  kind: Kind;
  title: string;
  control: boolean;
  history: boolean;
  preset: string | null;
  presets: string[];
  layout: string | null;
  layouts: string[];
  /** Id of the member that is shown large. */
  main: string | null;
  members: Member[];
  /** This guest has as many streams open as one may have, in all windows. */
  full: boolean;
}

export interface Snapshot {
  filename: string;
  /** UNIX time in ms. */
  time: number;
  /** As the server wrote it, to ask for those before it. */
  timestamp: string;
}

/** There is no cookie, or it has ended: the PIN is wanted. */
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

/** The server has understood and will not or cannot do it. */
export class RefusedError extends Error {
  override name = "RefusedError";
  constructor(readonly code: string) {
    super(code);
  }
}

/** The server did not answer, or not in words that this page knows. */
export class UnreachableError extends Error {
  override name = "UnreachableError";
}

type Json = Record<string, unknown>;

/** Least and most time in ms that an answer may take: a search may take its time. */
const PATIENCE = 10_000;
const LONG_PATIENCE = 120_000;
const DEFAULT_LOCK_OUT = 60;

export class ShareApi {
  /** Called whenever the server says that the cookie is no good, before the error is thrown. */
  onLocked: () => void = () => undefined;

  /** `base` is the path of the page, without a slash at its end. */
  constructor(
    readonly base: string,
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  path(name: string): string {
    return `${this.base}/${name}`;
  }

  /** The address of the cells, in a viewer's own `preset` or the instance's. */
  cellsUrl(preset?: string): string {
    const url = new URL(this.path("cells"), location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (preset) url.searchParams.set("preset", preset);
    return url.href;
  }

  /** Throws RefusedError("wrong_pin"), LockedOutError or UnreachableError. */
  async unlock(pin: string): Promise<void> {
    const response = await this.send("unlock", PATIENCE, { pin });
    if (response.ok) return;
    const body = await read(response);
    if (response.status === 429) throw new LockedOutError(waitOf(response, body));
    throw refusal(response, body);
  }

  async lock(): Promise<void> {
    await this.send("lock", PATIENCE, {});
  }

  async info(): Promise<Info> {
    return infoOf(await this.ask("info"));
  }

  /** The newest snapshots, or those before the time of one. */
  async snapshots(limit: number, before?: string): Promise<Snapshot[]> {
    const query = new URLSearchParams({ limit: String(limit), ...(before && { before }) });
    const answer = await this.ask(`snapshots?${query}`);
    return (Array.isArray(answer) ? answer : list((answer as Json)["items"])).flatMap(snapshotOf);
  }

  /** Does something for which `share_control` is needed. */
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

  private async send(name: string, patience: number, data?: Json): Promise<Response> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), patience);
    try {
      return await this.fetcher(this.path(name), {
        credentials: "same-origin",
        cache: "no-store",
        signal: stop.signal,
        ...(data && {
          method: "POST",
          headers: { "Content-Type": "application/json" },
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
  if (response.status === 403) return new RefusedError("forbidden");
  const code = (body as Json | undefined)?.["error"];
  return new RefusedError(typeof code === "string" ? code : "unknown");
}

function waitOf(response: Response, body: unknown): number {
  const told = Number((body as Json | undefined)?.["retry_after"] ?? response.headers.get("Retry-After"));
  return Number.isFinite(told) && told > 0 ? Math.ceil(told) : DEFAULT_LOCK_OUT;
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

/** Throws UnreachableError for what is no answer of ours: another program may sit in between. */
export function infoOf(answer: unknown): Info {
  const told = (answer ?? {}) as Json;
  const kind = told["kind"];
  if (kind !== "camera" && kind !== "grid" && kind !== "player") {
    throw new UnreachableError("not the answer of Retrocam");
  }
  return {
    kind,
    title: String(told["title"] ?? ""),
    control: told["control"] === true,
    history: told["history"] === true,
    preset: optional(told["preset"]),
    presets: texts(told["presets"]),
    layout: optional(told["layout"]),
    layouts: texts(told["layouts"]),
    main: optional(told["main"]),
    full: told["full"] === true,
    members: list(told["members"]).map((member) => {
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
