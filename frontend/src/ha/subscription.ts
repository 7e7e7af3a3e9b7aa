/** A WebSocket subscription that can be ended at any time. */

import type { Hass, Unsubscribe } from "./types";

/**
 * Subscribes at once. Home Assistant's connection subscribes again by itself after a lost connection. The
 * returned function ends the subscription, even before the server has answered, and may be called repeatedly.
 * `missed` is called after a lost connection: changes in between were not reported.
 */
export function subscribe<T>(
  hass: Hass,
  message: object,
  callback: (event: T) => void,
  failed: (error: unknown) => void,
  missed: () => void = () => undefined,
): () => void {
  let ended = false;
  let end: Unsubscribe | undefined;
  const finish = (unsubscribe: Unsubscribe): void => {
    // The server may have dropped the subscription with its connection.
    void Promise.resolve(unsubscribe()).catch(() => undefined);
  };
  // Kept, since the card gets a new `hass` with each change of a state.
  const { connection } = hass;
  connection.addEventListener("ready", missed);
  connection
    .subscribeMessage<T>((event) => {
      if (!ended) callback(event);
    }, message)
    .then(
      (unsubscribe) => {
        if (ended) finish(unsubscribe);
        else end = unsubscribe;
      },
      (error: unknown) => {
        if (!ended) failed(error);
      },
    );
  return () => {
    if (ended) return;
    ended = true;
    connection.removeEventListener("ready", missed);
    if (end) finish(end);
  };
}

/**
 * Subscribes, and again `retry` ms after a refusal (the entry may be loading) and after a lost connection.
 * `heard` is called with undefined when what was heard no longer counts. Returns the function that ends it.
 */
export function follow<T>(
  hass: Hass,
  message: object,
  retry: number,
  heard: (event: T | undefined) => void,
): () => void {
  let ended = false;
  let end = (): void => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = (): void => {
    const refused = (): void => {
      end();
      timer = setTimeout(begin, retry);
      heard(undefined);
    };
    // Later: a listener that is removed while the connection calls all would let it skip the next one.
    const missed = (): void => queueMicrotask(again);
    end = subscribe<T>(hass, message, heard, refused, missed);
  };
  const again = (): void => {
    if (ended) return;
    clearTimeout(timer);
    end();
    begin();
    heard(undefined);
  };
  begin();
  return () => {
    ended = true;
    clearTimeout(timer);
    end();
  };
}
