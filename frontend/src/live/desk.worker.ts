/** The desk that all pages of an origin share where there are no Web Locks: on plain http. */

import { Desk } from "./places";
import { SILENCE, type Request } from "./shared-places";

interface Client {
  port: MessagePort;
  heard: number;
}

const clients = new Set<Client>();
const desks = new Map<string, Desk<Client>>();

function deskOf(name: string, count: number): Desk<Client> {
  const made = desks.get(name) ?? new Desk(count, ({ port }, id) => port.postMessage(id));
  desks.set(name, made);
  return made;
}

function heard(client: Client, request: Request): void {
  client.heard = Date.now();
  clients.add(client);
  if (request.kind === "alive") return;
  const desk = deskOf(request.name, request.count);
  if (request.kind === "want") desk.want(client, request.id);
  else desk.leave(client, request.id);
}

self.addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0]!;
  const client: Client = { port, heard: Date.now() };
  port.onmessage = ({ data }: MessageEvent<Request>) => heard(client, data);
});

// Nothing reports a page that has crashed.
setInterval(() => {
  for (const client of clients) {
    if (Date.now() - client.heard < SILENCE) continue;
    clients.delete(client);
    for (const desk of desks.values()) desk.leave(client);
  }
}, SILENCE / 2);
