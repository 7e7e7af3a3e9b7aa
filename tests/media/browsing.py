"""A camera with snapshots of two days, and the media browser."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from homeassistant.components.media_source import BrowseMediaSource, async_browse_media
from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.library.files import format_name
from custom_components.retrocam.core.library.snapshots import save_still
from custom_components.retrocam.core.pattern.picture import TestPattern
from custom_components.retrocam.media.items import MediaKind

from ..waiting import until

ROOT = "media-source://retrocam"
OLD = datetime(2026, 1, 2, 23, 59, 59, tzinfo=UTC)
NEW = datetime(2026, 1, 3, 12, 0, 0, tzinfo=UTC)


def name_at(time: datetime, milliseconds: int = 0) -> str:
    return format_name(round(time.timestamp() * 1000) + milliseconds, "jpg")


@pytest.fixture(name="filled")
async def filled_camera(home: HomeAssistant, demo: CameraInstance) -> CameraInstance:
    """A camera with two snapshots of different days."""
    picture = jpeg.encode(TestPattern(640, 360, 25).render(7, 0.0))
    await until(lambda: demo.media.loaded)
    for time in (OLD, NEW):
        await demo.media.async_run(
            partial(save_still, demo.media.snapshots, picture, time.timestamp()),
            MediaKind.SNAPSHOTS,
        )
    return demo


async def browse(hass: HomeAssistant, *parts: str) -> BrowseMediaSource:
    media = await async_browse_media(hass, "/".join((ROOT, *parts)))
    assert isinstance(media, BrowseMediaSource)
    return media


def titles(media: BrowseMediaSource) -> list[str]:
    return [str(child.title) for child in media.children or []]


async def fill(camera: CameraInstance, names: Iterable[str]) -> None:
    """Put files into the snapshots, as if they were there before."""
    snapshots = camera.media.snapshots
    for name in names:
        (snapshots.directory / name).write_bytes(b"x")
    await camera.media.async_run(partial(snapshots.refresh, force=True), MediaKind.SNAPSHOTS)
