"""Video and sound of a codec unknown to FFmpeg, without a codec context in PyAV."""

from collections.abc import Iterator
from pathlib import Path
import threading

import pytest

from custom_components.retrocam.core.errors import (
    InvalidFrameError,
    NoVideoError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.library.thumbnails import clip_thumbnail
from custom_components.retrocam.core.player.common_start import CommonStart
from custom_components.retrocam.core.player.demux import Source
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.streams import MediaInput
from custom_components.retrocam.core.sources.probe import probe

from ..player.clips import clip
from ..player.server import MediaServer, Page, serving


@pytest.fixture
def server(socket_enabled: None) -> Iterator[MediaServer]:
    with serving() as running:
        yield running


def of_unknown(*codecs: bytes) -> bytes:
    """Return a video whose header names these codecs by an unknown name."""
    data = clip(1.0, fps=10)
    for codec in codecs:
        assert codec in data
        data = data.replace(codec, b"zzzz")
    return data


def test_clip_of_an_unknown_codec_has_no_thumbnail(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(of_unknown(b"avc1"))
    with pytest.raises(InvalidFrameError, match="no known codec"):
        clip_thumbnail(path)


def test_empty_clip_is_not_a_storage_error(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"")
    with pytest.raises(InvalidFrameError):
        clip_thumbnail(path)
    with pytest.raises(FileNotFoundError):
        clip_thumbnail(tmp_path / "gone.mp4")


def test_camera_of_an_unknown_codec_is_rejected(server: MediaServer) -> None:
    url = server.add("/camera.mp4", Page(of_unknown(b"avc1"), "video/mp4"))
    with pytest.raises(NoVideoError):
        probe(url, {}, threading.Event())


def test_unknown_codecs_are_not_played(server: MediaServer) -> None:
    network = Network(is_any)
    only_sound = server.add("/sound.mp4", Page(of_unknown(b"avc1")))
    source = Source(MediaInput(only_sound), network, CommonStart())
    assert source.section.video is None
    assert source.section.audio is not None
    source.section.container.close()
    source.close()
    url = server.add("/none.mp4", Page(of_unknown(b"avc1", b"mp4a", b"esds")))
    with pytest.raises(UnsupportedMediaError):
        Source(MediaInput(url), network, CommonStart())
    network.close()
