"""The limit of `cell_clients`: a WebSocket server of aiohttp that does nothing but send and listen.

    python -m benchmarks.bare_sockets BYTES RATE

Sends so many bytes to each client so often a second, takes their acknowledgements, and prints its port.
"""

import asyncio
import contextlib
import json
import sys

from aiohttp import WSMsgType, web

from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL


async def serve(size: int, rate: float) -> None:
    """Serve until the process is ended."""
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
        await asyncio.sleep(max(0.0, due - loop.time()))  # the rate that is asked for
        number += 1
        packet = bytes(4) + number.to_bytes(4, "little") + bytes(size - 8)
        for socket in list(clients):
            with contextlib.suppress(ConnectionError):
                await socket.send_bytes(packet)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
