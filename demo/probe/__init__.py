"""An integration for soak and benchmarks only, which reports on Home Assistant's process.

`GET /api/retrocam_probe` lists all tasks and threads; with `?settle=1` it first collects garbage and
frees memory, and also returns the memory that is still allocated.
`GET /api/retrocam_probe/lag?seconds=20` measures the lateness of the event loop, and ends early on
`GET /api/retrocam_probe/lag/stop`.

With `streams` and `url` in the configuration it runs that many of Home Assistant's own streams, kept
alive without readers: the peer of Retrocam's cameras.
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
"""Set to end running measurements."""
TICK: Final = 0.01
"""Interval of the ticks in s."""


class ProbeView(HomeAssistantView):
    """The names of what runs."""

    url = "/api/retrocam_probe"
    name = "api:retrocam_probe"

    async def get(self, request: web.Request) -> web.Response:
        """Return all tasks and threads by Python's own names."""
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
    """Measures the lateness of the event loop."""

    url = "/api/retrocam_probe/lag"
    name = "api:retrocam_probe:lag"

    async def get(self, request: web.Request) -> web.Response:
        """Measure for some seconds; milliseconds by which callbacks were late."""
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
        """End them at the next tick."""
        for stop in request.app[KEY_HASS].data[STOPS]:
            stop.set()
        return self.json({})


async def lateness(seconds: float, stop: asyncio.Event) -> list[float]:
    """Return by how many seconds each tick was late, for `seconds` or until `stop` is set.

    Ticks during a block are reported as well, each with its own lateness: a block of a second is a
    hundred late ticks, not one.
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
    """The result of glibc's `mallinfo2`, sums over all arenas; bytes or counts."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def settle() -> int | None:
    """Collect garbage, and have glibc return free memory; blocks.

    Returns the bytes allocated from glibc and not freed, or None with another library. They include
    Python's small objects if `PYTHONMALLOC` is `malloc`.
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
    """Run one stream for as long as Home Assistant runs."""
    stream = create_stream(hass, url, {}, DynamicStreamSettings(), f"bare {number}")
    # A worker with preload continues without a viewer.
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
