"""Names of files being written outlive the library that they were reserved in."""

import gc
from pathlib import Path

from custom_components.retrocam.core.library.files import partial_path
from custom_components.retrocam.core.library.store import MediaLibrary

NOW = 1_767_323_045.0


def recordings(directory: Path) -> MediaLibrary:
    return MediaLibrary(directory, extensions=("mp4",), keep_partials=True, clock=lambda: NOW)


def test_what_an_earlier_writer_still_writes_is_left_alone(tmp_path: Path) -> None:
    """A writer that a drive holds may outlive its library."""
    library = recordings(tmp_path)
    library.load()
    name = library.reserve(NOW, "mp4")
    partial_path(name).write_bytes(b"x")
    following = recordings(tmp_path)
    assert following.load() == []
    assert partial_path(name).exists()
    assert following.reserve(NOW, "mp4") != name
    library.release(name)
    assert following.load() == [partial_path(name)]
    # What nobody writes any more was left by a crash.
    library.reserve(NOW, "mp4")
    del library, following
    gc.collect()
    assert recordings(tmp_path).load() == [partial_path(name)]
