"""What all of Retrocam's work in one Home Assistant shares, so that the event loop stays free."""

import asyncio
from collections.abc import Callable
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .core.slices import Slices
from .core.threads import run_in_thread

THREADS: Final = 2
"""Threads that compute at once, of all instances: each takes Python's lock from the event loop."""

_SLICES: Final[HassKey[Slices]] = HassKey(f"{DOMAIN}_slices")
_COMPUTING: Final[HassKey[asyncio.Semaphore]] = HassKey(f"{DOMAIN}_computing")


@callback
def async_slices(hass: HomeAssistant) -> Slices:
    """Return what gives turns of the event loop to long work."""
    if (slices := hass.data.get(_SLICES)) is None:
        slices = hass.data[_SLICES] = Slices()
    return slices


async def async_compute[T](hass: HomeAssistant, name: str, function: Callable[[], T]) -> T:
    """Run `function` as `run_in_thread` does, beside at most one other of its kind.

    For work of some milliseconds that a user asks for. It must not wait for a source.
    """
    if (computing := hass.data.get(_COMPUTING)) is None:
        computing = hass.data[_COMPUTING] = asyncio.Semaphore(THREADS)
    async with computing:
        return await run_in_thread(name, function)
