"""Counts what cards keep running in a page."""

import json
from typing import Final

from playwright.async_api import Page, WebSocket

TELL_WHAT_RUNS: Final = """
const ours = () => new Error().stack.includes("/retrocam.js");
const running = (window.running = { intervals: new Set(), timers: new Set(), frames: new Set() });
const media = (window.media = new Set());
for (const [name, end, kind, once] of [
  ["setInterval", "clearInterval", "intervals", false],
  ["setTimeout", "clearTimeout", "timers", true],
  ["requestAnimationFrame", "cancelAnimationFrame", "frames", true],
]) {
  const [begin, cease] = [window[name], window[end]];
  window[name] = (callback, ...rest) => {
    const id = begin((...values) => {
      if (once) running[kind].delete(id);
      return callback(...values);
    }, ...rest);
    if (ours()) running[kind].add(id);
    return id;
  };
  window[end] = (id) => {
    running[kind].delete(id);
    return cease(id);
  };
}
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  if (ours()) media.add(this);
  return play.call(this);
};
window.whatRuns = () => [
  ...Object.entries(running).filter(([, ids]) => ids.size).map(([kind, ids]) => `${kind}: ${ids.size}`),
  ...[...media].filter((element) => !element.paused || element.src).map(() => "sound"),
];
"""
"""Counts timers and listeners created by the cards' own code, identified by the caller."""


class Sockets:
    """Open connections of a page: ASCII WebSockets, and our subscriptions."""

    def __init__(self, page: Page) -> None:
        """Start to count."""
        self.cells: set[WebSocket] = set()
        self.subscriptions: set[int] = set()
        page.on("websocket", self._opened)

    def open(self) -> int:
        """Return the number of open ones."""
        return len(self.subscriptions) + sum(not socket.is_closed() for socket in self.cells)

    def _opened(self, socket: WebSocket) -> None:
        if "/api/retrocam/cells/" in socket.url:
            self.cells.add(socket)
        else:
            socket.on("framesent", self._sent)

    def _sent(self, data: str | bytes) -> None:
        told = json.loads(data)
        for message in told if isinstance(told, list) else [told]:
            if message["type"].startswith("retrocam/") and message["type"].endswith("/subscribe"):
                self.subscriptions.add(message["id"])
            elif message["type"] == "unsubscribe_events":
                self.subscriptions.discard(message["subscription"])
