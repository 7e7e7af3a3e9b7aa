"""Limits shared by all instances of one Home Assistant, which keep the event loop responsive."""

import asyncio
from collections.abc import Callable
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .core.fair_turns import FairTurns
from .core.job_limiter import GuestLimiter
from .core.threads import run_in_thread

THREADS: Final = 2
"""Computing threads at a time, of all instances: each competes with the event loop for the GIL."""
DECODES: Final = 4
"""Frames of footage decoded at once, of all instances."""
_DECODES_WAITING: Final = 200
"""Requests for a frame of footage that may wait, of all instances; further ones are refused."""

_SLICES: Final[HassKey[FairTurns]] = HassKey(f"{DOMAIN}_slices")
_COMPUTING: Final[HassKey[asyncio.Semaphore]] = HassKey(f"{DOMAIN}_computing")
_DECODING: Final[HassKey[GuestLimiter]] = HassKey(f"{DOMAIN}_footage_frames")


@callback
def async_slices(hass: HomeAssistant) -> FairTurns:
    """Return the queue that interleaves long work with the rest of the event loop."""
    if (slices := hass.data.get(_SLICES)) is None:
        slices = hass.data[_SLICES] = FairTurns()
    return slices


@callback
def async_footage_decoding(hass: HomeAssistant) -> GuestLimiter:
    """Return the queue of frames of footage to decode."""
    if (decoding := hass.data.get(_DECODING)) is None:
        decoding = hass.data[_DECODING] = GuestLimiter(running=DECODES, waiting=_DECODES_WAITING)
    return decoding


async def async_compute[T](hass: HomeAssistant, name: str, function: Callable[[], T]) -> T:
    """Run `function` by `run_in_thread`, at most THREADS at a time.

    For computations of some milliseconds. It must not wait for a source.
    """
    if (computing := hass.data.get(_COMPUTING)) is None:
        computing = hass.data[_COMPUTING] = asyncio.Semaphore(THREADS)
    async with computing:
        return await run_in_thread(name, function)
