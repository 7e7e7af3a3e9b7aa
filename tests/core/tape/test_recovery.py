"""What a crash, a power cut or others leave of a tape."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
import shutil
import tempfile

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.retrocam.core.tape.records import HEADER_SIZE, RECORD

from ..media import Clock, cut, encode, ring_of
from .taping import files_of, loaded, numbers_in, segments_of, store_in, taping

DAY, NAME = "20231114", "20231114T221320.000Z"
FRAMES = 300


@cache
def recorded() -> tuple[bytes, bytes]:
    """Return a file of 12 s with sound, and its index."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ring, clock = ring_of(cut(encode(FRAMES, sound=True, container="mp4")))
        with taping(ring, store_in(folder, clock)):
            pass
        (path,) = files_of(folder)
        assert path.name == f"{NAME}.mp4"
        return path.read_bytes(), path.with_suffix(".idx").read_bytes()


def leave(folder: Path, media: bytes | None, index: bytes | None) -> tuple[Path, Path]:
    day = folder / "tape" / DAY
    day.mkdir(parents=True)
    paths = day / f"{NAME}.mp4", day / f"{NAME}.idx"
    for path, data in zip(paths, (media, index), strict=True):
        if data is not None:
            path.write_bytes(data)
    return paths


def part_ends() -> list[int]:
    """Return where the parts of the file end; at first, where its init does."""
    media, _ = recorded()
    ends, position = list[int](), 0
    while position < len(media):
        kind = media[position + 4 : position + 8]
        if kind == b"moof" and not ends:
            ends.append(position)
        position += int.from_bytes(media[position : position + 4])
        if kind == b"mdat":
            ends.append(position)
    return ends


def frames_of(folder: Path) -> list[int]:
    """Return the frames of each part on tape."""
    return [
        timing.frames
        for segment in segments_of(loaded(folder, Clock()))
        for timing in segment.timings
    ]


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1), records=st.floats(0, 1))
def test_torn_end_is_cut_at_the_last_whole_fragment(share: float, records: float) -> None:
    media, index = recorded()
    ends = part_ends()
    kept = ends[0] + round(share * (len(media) - ends[0]))
    kept_index = HEADER_SIZE + round(records * (len(index) - HEADER_SIZE))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, index_path = leave(folder, media[:kept], index[:kept_index])
        whole = [end for end in ends if end <= kept]
        frames = frames_of(folder)
        assert len(frames) == len(whole) - 1
        if not frames:
            assert not path.exists()
            assert not index_path.exists()
            return
        assert path.read_bytes() == media[: whole[-1]]
        assert numbers_in(path) == list(range(sum(frames)))
        known = (kept_index - HEADER_SIZE) // RECORD.itemsize
        mended = index_path.read_bytes()
        assert (
            mended[: HEADER_SIZE + min(known, len(frames)) * RECORD.itemsize]
            == (index[: HEADER_SIZE + min(known, len(frames)) * RECORD.itemsize])
        )
        assert len(mended) == HEADER_SIZE + len(frames) * RECORD.itemsize
        # Recovering once is enough.
        assert frames_of(folder) == frames
        assert index_path.read_bytes() == mended


def test_times_of_recovered_parts_follow_the_others(tmp_path: Path) -> None:
    media, index = recorded()
    leave(tmp_path, media, index)
    whole = segments_of(loaded(tmp_path, Clock()))
    shutil.rmtree(tmp_path / "tape")
    leave(tmp_path, media, index[: HEADER_SIZE + 4 * RECORD.itemsize])
    mended = segments_of(loaded(tmp_path, Clock()))
    for wanted, found in zip(
        [timing for segment in whole for timing in segment.timings],
        [timing for segment in mended for timing in segment.timings],
        strict=True,
    ):
        assert found.start == pytest.approx(wanted.start, abs=0.05)
        assert found.frames == wanted.frames
        assert found.keyframe == pytest.approx(wanted.keyframe, abs=0.05)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: None,
        lambda _: b"",
        lambda index: b"\0" * len(index),
        lambda index: b"another format" + index,
        lambda index: index[: HEADER_SIZE - 1],
    ],
    ids=["missing", "empty", "zeros", "other", "torn header"],
)
def test_index_is_made_again(spoil: Callable[[bytes], bytes | None], tmp_path: Path) -> None:
    media, index = recorded()
    path, index_path = leave(tmp_path, media + media[:100], spoil(index))
    frames = frames_of(tmp_path)
    assert sum(frames) == len(numbers_in(path))
    assert len(index_path.read_bytes()) == len(index)
    # It could be of others: the file itself is left as it is.
    assert path.read_bytes() == media + media[:100]
    (segment, *_) = segments_of(loaded(tmp_path, Clock()))
    assert segment.wall(segment.start) == pytest.approx(1_700_000_000, abs=0.001)


def test_zeros_in_the_index_are_not_believed(tmp_path: Path) -> None:
    media, index = recorded()
    middle = HEADER_SIZE + 5 * RECORD.itemsize
    leave(tmp_path, media, index[:middle] + bytes(len(index) - middle))
    assert sum(frames_of(tmp_path)) == len(numbers_in(files_of(tmp_path)[0]))


@pytest.mark.parametrize(
    "data",
    [b"", b"text", bytes(5000), b"\0\0\0\x08ftyp", b"\xff" * 5000],
    ids=["empty", "text", "zeros", "head", "ones"],
)
def test_foreign_files_are_left_alone(data: bytes, tmp_path: Path) -> None:
    media, _ = recorded()
    path, _ = leave(tmp_path, data, None)
    day = path.parent
    others = {
        day / "notes.txt": b"notes",
        day / "20231114T221321.000Z.mp4x": media,
        day / "holiday.mp4": media,
        # Of another day.
        day / "20231115T000000.000Z.mp4": media,
        day.parent / "20231114T221330.000Z.mp4": media,
        day.parent / "2023111" / f"{NAME}.mp4": media,
        day.parent / "20239999" / f"{NAME}.mp4": media,
    }
    for other, content in others.items():
        other.parent.mkdir(exist_ok=True)
        other.write_bytes(content)
    (day / "20231114T221340.000Z.mp4").symlink_to(day / "holiday.mp4")
    before = {one: one.read_bytes() for one in day.parent.rglob("*") if one.is_file()}
    store = loaded(tmp_path, Clock())
    assert store.total_bytes == 0
    assert list(store.spans(0, 1e10)) == []
    store.limits = store.limits.__class__(hours=1, size=1, min_free=0)
    store.apply_limits()
    assert {one: one.read_bytes() for one in day.parent.rglob("*") if one.is_file()} == before
