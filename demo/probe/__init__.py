"""A part of Home Assistant for soak and benchmarks alone: tells what goes on inside its process.

`GET /api/retrocam_probe` names all tasks and threads; with `?settle=1` it first collects garbage and
gives freed memory back, so that what remains is what is held, and tells how much that is.
`GET /api/retrocam_probe/lag?seconds=20` measures how late the event loop is, and ends sooner when
`GET /api/retrocam_probe/lag/stop` is asked for.

With `streams` and `url` in the configuration it runs so many of Home Assistant's own streams, kept
awake and read by nobody: what Retrocam's cameras are compared with.
"""

import asyncio
import ctypes
import gc
import threading
from typing import Any, Final

from aiohttp import web
from homeassistant.components.camera.prefs import DynamicStreamSettings
from homeassistant.components.stream import HLS_PROVIDER, create_stream
from homeassistant.core import HomeAssistant
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.hass_dict import HassKey

DOMAIN: Final = "retrocam_probe"
STOPS: Final[HassKey[set[asyncio.Event]]] = HassKey(f"{DOMAIN}_stops")
"""Set to end the measurements that run."""
TICK: Final = 0.01
"""Seconds between two looks at the loop's lateness."""


class ProbeView(HomeAssistantView):
    """What runs, by name."""

    url = "/api/retrocam_probe"
    name = "api:retrocam_probe"

    async def get(self, request: web.Request) -> web.Response:
        """Tell of all tasks and threads, in Python's own words."""
        held: int | None = None
        if "settle" in request.query:
            held = await asyncio.get_running_loop().run_in_executor(None, settle)
        return self.json(
            {
                "tasks": sorted(task.get_name() for task in asyncio.all_tasks()),
                "threads": sorted(thread.name for thread in threading.enumerate()),
                "held": held,
            }
        )


class LagView(HomeAssistantView):
    """How late the event loop is."""

    url = "/api/retrocam_probe/lag"
    name = "api:retrocam_probe:lag"

    async def get(self, request: web.Request) -> web.Response:
        """Measure for so many seconds; milliseconds that callbacks came after they were due."""
        stop = asyncio.Event()
        stops = request.app[KEY_HASS].data[STOPS]
        stops.add(stop)
        late = sorted(await lateness(float(request.query.get("seconds", "10")), stop))
        stops.discard(stop)
        return self.json(
            {
                "looks": len(late),
                "p50_ms": 1000 * late[len(late) // 2],
                "p99_ms": 1000 * late[int(len(late) * 0.99)],
                "max_ms": 1000 * late[-1],
            }
        )


class StopView(HomeAssistantView):
    """Ends the measurements of lateness."""

    url = "/api/retrocam_probe/lag/stop"
    name = "api:retrocam_probe:lag:stop"

    async def get(self, request: web.Request) -> web.Response:
        """End them with the next tick."""
        for stop in request.app[KEY_HASS].data[STOPS]:
            stop.set()
        return self.json({})


async def lateness(seconds: float, stop: asyncio.Event) -> list[float]:
    """Return by how many seconds each tick came late, for so long a time or until `stop` is set.

    Ticks that fall into a standstill are told as well, each with its own lateness: one that lasts a
    second is a hundred late ticks, not one.
    """
    loop = asyncio.get_running_loop()
    late: list[float] = []
    done = asyncio.Event()
    end = loop.time() + seconds

    def tick(due: float) -> None:
        late.append(loop.time() - due)
        if due + TICK >= end or (stop.is_set() and due + TICK > loop.time()):
            done.set()
        else:
            loop.call_at(due + TICK, tick, due + TICK)

    loop.call_at(loop.time() + TICK, tick, loop.time() + TICK)
    await done.wait()
    return late


class MallocInfo(ctypes.Structure):
    """What glibc's `mallinfo2` returns, sums over all of its arenas; bytes or counts."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def settle() -> int | None:
    """Collect garbage, and have glibc give back what is free; blocks.

    Returns the bytes that were asked of glibc and not freed, or None where there is another library.
    Python's small objects are among them where `PYTHONMALLOC` is `malloc`.
    """
    gc.collect()
    library = ctypes.CDLL(None)
    trim: Any = getattr(library, "malloc_trim", None)
    info: Any = getattr(library, "mallinfo2", None)
    if trim is None or info is None:
        return None
    trim(0)
    info.restype = MallocInfo
    found = info()
    return int(found.uordblks) + int(found.hblkhd)


async def _run_stream(hass: HomeAssistant, url: str, number: int) -> None:
    """Run one stream for as long as Home Assistant does."""
    stream = create_stream(hass, url, {}, DynamicStreamSettings(), f"bare {number}")
    # A worker with preload goes on without a viewer.
    stream.dynamic_stream_settings.preload_stream = True
    stream.add_provider(HLS_PROVIDER)
    await stream.start()


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Answer."""
    hass.http.register_view(ProbeView())
    hass.data[STOPS] = set()
    hass.http.register_view(LagView())
    hass.http.register_view(StopView())
    settings = config[DOMAIN] or {}
    for number in range(settings.get("streams", 0)):
        await _run_stream(hass, settings["url"], number)
    return True
