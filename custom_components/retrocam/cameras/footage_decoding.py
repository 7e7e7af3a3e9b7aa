"""Decodes frames of footage, in a thread and within the limit of all cameras."""

from collections.abc import Callable

from homeassistant.core import HomeAssistant

from ..core.errors import NotHeldError, StorageError
from ..core.footage.held import HeldFootage
from ..core.threads import run_in_thread
from ..workload import async_footage_decoding


async def async_decode_footage[T](
    hass: HomeAssistant,
    name: str,
    held: HeldFootage,
    decode: Callable[[HeldFootage], T],
    then: Callable[[T], None],
    *,
    guest: bool,
) -> T:
    """Return what `decode` makes of footage of a camera of that name, after `then` used it.

    Both are called in a thread. Raises NotHeldError if the tape cannot be read, BusyError if too many
    wait, and what they raise.
    """

    def read() -> T:
        try:
            decoded = decode(held)
        except StorageError as err:
            raise NotHeldError(f"the tape cannot be read: {err}") from err
        then(decoded)
        return decoded

    async with async_footage_decoding(hass).enter(guest=guest):
        # The thread keeps its place until it ends, also when nobody waits for the frame.
        return await run_in_thread(f"retrocam frame {name}", read, join_on_cancel=True)
