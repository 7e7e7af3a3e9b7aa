/** Places shared by all pages of the origin through a worker. */

import { LocalPlaces, type Places } from "./places";

/** A page that has asked for places is heard of at this interval, in ms, while it is visible. */
const ALIVE = 5000;
/** A page that is silent for this long has crashed, in ms. */
export const SILENCE = 20_000;

export type Request =
  | { kind: "want" | "leave"; name: string; count: number; id: number }
  | { kind: "alive" };

/** What is used of a SharedWorker. */
export interface Worker {
  port: Pick<MessagePort, "postMessage"> & { onmessage: unknown };
  onerror: unknown;
}

interface Wanted {
  name: string;
  count: number;
  granted: () => void;
  /** Leaves a place of this page alone, after the worker has failed. */
  leave?: () => void;
}

/** The connection of a page to the worker, for all kinds of places. */
export class DeskLine {
  private readonly wanted = new Map<number, Wanted>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private requests = 0;
  /** Places of this page alone, by name, since the worker has failed. */
  private local: Map<string, LocalPlaces> | undefined;

  constructor(private readonly worker: Worker) {
    worker.port.onmessage = ({ data }: MessageEvent<number>) => this.wanted.get(data)?.granted();
    worker.onerror = () => this.failed();
  }

  take(name: string, count: number, granted: () => void): () => void {
    const id = this.requests++;
    const wanted: Wanted = { name, count, granted };
    this.wanted.set(id, wanted);
    if (this.local) this.takeLocally(wanted);
    else {
      this.timer ??= setInterval(() => this.send({ kind: "alive" }), ALIVE);
      this.send({ kind: "want", name, count, id });
    }
    return () => {
      if (!this.wanted.delete(id)) return;
      wanted.leave?.();
      if (!this.local) this.send({ kind: "leave", name, count, id });
      if (this.wanted.size === 0) this.rest();
    };
  }

  /** Its file could not be loaded, for one. */
  private failed(): void {
    if (this.local) return;
    this.local = new Map();
    this.rest();
    this.wanted.forEach((wanted) => this.takeLocally(wanted));
  }

  private takeLocally(wanted: Wanted): void {
    const { name, count, granted } = wanted;
    const places = this.local!.get(name) ?? new LocalPlaces(count);
    this.local!.set(name, places);
    wanted.leave = places.take(granted);
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private send(request: Request): void {
    this.worker.port.postMessage(request);
  }
}

export class SharedPlaces implements Places {
  constructor(
    private readonly line: DeskLine,
    private readonly name: string,
    private readonly count: number,
  ) {}

  take(granted: () => void): () => void {
    return this.line.take(this.name, this.count, granted);
  }
}
