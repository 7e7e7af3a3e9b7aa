"""The index of a file is read once, and again when it has changed."""

from pathlib import Path

import pytest

from custom_components.retrocam.core.errors import FragmentError, StorageError
from custom_components.retrocam.core.footage.media_names import (
    TapeInitName,
    TapeSegmentName,
    parse_name,
)
from custom_components.retrocam.core.footage.stream import FootageStream
from custom_components.retrocam.core.footage.taped import loaded, taped_media, taped_window
from custom_components.retrocam.core.tape import indexes as module, records
from custom_components.retrocam.core.tape.file_reader import TapeFile
from custom_components.retrocam.core.tape.indexes import TapeIndexes
from custom_components.retrocam.core.tape.records import SUFFIX
from custom_components.retrocam.core.tape.store import TapeLimits
from custom_components.retrocam.core.tape.writer import TapeWriter

from ...waiting import until
from ..footage.hls import LINKS, parse
from ..footage.runs import shown
from ..footage.taped_camera import TapedCamera
from ..media import cut, encode
from .taping import WITHIN, files_of


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose indexes have been read so far."""
    found, read = list[str](), records.read_index

    def counted(path: Path) -> bytes:
        found.append(path.stem)
        return read(path)

    monkeypatch.setattr(module, "read_index", counted)
    return found


def taped(folder: Path, files: int) -> TapedCamera:
    """Return a camera with some files on tape, and other footage in memory."""
    camera = TapedCamera(folder)
    for run in range(files):
        camera.feed(cut(encode(300, first=1000 * run), min_segment=0.9), run=run)
        camera.write()
        camera.clock.now += 20
    camera.feed(cut(encode(300, first=9000)), run=files)
    return camera


def test_window_and_all_that_it_names_read_each_index_once(
    tmp_path: Path, reads: list[str]
) -> None:
    camera = taped(tmp_path, 2)
    frames = shown(camera.whole)
    stream = FootageStream(camera.ring, lambda: 1 << 30, lambda: True)
    tape = camera.footage.tape
    assert tape is not None
    text, sent = "", 0
    # For the multivariant playlist, and the media playlist.
    for _ in range(2):
        window = taped_window(camera.footage, frames[0].time, frames[-1].time, final=True)
        text = stream.playlist(window, LINKS, 1, from_start=True)
    for one in parse(text).segments:
        for uri in (one.section, one.uri):
            name = parse_name(uri.removesuffix(LINKS.query).removeprefix(f"{LINKS.folder}/"))
            if isinstance(name, TapeInitName | TapeSegmentName):
                assert taped_media(tape, name).pieces
                sent += 1
    assert sent > 10
    # A pointer on the bar.
    for frame in frames[:600:20]:
        assert loaded(camera.footage, frame.time).segments
    assert sorted(reads) == [path.stem for path in files_of(tmp_path)]


async def test_file_that_has_grown_is_read_again(tmp_path: Path, reads: list[str]) -> None:
    camera = TapedCamera(tmp_path)
    tape, source = camera.footage.tape, cut(encode(750), min_segment=0.9)
    assert tape is not None
    camera.writer.stop()
    writer = camera.writer = TapeWriter(camera.ring, camera.store, flush=0.0001)
    writer.start()
    counts = list[int]()
    for first in range(0, 12, 4):
        camera.feed(source[first : first + 4])
        await until(lambda: not writer.unwritten)
        counts += [len(tape.held().segments) for _ in range(3)]
    writer.stop()
    assert writer.join(WITHIN)
    assert counts == [4, 4, 4, 8, 8, 8, 12, 12, 12]
    assert len(reads) == 3


def test_no_more_is_kept_than_the_limit(tmp_path: Path, reads: list[str]) -> None:
    camera = taped(tmp_path, 3)
    first, second, third = (file for file, _ in camera.store.files(0, 1e10))
    alone = TapeIndexes()
    alone.read(first)
    assert alone.size > 0
    reads.clear()
    indexes = TapeIndexes(2 * alone.size + 500)
    for file in (first, second, first, third, first, second, second):
        assert indexes.read(file).records.size > 10
        assert indexes.size <= 2 * alone.size + 500
    # The second was not used for the longest time when the third came.
    assert reads == [file.path.stem for file in (first, second, third, second)]
    # One that is larger than all that may be kept is read each time.
    reads.clear()
    small = TapeIndexes(100)
    assert [len(small.read(first).records) for _ in range(2)] == 2 * [
        len(alone.read(first).records)
    ]
    assert (small.size, len(reads)) == (0, 2)


def test_what_is_known_keeps_no_file_from_being_deleted(tmp_path: Path) -> None:
    camera = taped(tmp_path, 2)
    assert len(camera.footage.held().segments) > 2
    camera.store.limits = TapeLimits(hours=1, size=1, min_free=0)
    camera.store.apply_limits()
    assert files_of(tmp_path) == []


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda path: path.with_suffix(SUFFIX).unlink(), StorageError),
        (lambda path: path.unlink(), StorageError),
        (lambda path: path.with_suffix(SUFFIX).write_bytes(b"other"), FragmentError),
    ],
    ids=["no index", "no file", "another index"],
)
def test_what_is_gone_or_damaged_is_not_known_any_more(
    spoil: object, error: type[Exception], tmp_path: Path
) -> None:
    camera = taped(tmp_path, 1)
    (file,) = (file for file, _ in camera.store.files(0, 1e10))
    indexes = TapeIndexes()
    assert indexes.read(file).records.size
    assert callable(spoil)
    spoil(file.path)
    with pytest.raises(error):
        indexes.read(TapeFile(file.path, file.start))
