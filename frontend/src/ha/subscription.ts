/** A subscription of Home Assistant's WebSocket that may be ended at any moment. */

import type { Hass, Unsubscribe } from "./types";

/**
 * Subscribes at once. Home Assistant's connection subscribes again by itself after a lost link. The function
 * returned ends it, also before the server has answered; it may be called more than once. `missed` is called
 * after a lost link: what happened meanwhile has not been told.
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
    // The server may have forgotten the subscription with the connection it belonged to.
    void Promise.resolve(unsubscribe()).catch(() => undefined);
  };
  // Kept, since the card is handed another `hass` with each change of a state.
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
