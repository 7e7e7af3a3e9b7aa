"""A tape of 50,000 files: nobody waits for the event loop while it is listed."""

from dataclasses import dataclass
from datetime import UTC, datetime
import threading
from typing import Any

from homeassistant.components.media_player import SearchMediaQuery
from homeassistant.components.media_source import (
    async_browse_media,
    async_resolve_media,
    async_search_media,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import numpy as np
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.errors import SpanTooLongError
from custom_components.retrocam.core.library.index import MediaIndex
from custom_components.retrocam.core.tape.store import TapeStore
from custom_components.retrocam.media_source import MOST_FOUND

from ..calling import answer_of
from .browsing import ROOT, browse, titles

FILES = 50_000
STEP = 600_000
"""Milliseconds from one file to the next."""
LENGTH = 540_000
"""Milliseconds of a file: none continues the one before."""
BEGIN = round(datetime(2025, 1, 1, 6, tzinfo=UTC).timestamp()) * 1000
END = (BEGIN + STEP * (FILES - 1) + LENGTH) / 1000
MOST_TOLD = 100
"""Spans of a tape that cards are told."""


@pytest.fixture
async def folder(home: HomeAssistant, quiet_demo: CameraInstance) -> str:
    """The tape of a camera that comes and goes, in the media browser."""
    await home.config.async_set_time_zone("Europe/Berlin")
    times = BEGIN + np.arange(FILES, dtype=np.int64) * STEP
    some = np.ones(FILES, np.int64)
    lengths = np.full(FILES, LENGTH, np.uint32)
    quiet_demo.tape._store._set_index(MediaIndex.from_columns(times, some, some * 2, lengths))
    return f"{ROOT}/{quiet_demo.entry.entry_id}/tape"


@dataclass
class Listed:
    """How many files or spans of a tape were listed at once, at most."""

    in_loop: int = 0
    elsewhere: int = 0


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch, folder: str) -> Listed:
    """Count what is listed in the event loop, and in other threads."""
    found, loop = Listed(), threading.get_ident()

    def counted(name: str) -> None:
        method = getattr(TapeStore, name)

        def wrapper(store: TapeStore, *args: Any, **options: Any) -> list[Any]:
            result: list[Any] = method(store, *args, **options)
            place = "in_loop" if threading.get_ident() == loop else "elsewhere"
            setattr(found, place, max(getattr(found, place), len(result)))
            return result

        monkeypatch.setattr(TapeStore, name, wrapper)

    counted("spans")
    counted("files")
    return found


async def test_days_and_hours_are_found(
    home: HomeAssistant, quiet_demo: CameraInstance, folder: str
) -> None:
    days = titles(await browse(home, quiet_demo.entry.entry_id, "tape"))
    assert len(days) == FILES * STEP // 86_400_000 + 1
    assert (days[0], days[-1]) == ("2025-12-14", "2025-01-01")
    hours = titles(await browse(home, quiet_demo.entry.entry_id, "tape", "2025-01-01"))
    # It begins at seven o'clock by the local clocks.
    assert len(hours) == 17
    assert (hours[0], hours[-1]) == ("23:00–00:00", "07:00–08:00")
    query = SearchMediaQuery(search_query="5:00 2025-03")
    found = (await async_search_media(home, folder, query)).result
    assert [one.title for one in found[:2]] == [
        "Porch: 2025-03-31 05:00–06:00",
        "Porch: 2025-03-30 05:00–06:00",
    ]
    assert len(found) == 31
    assert len(
        (await async_search_media(home, folder, SearchMediaQuery(search_query=""))).result
    ) == (MOST_FOUND)


async def test_nothing_lists_all_files_in_the_event_loop(
    home: HomeAssistant, quiet_demo: CameraInstance, folder: str, listed: Listed
) -> None:
    footage = quiet_demo.footage

    async def film() -> None:
        span = {"start": iso(BEGIN / 1000), "end": iso(END)}
        with pytest.raises(ServiceValidationError, match="pictures"):
            await answer_of(
                home, "export_timelapse", "camera.porch", source="footage", **span, interval=1
            )

    async def record() -> None:
        # Refused before anything is read: the camera has nothing of the time.
        with pytest.raises(ServiceValidationError):
            await answer_of(
                home, "record", "camera.porch", start=iso(BEGIN / 1000 - 9), end=iso(BEGIN / 1000)
            )

    async def playlist() -> None:
        with pytest.raises(SpanTooLongError):
            await footage.async_window(BEGIN / 1000, END, None)

    day = f"{folder}/2025-06-01"
    hour = f"{day}/hour-20250601T100000Z"
    for use in (
        lambda: async_browse_media(home, folder),
        lambda: async_browse_media(home, day),
        lambda: async_browse_media(home, folder.replace("/tape", "/footage")),
        lambda: async_resolve_media(home, hour, None),
        lambda: async_search_media(home, folder, SearchMediaQuery(search_query="5:00")),
        record,
        playlist,
    ):
        await use()
    footage.announce()
    assert listed.in_loop == MOST_TOLD
    await film()
    assert (listed.in_loop, listed.elsewhere) == (MOST_TOLD, FILES)
    # As before, where all was listed in the event loop.
    assert len(footage.spans()) == listed.in_loop == FILES


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()
