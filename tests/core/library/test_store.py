"""Tests of the library of recordings and timelapses, and of its index."""

from pathlib import Path
import threading
from typing import Any

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.retrocam.core.errors import (
    InvalidFrameError,
    MediaNotFoundError,
    StorageMissingError,
)
from custom_components.retrocam.core.frames.jpeg import size
from custom_components.retrocam.core.library.files import final_path, format_name, partial_path
from custom_components.retrocam.core.library.index import MediaIndex
from custom_components.retrocam.core.library.reader import MediaChange
from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.core.library.store import MediaLibrary
from custom_components.retrocam.core.library.thumbnails import clip_thumbnail, still_thumbnail
from custom_components.retrocam.core.library.timelapse import make_timelapse
from custom_components.retrocam.core.mp4.duration import mp4_duration

from ..frames.stills import NOW, jpeg, listing, number_in
from ..media import Clock

NAME = "20260102T030405.000Z.mp4"


def recordings(directory: Path, **options: Any) -> MediaLibrary:
    library = MediaLibrary(
        directory / "recordings",
        extensions=("mp4",),
        thumbnailer=clip_thumbnail,
        prober=mp4_duration,
        keep_partials=True,
        clock=lambda: NOW,
        **options,
    )
    assert library.load() == []
    return library


def video(directory: Path, path: Path, frames: int = 5) -> None:
    """Make an MP4 of 10 fps, with frame numbers from 40 on."""
    pictures = [directory / f"{number}.jpg" for number in range(frames)]
    for number, picture in enumerate(pictures):
        picture.write_bytes(jpeg(40 + number, 640, 360))
    worker = threading.Thread(target=make_timelapse, args=(pictures, path), kwargs={"fps": 10})
    worker.start()
    worker.join()


def test_adopted_file_is_listed(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    changes: list[MediaChange] = []
    library.listeners.add(changes.append)
    path = library.reserve(NOW, "mp4")
    assert path == library.directory / NAME
    assert library.total == 0
    video(tmp_path, path)
    item = library.adopt(path, duration=0.5)
    assert (item.name, item.duration, item.size) == (NAME, 0.5, path.stat().st_size)
    assert list(library.page(1)) == [item]
    assert changes == [MediaChange(added=(item,))]
    small = library.thumbnail(NAME)
    assert (size(small), number_in(small)) == ((320, 180), 40)


def test_durations_are_probed_at_load_and_refresh(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    video(tmp_path, library.directory / NAME)
    assert library.refresh() is True
    assert [item.duration for item in library.page(9)] == [0.5]
    assert [item.duration for item in recordings(tmp_path).page(9)] == [0.5]
    # Known durations are not probed again: the file no longer has one.
    (library.directory / NAME).write_bytes(b"damaged")
    (library.directory / "20260102T030406.000Z.mp4").write_bytes(b"no film")
    library.refresh()
    assert [item.duration for item in library.page(9)] == [0, 0.5]
    for name in (NAME, "20260102T030406.000Z.mp4"):
        with pytest.raises(InvalidFrameError):
            library.thumbnail(name)


def test_reserved_names_are_unique_until_released(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    paths = [library.reserve(NOW, "mp4") for _ in range(3)]
    assert len(set(paths)) == 3
    library.release(paths[1])
    library.release(tmp_path / "no name of ours")
    assert library.reserve(NOW, "mp4") == paths[1]
    assert library.add(b"x", NOW, "mp4").name == "20260102T030405.003Z.mp4"


def test_name_is_reserved_before_the_first_scan(tmp_path: Path) -> None:
    library = MediaLibrary(
        tmp_path / "retrocam" / "porch" / "recordings",
        extensions=("mp4",),
        thumbnailer=clip_thumbnail,
        keep_partials=True,
    )
    path = library.reserve(NOW, "mp4")
    partial_path(path).write_bytes(b"the first fragment")
    assert library.load() == []
    partial_path(path).rename(path)
    assert library.adopt(path).name == path.name
    assert library.total == 1


@pytest.mark.parametrize("keep_partials", [True, False])
def test_load_keeps_reserved_partial_files(tmp_path: Path, *, keep_partials: bool) -> None:
    """A clip may be requested before a large library has been scanned."""
    directory = tmp_path / "recordings"
    directory.mkdir()
    library = MediaLibrary(
        directory,
        extensions=("mp4",),
        thumbnailer=clip_thumbnail,
        keep_partials=keep_partials,
        clock=lambda: NOW,
    )
    writing = partial_path(library.reserve(NOW, "mp4"))
    crashed = partial_path(directory / "20260101T000000.000Z.mp4")
    for path in (writing, crashed):
        path.write_bytes(b"x")
    assert library.load() == ([crashed] if keep_partials else [])
    assert writing.exists()
    assert crashed.exists() is keep_partials
    library.release(final_path(writing))
    assert sorted(library.load()) == ([crashed, writing] if keep_partials else [])
    assert writing.exists() is keep_partials


@pytest.mark.parametrize(
    "limits", [Limits(count=1), Limits(size=1), Limits(days=1)], ids=["count", "size", "days"]
)
def test_new_clip_is_protected_for_a_minute(tmp_path: Path, limits: Limits) -> None:
    clock = Clock()
    library = recordings(tmp_path, limits=limits, monotonic=clock, protect_seconds=60.0)
    # A long clip ends after a short one that began later, and after the age limit.
    early, late = (library.reserve(NOW - 100_000 + begun, "mp4") for begun in (0, 50))
    for path in (late, early):
        path.write_bytes(b"a clip")
        clock.now += 40
        # A scan finds it before it is adopted.
        library.refresh(force=True)
        library.apply_limits()
        library.adopt(path)
    library.apply_limits()
    assert early.exists()
    assert late.exists()
    clock.now += 30
    library.apply_limits()
    assert early.exists()
    clock.now += 40
    library.apply_limits()
    assert not early.exists()


def test_space_of_protected_clips_is_freed_from_others(tmp_path: Path) -> None:
    clock, free = Clock(), [5000]
    limits = Limits(min_free=1000)
    library = recordings(
        tmp_path,
        limits=limits,
        monotonic=clock,
        protect_seconds=60.0,
        free=lambda _directory: free[0],
    )
    long, short = (library.reserve(NOW + begun, "mp4") for begun in (-500, -100))
    for path in (short, long):
        path.write_bytes(b"x" * 500)
        library.adopt(path)
        clock.now += 61 if path is short else 0
    free[0] = 900
    library.apply_limits()
    assert long.exists()
    assert not short.exists()


def test_adopting_twice_or_after_a_refresh_lists_once(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    path = library.reserve(NOW, "mp4")
    video(tmp_path, path)
    library.refresh()
    assert library.adopt(path, duration=7).duration == 0.5
    library.adopt(path)
    assert library.total == 1


def test_files_of_other_paths_are_not_adopted(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    for path in (
        tmp_path / NAME,
        library.directory / "film.mp4",
        library.directory / NAME.replace("mp4", "jpg"),
    ):
        path.write_bytes(b"x")
        with pytest.raises(ValueError, match="no file of this library"):
            library.adopt(path)
    with pytest.raises(StorageMissingError):
        library.adopt(library.directory / NAME)
    assert library.total == 0
    assert library.add(b"x", NOW, "mp4").name == NAME


def test_load_returns_or_deletes_partial_files(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    partial = library.directory / "20260102T030405.000Z.partial.mp4"
    partial.write_bytes(b"half a film")
    assert library.load() == [partial]
    assert partial.exists()
    assert library.total == 0
    other = MediaLibrary(library.directory, extensions=("mp4",), thumbnailer=clip_thumbnail)
    assert other.load() == []
    assert not partial.exists()


def test_library_without_thumbnailer_raises_not_found(tmp_path: Path) -> None:
    library = MediaLibrary(tmp_path, extensions=("mp4",), clock=lambda: NOW)
    library.load()
    name = library.add(b"x", NOW, "mp4").name
    with pytest.raises(MediaNotFoundError):
        library.thumbnail(name)
    assert library.delete([name]) == (name,)


def test_clip_deleted_during_its_thumbnail_leaves_none(tmp_path: Path) -> None:
    def deleted_meanwhile(path: Path) -> bytes:
        library.delete([path.name])
        return b"small"

    library = MediaLibrary(tmp_path, extensions=("mp4",), thumbnailer=deleted_meanwhile)
    library.load()
    assert library.thumbnail(library.add(b"x", NOW, "mp4").name) == b"small"
    assert listing(tmp_path / ".thumbnails") == []


def test_deleted_clip_is_not_found(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    name = library.add(b"x", NOW, "mp4").name
    library.path(name).unlink()
    with pytest.raises(MediaNotFoundError):
        library.thumbnail(name)
    assert library.total == 0


def test_jpeg_and_png_of_one_time_are_both_found(tmp_path: Path) -> None:
    for extension in ("jpg", "png"):
        (tmp_path / format_name(1000, extension)).write_bytes(b"x")
    library = MediaLibrary(tmp_path, extensions=("jpg", "png"), thumbnailer=still_thumbnail)
    library.load()
    for extension in ("jpg", "png"):
        assert library.path(format_name(1000, extension)).exists()
    with pytest.raises(MediaNotFoundError):
        library.path(format_name(1000, "mp4"))
    assert library.delete([format_name(1000, "jpg")]) == (format_name(1000, "jpg"),)
    assert listing(tmp_path) == [format_name(1000, "png")]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 200), st.integers(1, 1 << 40)),
        st.tuples(st.just("newest"), st.just(0), st.integers(1, 9)),
        st.tuples(st.just("oldest"), st.integers(1, 30), st.just(0)),
        st.tuples(st.just("some"), st.integers(2, 5), st.just(0)),
    ),
    max_size=120,
)


@given(steps=STEPS)
@settings(max_examples=60)
def test_index_is_sorted_and_earlier_ones_stay_unchanged(steps: list[tuple[str, int, int]]) -> None:
    index, model = MediaIndex(), list[tuple[int, int]]()
    past: list[tuple[MediaIndex, list[tuple[int, int]]]] = []
    for kind, first, second in steps:
        if kind in {"add", "newest"}:
            time = first if kind == "add" else (model[-1][0] + 1 if model else 0)
            while index.has_time(time):
                time += 1
            index = index.with_item(time, second, "jpg", time % 7)
            model = sorted([*model, (time, second)])
        else:
            places = (
                range(min(first, len(model))) if kind == "oldest" else range(0, len(model), first)
            )
            index = index.without(np.array(places, np.int64))
            model = [row for place, row in enumerate(model) if place not in places]
        past.append((index, model))
    for seen, expected in past:
        assert list(zip(seen.times.tolist(), seen.sizes().tolist(), strict=True)) == expected
        assert seen.durations.tolist() == [time % 7 for time, _ in expected]
        assert seen.total_bytes == sum(size for _, size in expected)


def test_index_memory_is_bounded() -> None:
    count = 100_000
    numbers = np.arange(count, dtype=np.int64)
    index = MediaIndex.from_columns(numbers, numbers + 1, numbers * 0)
    assert index.nbytes <= 32 * count
    for number in range(20_000):
        index = index.with_item(count + number, 1, "jpg").without(np.array([0]))
    assert len(index) == count
    assert index.nbytes <= 32 * count
    index = index.without(np.arange(count - 10))
    assert (len(index), index.nbytes < 2000) == (10, True)


def test_missing_directory_is_detected_at_reserve(tmp_path: Path) -> None:
    """Also without a limit of free space, for which the disk would be queried."""
    library = recordings(tmp_path, limits=Limits(min_free=0))
    library.directory.rmdir()
    with pytest.raises(StorageMissingError):
        library.reserve(NOW, "mp4")
    # The next call creates it again, since its parent exists.
    assert library.reserve(NOW, "mp4").parent.is_dir()
