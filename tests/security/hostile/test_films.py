"""MP4 files: clips read back from a library, recordings left by a crash, and played media."""

from collections.abc import Iterator
from functools import cache
import logging
from pathlib import Path
import tempfile

import pytest

from custom_components.retrocam.core.clips.fragmented_reader import read_recording
from custom_components.retrocam.core.clips.recovery import recover
from custom_components.retrocam.core.errors import FragmentError, InvalidFrameError, PlayError
from custom_components.retrocam.core.library.files import partial_path
from custom_components.retrocam.core.library.thumbnails import clip_thumbnail
from custom_components.retrocam.core.mp4.duration import mp4_duration
from custom_components.retrocam.core.player.common_start import CommonStart
from custom_components.retrocam.core.player.demux import Source
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.streams import MediaInput
from custom_components.retrocam.core.player.video import LATE, VideoDecoder

from ...core.clips.clip_checks import Camera, ended, library_in
from ...core.clips.footage import cuts_of
from ...core.player.server import MediaServer, Page
from .limits import bounded, case_random, cases, try_all
from .mutations import mutated
from .seeds import boxes_of, film

NAME = "20260101T000000.000Z.mp4"


@cache
def recorded() -> bytes:
    """Return a fragmented recording, as a crash leaves it."""
    with tempfile.TemporaryDirectory() as folder, Camera(Path(folder)) as camera:
        camera.feed(cuts_of(200, sound=True, container="mp4"))
        kept: list[bytes] = []
        trigger = camera.ring.now - 1

        def keep(_seconds: float) -> None:
            (path,) = camera.folder.glob("*.partial.mp4")
            kept.append(path.read_bytes())

        ended(camera.writer(5, 0, trigger=trigger, on_write=keep))
        return kept[-1]


def made(data: bytes, kind: str, count: int) -> Iterator[bytes]:
    """Yield mutations of a film."""
    return (mutated(data, case_random(kind, number), boxes_of) for number in cases(count))


async def test_library_clips_are_read_or_rejected(tmp_path: Path) -> None:
    path = tmp_path / NAME

    def attempt(data: bytes) -> None:
        path.write_bytes(data)
        assert 0 <= mp4_duration(path) < 1 << 32
        assert clip_thumbnail(path).startswith(b"\xff\xd8")

    async with bounded():
        assert await try_all(attempt, made(film(), "clip", 200), (InvalidFrameError,))


async def test_recordings_are_recovered_or_rejected(tmp_path: Path) -> None:
    path = tmp_path / NAME

    def attempt(data: bytes) -> None:
        path.write_bytes(data)
        assert read_recording(path).duration > 0

    async with bounded():
        assert await try_all(attempt, made(recorded(), "recording", 300), (FragmentError,))


async def test_library_of_damaged_files_loads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # pytest keeps log records, which hold the errors, whose frames hold the files.
    caplog.set_level(logging.ERROR)

    def attempt(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            (Path(folder) / NAME).write_bytes(data)
            partial = partial_path(Path(folder) / "20260102T000000.000Z.mp4")
            partial.write_bytes(data)
            library = library_in(Path(folder))
            recover(library, library.load())
            assert not partial.exists()
            for item in library.page(9):
                library.thumbnail(item.name)

    async with bounded():
        await try_all(attempt, made(recorded(), "library", 40), (InvalidFrameError,))


@pytest.mark.parametrize("kind", ["film", "recording"])
async def test_films_are_played_or_rejected(server: MediaServer, kind: str) -> None:
    data = film() if kind == "film" else recorded()
    network = Network(is_any, timeout=5)

    def attempt(data: bytes) -> None:
        url = server.add("/film.mp4", Page(data, "video/mp4"))
        source = Source(MediaInput(url), network, CommonStart())
        try:
            decoder = VideoDecoder(source.section, 30.0, LATE) if source.section.video else None
            for section, packet, position in source.packets():
                if decoder is not None and packet.stream is section.video:
                    for frame, _ in decoder.decode(packet, position, 0.0):
                        decoder.normalize(frame)
        finally:
            source.close()
            source.section.container.close()

    try:
        async with bounded():
            assert await try_all(attempt, made(data, f"played {kind}", 60), (PlayError,))
    finally:
        network.close()
