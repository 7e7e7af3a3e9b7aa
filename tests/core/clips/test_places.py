"""Locations of clips: existing, impossible, or with a name left by another clip."""

from pathlib import Path

import pytest

from custom_components.retrocam.core.clips.faststart import finish
from custom_components.retrocam.core.clips.fragmented_reader import read_recording
from custom_components.retrocam.core.clips.writer import ClipWriter
from custom_components.retrocam.core.errors import MediaExistsError, StorageError
from custom_components.retrocam.core.library.files import partial_path
from custom_components.retrocam.core.library.store import MediaLibrary

from .clip_checks import Camera, ended, numbers_in
from .write_gate import WriteGate, assert_whole, cuts


def test_existing_path_is_refused_before_writing(camera: Camera, tmp_path: Path) -> None:
    camera.feed(cuts())
    path = tmp_path / "taken.mp4"
    path.write_bytes(b"somebody's")
    result = ended(camera.writer(5, 0, trigger=camera.ring.now - 2, path=path))
    assert (result.parts, result.reason) == ((), "file_exists")
    assert path.read_bytes() == b"somebody's"
    assert list(camera.folder.iterdir()) == []


def test_path_taken_while_recording_leaves_the_clip_in_the_library(
    camera: Camera, tmp_path: Path
) -> None:
    camera.feed(cuts())
    path, gate = tmp_path / "clip.mp4", WriteGate()
    writer = camera.writer(5, 0, trigger=camera.ring.now - 2, path=path, on_write=gate)
    gate.wait(2)
    path.write_bytes(b"somebody's")
    gate.release()
    result = ended(writer)
    assert isinstance(result.error, MediaExistsError)
    assert path.read_bytes() == b"somebody's"
    assert result.path is not None
    assert result.path.parent == camera.folder
    assert_whole(numbers_in(result.path))
    assert camera.library.total == 1


def test_path_that_cannot_be_created_leaves_the_clip_in_the_library(
    camera: Camera, tmp_path: Path
) -> None:
    camera.feed(cuts())
    (tmp_path / "file").write_bytes(b"")
    path = tmp_path / "file" / "clip.mp4"
    result = ended(camera.writer(5, 0, trigger=camera.ring.now - 2, path=path))
    assert result.error is not None
    assert result.reason in {"storage_missing", "storage_failed"}
    assert result.path is not None
    assert result.path.parent == camera.folder
    assert camera.library.total == 1


def test_clip_at_a_path_leaves_nothing_in_the_library(camera: Camera, tmp_path: Path) -> None:
    camera.feed(cuts())
    path = tmp_path / "other" / "clip.mp4"
    result = ended(camera.writer(5, 0, trigger=camera.ring.now - 2, path=path))
    assert (result.path, result.complete) == (path, True)
    assert result.parts[0].item is None
    assert_whole(numbers_in(path))
    assert list(path.parent.iterdir()) == [path]
    assert list(camera.folder.iterdir()) == []


def test_failed_copy_to_a_path_leaves_the_clip_in_the_library(
    camera: Camera, tmp_path: Path
) -> None:
    camera.feed(cuts())
    path, gate = tmp_path / "clip.mp4", WriteGate()
    writer = camera.writer(5, 0, trigger=camera.ring.now - 2, path=path, on_write=gate)
    gate.wait(2)
    (partial,) = camera.folder.glob("*.partial.mp4")
    (tmp_path / f".{partial.stem}.copy").mkdir()
    gate.release()
    result = ended(writer)
    assert isinstance(result.error, StorageError)
    assert result.path is not None
    assert result.path.parent == camera.folder
    assert_whole(numbers_in(result.path))
    assert not path.exists()


def test_library_without_a_thumbnailer_takes_clips(camera: Camera) -> None:
    camera.feed(cuts())
    library = MediaLibrary(camera.folder, extensions=("mp4",))
    writer = ClipWriter(camera.ring, library, lookback=5, duration=0, trigger=camera.ring.now - 2)
    writer.start()
    result = ended(writer)
    assert result.complete
    assert list(camera.folder.iterdir()) == [result.path]


def test_name_of_an_unfinished_clip_is_not_reused(camera: Camera) -> None:
    camera.feed(cuts())
    trigger = camera.ring.now - 2
    first = ended(camera.writer(5, 0, trigger=trigger))
    assert first.path is not None
    camera.library.delete([first.path.name])
    partial = partial_path(first.path)
    partial.write_bytes(b"of another clip")
    second = ended(camera.writer(5, 0, trigger=trigger))
    assert second.path is not None
    assert second.path.name > first.path.name
    assert partial.read_bytes() == b"of another clip"


def test_finish_never_replaces_a_file(camera: Camera, tmp_path: Path) -> None:
    camera.feed(cuts())
    gate = WriteGate()
    writer = camera.writer(9, 0, trigger=camera.ring.now - 2, on_write=gate)
    gate.wait(3)
    (partial,) = camera.folder.glob("*.partial.mp4")
    taken = tmp_path / "taken.mp4"
    taken.write_bytes(b"somebody's")
    with pytest.raises(MediaExistsError):
        finish(read_recording(partial), taken, 0.0)
    assert taken.read_bytes() == b"somebody's"
    assert partial.exists()
    gate.release()
    assert ended(writer).complete
