/** The connections that live pictures may use: of six, at least one stays free for everything else. */

import { LocalPlaces, LockPlaces, type Places } from "./places";
import { DeskLine, SharedPlaces } from "./shared-places";

/** MJPEG streams of all pages of the origin. */
const STREAMS = 3;
/** Stills that are being fetched: a camera may take seconds for one. */
const STILLS = 2;

let line: DeskLine | undefined;

function placesFor(name: string, count: number): Places {
  if (isMultiplexed()) return { take: (granted) => (granted(), () => undefined) };
  // Browsers offer Web Locks on https and on localhost only.
  if (navigator.locks) return new LockPlaces(navigator.locks, name, count);
  try {
    line ??= new DeskLine(new SharedWorker(workerUrl()));
    return new SharedPlaces(line, name, count);
  } catch {
    // An old phone has no such workers, and a cast device is of another origin.
    return new LocalPlaces(count);
  }
}

/** The file beside the cards, in the same version. */
function workerUrl(): URL {
  const url = new URL(/* @vite-ignore */ "places-worker.js", import.meta.url);
  url.search = new URL(import.meta.url).search;
  return url;
}

/** Whether the server is reached by HTTP/2 or 3, whose streams share one connection. */
function isMultiplexed(): boolean {
  const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  return entries.some(
    ({ name, nextHopProtocol }) => name.startsWith(`${location.origin}/`) && /^h[23]/.test(nextHopProtocol),
  );
}

/** Made when the first picture needs it: only then is it known how the server is reached. */
function lazy(name: string, count: number): Places {
  let made: Places | undefined;
  return { take: (granted) => (made ??= placesFor(name, count)).take(granted) };
}

export const streams = lazy("retrocam stream", STREAMS);
export const stills = lazy("retrocam still", STILLS);
