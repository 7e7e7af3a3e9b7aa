"""Stills of cameras, and thumbnails of played media."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from custom_components.retrocam.core.errors import InvalidFrameError, UnsupportedMediaError
from custom_components.retrocam.core.frames.image_codec import decode_still
from custom_components.retrocam.core.library.thumbnails import still_thumbnail
from custom_components.retrocam.core.player.artwork import read_artwork

from .limits import bounded, case_random, cases, try_all
from .mutations import mutated
from .seeds import pieces_of_still, stills, with_checksums


def made(kind: str, count: int) -> Iterator[bytes]:
    """Yield mutations of an image."""
    for number in cases(count):
        rng = case_random(kind, number)
        data = mutated(stills()[kind], rng, pieces_of_still)
        yield with_checksums(data) if kind == "png" and rng.random() < 0.7 else data


@pytest.mark.parametrize("kind", stills())
async def test_stills_are_decoded_or_rejected(kind: str) -> None:
    async with bounded():
        taken = await try_all(decode_still, made(kind, 150), (InvalidFrameError,))
    # Some mutations are harmless, such as in a comment; the WebPs have a header only.
    assert bool(taken) == ("webp" not in kind)


@pytest.mark.parametrize("kind", stills())
async def test_player_thumbnails_are_made_or_rejected(kind: str) -> None:
    async with bounded():
        taken = await try_all(read_artwork, made(kind, 300), (UnsupportedMediaError,))
    assert bool(taken) == (kind != "gif")


@pytest.mark.parametrize("kind", ["jpeg", "png"])
async def test_file_thumbnails_are_made_or_rejected(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"20260101T000000.000Z.{'jpg' if kind == 'jpeg' else kind}"

    def attempt(data: bytes) -> None:
        path.write_bytes(data)
        assert still_thumbnail(path).startswith(b"\xff\xd8")

    async with bounded():
        assert await try_all(attempt, made(kind, 100), (InvalidFrameError,))
