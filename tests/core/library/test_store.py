"""The library as recordings and timelapses use it, and its index at every size."""

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
from custom_components.retrocam.core.library.files import format_name, partial_path, whole_path
from custom_components.retrocam.core.library.index import Columns, MediaIndex
from custom_components.retrocam.core.library.reader import MediaChange
from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.core.library.store import MediaLibrary
from custom_components.retrocam.core.library.thumbnails import clip_thumbnail
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


def film(directory: Path, path: Path, frames: int = 5) -> None:
    """Make an MP4 of 10 fps, with rising frame numbers from 40 on."""
    pictures = [directory / f"{number}.jpg" for number in range(frames)]
    for number, picture in enumerate(pictures):
        picture.write_bytes(jpeg(40 + number, 640, 360))
    worker = threading.Thread(target=make_timelapse, args=(pictures, path), kwargs={"fps": 10})
    worker.start()
    worker.join()


def test_a_file_that_is_written_elsewhere_is_taken_up(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    changes: list[MediaChange] = []
    library.subscribe(changes.append)
    path = library.reserve(NOW, "mp4")
    assert path == library.directory / NAME
    assert library.total == 0
    film(tmp_path, path)
    item = library.adopt(path, duration=0.5)
    assert (item.name, item.duration, item.size) == (NAME, 0.5, path.stat().st_size)
    assert library.latest(1) == [item]
    assert changes == [MediaChange(added=(item,))]
    small = library.thumbnail(NAME)
    assert (size(small), number_in(small)) == ((320, 180), 40)


def test_durations_are_known_after_a_restart_and_to_a_refresh(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    film(tmp_path, library.directory / NAME)
    assert library.refresh() is True
    assert [item.duration for item in library.latest(9)] == [0.5]
    assert [item.duration for item in recordings(tmp_path).latest(9)] == [0.5]
    # Known ones are not read again: the file can no longer say it.
    (library.directory / NAME).write_bytes(b"damaged")
    (library.directory / "20260102T030406.000Z.mp4").write_bytes(b"no film")
    library.refresh()
    assert [item.duration for item in library.latest(9)] == [0, 0.5]
    for name in (NAME, "20260102T030406.000Z.mp4"):
        with pytest.raises(InvalidFrameError):
            library.thumbnail(name)


def test_reserved_names_are_nobody_elses_until_released(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    paths = [library.reserve(NOW, "mp4") for _ in range(3)]
    assert len(set(paths)) == 3
    library.release(paths[1])
    library.release(tmp_path / "no name of ours")
    assert library.reserve(NOW, "mp4") == paths[1]
    assert library.add(b"x", NOW, "mp4").name == "20260102T030405.003Z.mp4"


def test_a_name_can_be_had_before_the_directory_was_ever_read(tmp_path: Path) -> None:
    library = MediaLibrary(
        tmp_path / "retrocam" / "porch" / "recordings", extensions=("mp4",), keep_partials=True
    )
    path = library.reserve(NOW, "mp4")
    partial_path(path).write_bytes(b"the first fragment")
    assert library.load() == []
    partial_path(path).rename(path)
    assert library.adopt(path).name == path.name
    assert library.total == 1


@pytest.mark.parametrize("keep_partials", [True, False])
def test_what_is_being_written_while_it_is_read_is_left_alone(
    tmp_path: Path, *, keep_partials: bool
) -> None:
    """A clip may be asked for before a large library has been read."""
    directory = tmp_path / "recordings"
    directory.mkdir()
    library = MediaLibrary(
        directory, extensions=("mp4",), keep_partials=keep_partials, clock=lambda: NOW
    )
    writing = partial_path(library.reserve(NOW, "mp4"))
    crashed = partial_path(directory / "20260101T000000.000Z.mp4")
    for path in (writing, crashed):
        path.write_bytes(b"x")
    assert library.load() == ([crashed] if keep_partials else [])
    assert writing.exists()
    assert crashed.exists() is keep_partials
    library.release(whole_path(writing))
    assert sorted(library.load()) == ([crashed, writing] if keep_partials else [])
    assert writing.exists() is keep_partials


@pytest.mark.parametrize(
    "limits", [Limits(count=1), Limits(size=1), Limits(days=1)], ids=["count", "size", "days"]
)
def test_a_clip_that_was_just_made_is_spared_for_a_minute(tmp_path: Path, limits: Limits) -> None:
    clock = Clock()
    library = recordings(tmp_path, limits=limits, monotonic=clock, spare=60.0)
    # A long clip ends after a short one that began later, and after the days that are kept.
    early, late = (library.reserve(NOW - 100_000 + begun, "mp4") for begun in (0, 50))
    for path in (late, early):
        path.write_bytes(b"a clip")
        clock.now += 40
        # It is seen before it is entered.
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


def test_what_a_spared_clip_does_not_give_is_taken_from_others(tmp_path: Path) -> None:
    clock, free = Clock(), [5000]
    limits = Limits(min_free=1000)
    library = recordings(
        tmp_path, limits=limits, monotonic=clock, spare=60.0, free=lambda _directory: free[0]
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


def test_adopting_twice_or_after_a_refresh_lists_it_once(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    path = library.reserve(NOW, "mp4")
    film(tmp_path, path)
    library.refresh()
    assert library.adopt(path, duration=7).duration == 0.5
    library.adopt(path)
    assert library.total == 1


def test_only_its_own_files_are_adopted(tmp_path: Path) -> None:
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


def test_unfinished_files_are_given_back_where_they_can_be_salvaged(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    partial = library.directory / "20260102T030405.000Z.partial.mp4"
    partial.write_bytes(b"half a film")
    assert library.load() == [partial]
    assert partial.exists()
    assert library.total == 0
    other = MediaLibrary(library.directory, extensions=("mp4",))
    assert other.load() == []
    assert not partial.exists()


def test_a_library_without_thumbnails_says_so(tmp_path: Path) -> None:
    library = MediaLibrary(tmp_path, extensions=("mp4",), clock=lambda: NOW)
    library.load()
    name = library.add(b"x", NOW, "mp4", duration=2.5).name
    assert library.latest(1)[0].duration == 2.5
    with pytest.raises(MediaNotFoundError):
        library.thumbnail(name)
    assert library.delete([name]) == (name,)


def test_a_clip_that_goes_while_its_thumbnail_is_made_leaves_none(tmp_path: Path) -> None:
    def deleted_meanwhile(path: Path) -> bytes:
        library.delete([path.name])
        return b"small"

    library = MediaLibrary(tmp_path, extensions=("mp4",), thumbnailer=deleted_meanwhile)
    library.load()
    assert library.thumbnail(library.add(b"x", NOW, "mp4").name) == b"small"
    assert listing(tmp_path / ".thumbnails") == []


def test_a_clip_that_is_gone_is_not_found(tmp_path: Path) -> None:
    library = recordings(tmp_path)
    name = library.add(b"x", NOW, "mp4").name
    library.path(name).unlink()
    with pytest.raises(MediaNotFoundError):
        library.thumbnail(name)
    assert library.total == 0


def test_two_kinds_of_one_moment_can_both_be_found(tmp_path: Path) -> None:
    for extension in ("jpg", "png"):
        (tmp_path / format_name(1000, extension)).write_bytes(b"x")
    library = MediaLibrary(tmp_path, extensions=("jpg", "png"))
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
def test_an_index_is_a_sorted_list_and_its_past_stays(steps: list[tuple[str, int, int]]) -> None:
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


def test_an_index_is_small_and_stays_small() -> None:
    count = 100_000
    numbers = np.arange(count, dtype=np.int64)
    index = MediaIndex.of(Columns(numbers, numbers + 1, numbers * 0))
    assert index.nbytes <= 32 * count
    for number in range(20_000):
        index = index.with_item(count + number, 1, "jpg").without(np.array([0]))
    assert len(index) == count
    assert index.nbytes <= 32 * count
    index = index.without(np.arange(count - 10))
    assert (len(index), index.nbytes < 2000) == (10, True)


def test_a_folder_that_is_gone_is_noticed_before_a_film_is_made(tmp_path: Path) -> None:
    """Also where no space has to stay free, and nobody asks the disk for any."""
    library = recordings(tmp_path, limits=Limits(min_free=0))
    library.directory.rmdir()
    with pytest.raises(StorageMissingError):
        library.reserve(NOW, "mp4")
    # The next one makes it anew, as its parent is there.
    assert library.reserve(NOW, "mp4").parent.is_dir()
