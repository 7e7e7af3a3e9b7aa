"""The media browser: local days, hours of full days, search, and what others get of a file."""

from datetime import UTC, datetime, timedelta
from functools import partial

from homeassistant.components import media_source
from homeassistant.components.media_player import BrowseError, MediaClass, SearchMediaQuery
from homeassistant.components.media_source import (
    Unresolvable,
    async_resolve_media,
    async_search_media,
)
from homeassistant.core import HomeAssistant
import numpy as np
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.library.index import MediaIndex
from custom_components.retrocam.media.items import MediaKind, content_id
from custom_components.retrocam.media_source import MOST_DAYS, MOST_FILES, MOST_FOUND

from ..loop_lag import STRETCH, loop_lag
from ..waiting import until
from .browsing import NEW, OLD, ROOT, browse, fill, filled_camera, name_at, titles  # noqa: F401  # a fixture


async def test_browse_cameras_kinds_days_and_files(
    home: HomeAssistant, filled: CameraInstance
) -> None:
    entry_id = filled.entry.entry_id
    assert titles(await browse(home)) == ["Porch"]
    assert titles(await browse(home, entry_id)) == [
        *("Snapshots", "Recordings", "Timelapses"),
        "Footage",
    ]
    await home.config.async_set_time_zone("America/New_York")
    days = titles(await browse(home, entry_id, "snapshots"))
    assert days[-2:] == ["2026-01-03", "2026-01-02"]
    files = await browse(home, entry_id, "snapshots", "2026-01-02")
    assert titles(files) == ["2026-01-02 18:59:59"]
    assert titles(await browse(home, entry_id, "recordings")) == []


async def test_browsed_clip_can_be_played(home: HomeAssistant, demo: CameraInstance) -> None:
    """What a link to a clip opens; to a snapshot, or a clip that is gone, its day."""
    await until(lambda: demo.media.loaded)
    recordings = demo.media.recordings
    clip = await demo.media.async_run(
        partial(recordings.add, b"x", NEW.timestamp(), "mp4"), MediaKind.RECORDINGS
    )
    folder = (demo.entry.entry_id, "recordings", "2026-01-03")
    media = await browse(home, *folder, clip.name)
    assert (media.can_play, media.can_expand, media.children) == (True, False, None)
    assert media.title.startswith("Porch: 2026-01-03 ")
    assert str(media.media_content_id).endswith(clip.name)
    gone = await browse(home, *folder, "20260103T130000.000Z.mp4")
    assert (gone.can_play, len(gone.children or [])) == (False, 1)


async def test_days_are_those_of_home_assistants_time_zone(
    home: HomeAssistant, filled: CameraInstance
) -> None:
    folder = (filled.entry.entry_id, "snapshots")
    await home.config.async_set_time_zone("Europe/Berlin")
    assert titles(await browse(home, *folder))[-1] == "2026-01-03"
    files = await browse(home, *folder, "2026-01-03")
    assert titles(files) == ["2026-01-03 13:00:00", "2026-01-03 00:59:59"]
    assert not (await browse(home, *folder, "2026-01-02")).children
    # The id of a file is the same in any time zone; with its local day it is found as well.
    ids = [child.media_content_id for child in files.children or []]
    items = filled.media.snapshots.page(2, before=NEW.timestamp() + 1)
    assert ids == [content_id(folder[0], MediaKind.SNAPSHOTS, item.name) for item in items]
    for day in ("2026-01-02", "2026-01-03"):
        played = await async_resolve_media(home, "/".join((ROOT, *folder, day, name_at(OLD))), None)
        assert name_at(OLD) in played.url


async def test_every_file_of_a_full_day_is_listed_once(
    home: HomeAssistant, filled: CameraInstance
) -> None:
    await home.config.async_set_time_zone("Europe/Berlin")
    midnight = datetime(2026, 10, 24, 22, 0, 0, tzinfo=UTC)
    expected = {name_at(midnight + timedelta(minutes=2 * number)) for number in range(750)}
    burst = midnight + timedelta(hours=3, minutes=7, seconds=9)
    expected |= {name_at(burst, number) for number in range(501)}
    await fill(filled, expected)
    listed: list[str] = []
    folders: list[str] = []

    async def walk(*path: str) -> None:
        media = await browse(home, *path)
        assert len(media.children or []) <= MOST_FILES or "second" in path[-1]
        assert not media.not_shown
        folders.append(str(media.title))
        for child in media.children or []:
            last = child.media_content_id.rpartition("/")[2]
            if child.can_expand:
                await walk(*path[:3], last)
            else:
                listed.append(last)

    await walk(filled.entry.entry_id, "snapshots", "2026-10-25")
    assert len(listed) == len(expected)
    assert set(listed) == expected
    # From the last hour to the first, with the hour that clocks show twice.
    hours = [title.removeprefix("Porch: 2026-10-25 ") for title in folders if "–" in title]
    assert hours[-4:] == [
        "02:00–03:00 CET",
        "02:00–02:00 CEST",
        "01:00–02:00",
        "00:00–01:00",
    ]
    assert "Porch: 2026-10-25 02:07:09 CET" in folders


async def test_images_are_not_played_and_files_have_a_path(
    home: HomeAssistant, filled: CameraInstance
) -> None:
    (file,) = (await browse(home, filled.entry.entry_id, "snapshots", "2026-01-03")).children or []
    assert (file.media_class, file.can_play, file.can_expand) == (MediaClass.IMAGE, False, False)
    played = await async_resolve_media(home, file.media_content_id, None)
    assert played.path == filled.media.snapshots.directory / name_at(NEW)
    data = played.path.read_bytes()
    assert jpeg.size(data) == (640, 360)
    if (get_image := getattr(media_source, "async_get_media_image", None)) is not None:
        image = await get_image(home, file.media_content_id)
        assert (image.content, image.mime_type) == (data, "image/jpeg")
        played.path.unlink()
        with pytest.raises(Unresolvable):
            await get_image(home, file.media_content_id)


SEARCHES = [
    ("", [NEW, OLD]),
    ("porch", [NEW, OLD]),
    ("SNAP orch", [NEW, OLD]),
    ("garden", []),
    ("recordings", []),
    ("2026-01-03", [NEW, OLD]),
    ("2026-01-02", []),
    ("2026-01 0:59", [OLD]),
    ("13:00 porch", [NEW]),
    ("2025", []),
]


@pytest.mark.parametrize(("words", "found"), SEARCHES)
async def test_search_by_date_time_and_name(
    home: HomeAssistant, filled: CameraInstance, words: str, found: list[datetime]
) -> None:
    await home.config.async_set_time_zone("Europe/Berlin")
    # Apart from what the camera itself saves now.
    query = SearchMediaQuery(search_query=f"{words}" if "-" in words else f"2026-01 {words}")
    entry_id = filled.entry.entry_id
    for scope in (
        "",
        f"/{entry_id}",
        f"/{entry_id}/snapshots",
        f"/{entry_id}/snapshots/2026-01-03",
    ):
        result = await async_search_media(home, ROOT + scope, query)
        names = [item.media_content_id.rpartition("/")[2] for item in result.result]
        assert names == list(map(name_at, found)), scope
        assert all("Porch: 2026-01-03 " in item.title for item in result.result)
    for scope, classes in (("recordings", None), ("snapshots", [MediaClass.VIDEO])):
        query = SearchMediaQuery(search_query=words, media_filter_classes=classes)
        result = await async_search_media(home, f"{ROOT}/{entry_id}/{scope}", query)
        assert not result.result
    with pytest.raises(BrowseError):
        await async_search_media(home, f"{ROOT}/nobody", query)
    assert (await browse(home, entry_id)).can_search


async def test_search_returns_the_newest_files(home: HomeAssistant, filled: CameraInstance) -> None:
    await home.config.async_set_time_zone("UTC")
    names = [name_at(OLD + timedelta(days=number)) for number in range(2 * MOST_FOUND)]
    await fill(filled, names)
    query = SearchMediaQuery(search_query="23:59")
    result = await async_search_media(home, ROOT, query)
    found = [item.media_content_id.rpartition("/")[2] for item in result.result]
    assert found == names[: -MOST_FOUND - 1 : -1]


async def test_100000_files_do_not_block_the_loop(
    home: HomeAssistant, filled: CameraInstance
) -> None:
    await home.config.async_set_time_zone("Europe/Berlin")
    # Every four hours since 1970, as after years with wrong clocks.
    times = np.arange(100_000, dtype=np.int64) * 4 * 3_600_000
    some = np.ones(len(times), np.int64)
    filled.media.snapshots._index = MediaIndex.from_columns(times, some, some * 0)
    entry_id = filled.entry.entry_id
    with loop_lag() as lag:
        days = await browse(home, entry_id, "snapshots")
        query = SearchMediaQuery(search_query="5:00 1970")
        result = await async_search_media(home, ROOT, query)
    assert len(days.children or []) == MOST_DAYS
    # Those of the other days, which are not shown, are searched.
    assert days.not_shown == pytest.approx(100_000 - 6 * MOST_DAYS, abs=6)
    assert result.result[0].title == "Porch: 1970-12-31 05:00:00"
    assert len(result.result) == MOST_FOUND
    assert lag.longest < STRETCH
