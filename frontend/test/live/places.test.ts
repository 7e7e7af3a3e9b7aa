// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ImageFeed } from "../../src/live/image-feed";
import { Desk, LocalPlaces, LockPlaces, type Places } from "../../src/live/places";
import { DeskLine, type Request, SharedPlaces } from "../../src/live/shared-places";
import { idle } from "../idle";

/** Web Locks of one origin, as far as they are used: exclusive, by name, in the order of the requests. */
class Locks {
  private readonly queues = new Map<string, Promise<unknown>>();
  async request(name: string, { signal }: { signal: AbortSignal }, held: () => unknown): Promise<void> {
    const before = this.queues.get(name) ?? Promise.resolve();
    const turn = before.then(() => (signal.aborted ? undefined : held()));
    this.queues.set(name, turn.catch(() => undefined));
    await turn;
    signal.throwIfAborted();
  }
}

/** A worker with its desk, and the pages that it serves. */
function worker(count = 2) {
  const ports: { onmessage: ((event: { data: number }) => void) | undefined }[] = [];
  const desk = new Desk<number>(count, (page, id) => ports[page]!.onmessage!({ data: id }));
  const sent: Request[] = [];
  const page = () => {
    const client = ports.length;
    const port = {
      onmessage: undefined as never,
      postMessage: (request: Request) => {
        sent.push(request);
        if (request.kind === "want") desk.want(client, request.id);
        if (request.kind === "leave") desk.leave(client, request.id);
      },
    };
    ports.push(port);
    return { port, onerror: undefined as unknown, gone: () => desk.leave(client) };
  };
  return { page, sent };
}

describe.each([
  ["of one page", () => new LocalPlaces(2)],
  ["as locks", () => new LockPlaces(new Locks() as unknown as LockManager, "x", 2)],
  ["from a worker", () => new SharedPlaces(new DeskLine(worker().page()), "x", 2)],
] as [string, () => Places][])("places %s", (_name, make) => {
  it("are limited, and go to the next in line", async () => {
    const places = make();
    const granted: string[] = [];
    const take = (name: string) => places.take(() => granted.push(name));
    const [a, b, c] = [take("a"), take("b"), take("c")];
    take("d");
    await idle();
    expect(granted).toEqual(["a", "b"]);
    c();
    a();
    a();
    await idle();
    expect(granted).toEqual(["a", "b", "d"]);
    b();
    take("e");
    await idle();
    expect(granted).toEqual(["a", "b", "d", "e"]);
  });
});

describe("a worker's places", () => {
  it("are shared by pages, and freed by one that is gone", () => {
    const { page, sent } = worker(1);
    const [one, two] = [page(), page()];
    const granted: string[] = [];
    const first = new SharedPlaces(new DeskLine(one), "x", 1);
    const second = new SharedPlaces(new DeskLine(two), "x", 1);
    vi.useFakeTimers();
    first.take(() => granted.push("one"));
    const leave = second.take(() => granted.push("two"));
    expect(granted).toEqual(["one"]);
    vi.advanceTimersByTime(5000);
    expect(sent.filter(({ kind }) => kind === "alive")).toHaveLength(2);
    one.gone();
    expect(granted).toEqual(["one", "two"]);
    leave();
    vi.advanceTimersByTime(5000);
    expect(sent.filter(({ kind }) => kind === "alive")).toHaveLength(3);
    vi.useRealTimers();
  });

  it("become those of the page if it cannot be loaded", () => {
    const broken = { port: { onmessage: undefined, postMessage: () => undefined }, onerror: undefined as unknown };
    const places = new SharedPlaces(new DeskLine(broken), "x", 1);
    const granted: string[] = [];
    const leave = places.take(() => granted.push("a"));
    (broken.onerror as () => void)();
    places.take(() => granted.push("b"));
    expect(granted).toEqual(["a"]);
    leave();
    expect(granted).toEqual(["a", "b"]);
  });
});

describe("an image feed", () => {
  const places = () => ({ streams: new LocalPlaces(1), stills: new LocalPlaces(1) });
  const feedOf = (name: string, of: ReturnType<typeof places>) => {
    let count = 0;
    const source = { stream: () => `${name} stream`, still: () => `${name} still ${++count}` };
    return new ImageFeed(source, () => undefined, of);
  };

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("shows stills until there is a place for its stream", () => {
    const both = places();
    const [one, two] = [feedOf("one", both), feedOf("two", both)];
    one.start(true);
    two.start(true);
    expect([one.url, two.url]).toEqual(["one stream", undefined]);
    vi.advanceTimersByTime(2000);
    expect(two.url).toBe("two still 1");
    expect(two.streaming).toBe(false);
    two.loaded();
    vi.advanceTimersByTime(2000);
    expect(two.url).toBe("two still 2");
    one.stop();
    expect([one.url, two.url]).toEqual([undefined, "two stream"]);
    two.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("requests one still at a time, which may fail or take too long", () => {
    const both = places();
    const [one, two] = [feedOf("one", both), feedOf("two", both)];
    one.start(false);
    two.start(false);
    expect([one.url, two.url]).toEqual(["one still 1", undefined]);
    vi.advanceTimersByTime(15_000);
    expect([one.lost, one.url, two.url]).toEqual([true, undefined, "two still 1"]);
    two.loaded();
    vi.advanceTimersByTime(2000);
    expect(one.url).toBe("one still 2");
    one.loaded();
    expect(one.lost).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect([one.url, two.url]).toEqual(["one still 2", "two still 2"]);
    two.loaded();
    expect(one.url).toBe("one still 3");
    one.stop();
    two.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets others have the place of a stream that has failed", () => {
    const both = places();
    const [one, two] = [feedOf("one", both), feedOf("two", both)];
    one.start(true);
    two.start(true);
    one.failed();
    expect([one.lost, two.url]).toEqual([true, "two stream"]);
    vi.advanceTimersByTime(2001);
    expect(one.url).toBe("one still 1");
    two.stop();
    expect(one.url).toBe("one stream");
    one.loaded();
    expect(one.lost).toBe(false);
  });
});
