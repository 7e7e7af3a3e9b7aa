"""Tests of media files over HTTP: ranges, conditional requests and replaced files."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
import os
from pathlib import Path
import shutil
from typing import Any, Final

from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.core.errors import InvalidFrameError
from custom_components.retrocam.core.library.snapshots import save_still
from custom_components.retrocam.core.library.thumbnails import clip_thumbnail
from custom_components.retrocam.core.library.timelapse import make_timelapse
from custom_components.retrocam.media.items import MediaKind
from custom_components.retrocam.urls import media_path, thumbnail_path

from ..conftest import LoadEntry
from ..core.frames.stills import NOW, jpeg
from ..share.guests import Browser, page_path, sharing
from ..viewers import QUIET
from ..waiting import until

type User = TestClient[Any, Any]

PATIENCE: Final = 60.0
"""Seconds: a test that hangs fails."""


async def save_snapshot(instance: CameraInstance, number: int = 1) -> tuple[str, bytes, Path]:
    """Keep a snapshot; return its name, its bytes and its path."""
    await until(lambda: instance.media.loaded)
    data = jpeg(number)
    store = instance.media.snapshots
    item = await instance.media.async_run(
        lambda: save_still(store, data, NOW + number), MediaKind.SNAPSHOTS
    )
    return item.name, data, store.path(item.name)


@pytest.fixture
async def user(home: HomeAssistant, hass_client: ClientSessionGenerator) -> User:
    """A client with a login."""
    client: User = await hass_client()
    return client


async def test_whole_file_and_ranges(quiet_demo: GeneratedCamera, user: User) -> None:
    name, data, path = await save_snapshot(quiet_demo)
    os.utime(path, (NOW, NOW))
    url = media_path(MediaKind.SNAPSHOTS, quiet_demo.entry.entry_id, name)
    size = len(data)
    whole = await user.get(url)
    assert (whole.status, await whole.read()) == (HTTPStatus.OK, data)
    assert whole.headers["Content-Type"] == "image/jpeg"
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Last-Modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"  # Home Assistant's own
    tag, date = whole.headers["ETag"], whole.headers["Last-Modified"]
    early = "Thu, 01 Jan 2026 03:04:05 GMT"
    for asked, part in (
        ("bytes=0-", data),
        ("bytes=10-19", data[10:20]),
        (f"bytes=5-{size + 99}", data[5:]),
        ("bytes=-7", data[-7:]),
        (f"bytes=-{size + 7}", data),
    ):
        for condition in ({}, {"If-Range": tag}, {"If-Range": date}):
            answer = await user.get(url, headers={"Range": asked, **condition})
            assert (answer.status, await answer.read()) == (HTTPStatus.PARTIAL_CONTENT, part)
            start = data.index(part)
            told = f"bytes {start}-{start + len(part) - 1}/{size}"
            assert answer.headers["Content-Range"] == told
            assert int(answer.headers["Content-Length"]) == len(part)
    for named in ('"other"', f"W/{tag}", early, "nonsense"):
        answer = await user.get(url, headers={"Range": "bytes=3-4", "If-Range": named})
        assert (answer.status, await answer.read()) == (HTTPStatus.OK, data), named
    for asked in (f"bytes={size}-", "bytes=9-3", "bytes=-", "pages=1-2", "bytes=0-1,4-5"):
        answer = await user.get(url, headers={"Range": asked})
        assert answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, asked
        assert answer.headers["Content-Range"] == f"bytes */{size}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": "{tag}"}, HTTPStatus.NOT_MODIFIED),
        ({"If-None-Match": 'W/{tag}, "other"'}, HTTPStatus.NOT_MODIFIED),
        ({"If-None-Match": "*"}, HTTPStatus.NOT_MODIFIED),
        ({"If-None-Match": '"other"', "If-Modified-Since": "{date}"}, HTTPStatus.OK),
        ({"If-Modified-Since": "{date}"}, HTTPStatus.NOT_MODIFIED),
        ({"If-Modified-Since": "{early}"}, HTTPStatus.OK),
        ({"If-Match": "{tag}"}, HTTPStatus.OK),
        ({"If-Match": "W/{tag}"}, HTTPStatus.PRECONDITION_FAILED),
        ({"If-Match": '"other"'}, HTTPStatus.PRECONDITION_FAILED),
        ({"If-Unmodified-Since": "{early}"}, HTTPStatus.PRECONDITION_FAILED),
        ({"If-Unmodified-Since": "{date}"}, HTTPStatus.OK),
    ],
)
async def test_conditional_requests(
    quiet_demo: GeneratedCamera, user: User, headers: dict[str, str], status: int
) -> None:
    name, data, path = await save_snapshot(quiet_demo)
    os.utime(path, (NOW, NOW))
    url = media_path(MediaKind.SNAPSHOTS, quiet_demo.entry.entry_id, name)
    whole = await user.get(url)
    words = {
        "tag": whole.headers["ETag"],
        "date": whole.headers["Last-Modified"],
        "early": "Thu, 01 Jan 2026 03:04:05 GMT",
    }
    for _ in range(2):  # also on the same connection
        sent = {key: value.format_map(words) for key, value in headers.items()}
        answer = await user.get(url, headers=sent)
        body = data if status == HTTPStatus.OK else b""
        assert (answer.status, await answer.read()) == (status, body)
        assert answer.headers["ETag"] == words["tag"]


def replace(path: Path, kind: str, secret: Path) -> None:
    """Replace a file of the index, or its folder."""
    if kind == "folder":
        shutil.move(path.parent, secret.parent / "moved")
        path.parent.symlink_to(secret.parent / "moved")
        return
    path.unlink()
    if kind == "link":
        path.symlink_to(secret)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        (path.parent / f"{path.name}.gz").write_bytes(secret.read_bytes())


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "beside"])
async def test_replaced_files_are_neither_served_nor_awaited(
    home: HomeAssistant, load: LoadEntry, user: User, tmp_path: Path, kind: str
) -> None:
    data = {"kind": "demo", "name": "Porch"}
    entry = await load(data, options=sharing(share_history=True))
    instance: CameraInstance = entry.runtime_data
    secret = tmp_path / "secret"
    secret.write_bytes(jpeg(77))
    name, _, path = await save_snapshot(instance)
    ours = (media_path(MediaKind.SNAPSHOTS, entry.entry_id, name), f"/snapshots/{name}")
    theirs = (thumbnail_path(entry.entry_id, name), f"/thumbnails/{name}")
    async with asyncio.timeout(PATIENCE), Browser.at(home, page_path(entry)) as guest:
        await guest.unlock()
        for own, shared in (ours, theirs):
            replace(path, kind, secret)
            asked = {"Accept-Encoding": "gzip, br"}
            # The library detects it by the file: it has not checked the folder since.
            assert (await user.get(own, headers=asked)).status == HTTPStatus.NOT_FOUND
            assert (await guest.get(shared, headers=asked)).status == HTTPStatus.NOT_FOUND
            assert instance.media.snapshots.find(name) is None
            if kind == "folder":
                return
            path.unlink(missing_ok=True)
            name, _, path = await save_snapshot(instance)


async def test_linked_folder_of_another_camera_is_ignored(
    home: HomeAssistant, load: LoadEntry, media_directory: Path
) -> None:
    """Limits would delete the other camera's files, and its names would be listed here."""
    cameras: list[CameraInstance] = []
    for title in ("Porch", "Yard"):
        entry = await load({"kind": "demo", "name": title, "slug": title.lower()}, options=QUIET)
        cameras.append(entry.runtime_data)
    porch, yard = cameras
    name, _, path = await save_snapshot(yard)
    await save_snapshot(porch, 2)
    shutil.rmtree(porch.media.snapshots.directory)
    porch.media.snapshots.directory.symlink_to(yard.media.snapshots.directory)
    await porch.media.async_refresh()
    assert porch.media.problem is not None
    assert porch.media.problem.code == "storage_missing"
    assert porch.media.snapshots.total == 0
    await porch.media.async_limit_counts(snapshots=1, recordings=1)
    assert await home.config_entries.async_reload(porch.entry.entry_id)
    again: CameraInstance = porch.entry.runtime_data
    await until(lambda: again.media.loaded)
    assert again.media.snapshots.total == 0
    assert path.exists()
    assert yard.media.snapshots.find(name) is not None
    # The library recovers once the link is removed.
    porch.media.snapshots.directory.unlink()
    await again.media.async_refresh()
    assert again.media.problem is None


@pytest.mark.parametrize("listed", ["concat", "hls"])
def test_clip_replaced_by_a_playlist_opens_no_other_file(tmp_path: Path, listed: str) -> None:
    """FFmpeg detects formats by content: it would open the files of a playlist named .mp4."""
    other = tmp_path / "other.mp4"
    picture = tmp_path / "1.jpg"
    picture.write_bytes(jpeg(1))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(make_timelapse, [picture] * 20, other).result()
    assert clip_thumbnail(other)
    path = tmp_path / "clip.mp4"
    if listed == "hls":
        path.write_text(f"#EXTM3U\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n")
    else:
        path.write_text("ffconcat version 1.0\nfile other.mp4\n")
    with pytest.raises(InvalidFrameError):
        clip_thumbnail(path)
