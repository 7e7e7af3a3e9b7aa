/**
 * Places for connections: a browser opens six to an HTTP/1.1 server, for all pages of an origin together, and a
 * picture that never ends keeps one of them.
 */

export interface Places {
  /** Calls `granted` once there is a place. The returned function leaves it, or stops waiting for it. */
  take(granted: () => void): () => void;
}

/** Hands out places in the order of the requests; `grant` is called for each that gets one. */
export class Desk<Client> {
  private readonly held = new Map<Client, Set<number>>();
  private waiting: { client: Client; id: number }[] = [];

  constructor(
    private readonly count: number,
    private readonly grant: (client: Client, id: number) => void,
  ) {}

  want(client: Client, id: number): void {
    this.waiting.push({ client, id });
    this.serve();
  }

  /** Ends one request of a client, or all. */
  leave(client: Client, id?: number): void {
    const mine = (other: { client: Client; id: number }): boolean =>
      other.client === client && (id === undefined || other.id === id);
    this.waiting = this.waiting.filter((request) => !mine(request));
    if (id === undefined) this.held.delete(client);
    else this.held.get(client)?.delete(id);
    this.serve();
  }

  private get taken(): number {
    return [...this.held.values()].reduce((sum, ids) => sum + ids.size, 0);
  }

  private serve(): void {
    while (this.waiting.length > 0 && this.taken < this.count) {
      const { client, id } = this.waiting.shift()!;
      if (!this.held.has(client)) this.held.set(client, new Set());
      this.held.get(client)!.add(id);
      this.grant(client, id);
    }
  }
}

/** The places of one page, where pages cannot know of each other. */
export class LocalPlaces implements Places {
  private readonly granted = new Map<number, () => void>();
  private readonly desk: Desk<this>;
  private requests = 0;

  constructor(count: number) {
    this.desk = new Desk(count, (_client, id) => this.granted.get(id)!());
  }

  take(granted: () => void): () => void {
    const id = this.requests++;
    this.granted.set(id, granted);
    this.desk.want(this, id);
    return () => {
      if (this.granted.delete(id)) this.desk.leave(this, id);
    };
  }
}

/** Places shared by all pages of the origin, as Web Locks: the browser frees those of a page that is gone. */
export class LockPlaces implements Places {
  constructor(
    private readonly locks: LockManager,
    private readonly name: string,
    private readonly count: number,
  ) {}

  take(granted: () => void): () => void {
    const waiting = new AbortController();
    let over = false;
    let has = false;
    let free: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    for (let i = 0; i < this.count; i++) {
      // The first of them to be free is kept; a second one is passed on at once.
      const request = this.locks.request(`${this.name} ${i}`, { signal: waiting.signal }, () => {
        if (over || has) return undefined;
        has = true;
        // A lock that is granted already is not aborted.
        waiting.abort();
        granted();
        return held;
      });
      request.catch(() => undefined);
    }
    return () => {
      over = true;
      waiting.abort();
      free();
    };
  }
}
