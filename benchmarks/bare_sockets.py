"""The peer of `cell_clients`: an aiohttp WebSocket server that only sends and receives.

    python -m benchmarks.bare_sockets BYTES RATE

Sends packets of BYTES to each client, RATE times a second, reads their acknowledgements, and prints its
port.
"""

import asyncio
import contextlib
import json
import sys

from aiohttp import WSMsgType, web

from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL


async def serve(size: int, rate: float) -> None:
    """Serve until the process ends."""
    clients: set[web.WebSocketResponse] = set()

    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=[SUBPROTOCOL], compress=False, autoping=False)
        await socket.prepare(request)
        clients.add(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    json.loads(message.data)
        finally:
            clients.discard(socket)
        return socket

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    loop = asyncio.get_running_loop()
    number, due = 0, loop.time()
    while True:
        due += 1 / rate
        await asyncio.sleep(max(0.0, due - loop.time()))  # keeps the rate
        number += 1
        packet = bytes(4) + number.to_bytes(4, "little") + bytes(size - 8)
        for socket in list(clients):
            with contextlib.suppress(ConnectionError):
                await socket.send_bytes(packet)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
