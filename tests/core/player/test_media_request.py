"""Fresh media: resolved for each opening, and requested only while valid."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import override

import pytest

from custom_components.retrocam.core.errors import (
    MediaRefusedError,
    PlayError,
    PlayNotFoundError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.media_request import FreshMedia
from custom_components.retrocam.core.player.net.addresses import Network
from custom_components.retrocam.core.player.net.http_file import RemoteFile
from custom_components.retrocam.core.player.net.streams import MediaInput, ResolvedMedia
from custom_components.retrocam.core.player.session import Session

from ...waiting import until
from .clips import clip
from .lookups import a_resolver
from .server import MediaServer, Page, serving
from .watching import FAST, Viewer, a_session, state


class Numbered(FreshMedia):
    """A clip at `/1.mp4`, then `/2.mp4`...; only the latest URL works."""

    def __init__(self, server: MediaServer, data: bytes, chunk: int | None = None) -> None:
        self._server, self._data, self._chunk = server, data, chunk
        self.found = 0
        self.revoked: set[int] = set()
        """Numbers no longer valid."""
        self.error: PlayError | None = None
        self.hangs = False

    @override
    async def find(self) -> ResolvedMedia | str:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        self._server.pages.clear()
        self.found += 1
        url = self._server.add(f"/{self.found}.mp4", Page(self._data, "video/mp4"))
        number = self.found
        media = MediaInput(url, chunk_size=self._chunk, is_valid=lambda: number not in self.revoked)
        return ResolvedMedia((media,), title=str(number))


@pytest.fixture
def numbered(server: MediaServer) -> Numbered:
    return Numbered(server, clip())


def paths(server: MediaServer) -> list[str]:
    """Return the requested paths, each once."""
    return list(dict.fromkeys(request.path for request in server.log))


async def test_each_seek_resolves_fresh_media(server: MediaServer, numbered: Numbered) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        viewer = Viewer(session)
        assert (await session.settled(session.play(numbered))).state is Phase.PLAYING
        assert numbered.found == 1
        session.seek(1.0)
        assert session.status.state is Phase.BUFFERING
        await viewer.until(lambda: len(set(viewer.epochs)) == 2)
        assert viewer.pictures[-1].position >= 1.0
        assert session.status.epoch == session.broadcast.epoch
        assert session.status.title == "2"
        session.pause()
        await state(session, Phase.PAUSED)
        session.seek(2.0)
        await state(session, Phase.PAUSED)
        await viewer.until(lambda: len(set(viewer.epochs)) == 3)
    assert paths(server) == ["/1.mp4", "/2.mp4", "/3.mp4"]


async def test_each_loop_resolves_fresh_media(server: MediaServer, numbered: Numbered) -> None:
    async with a_session(a_resolver(allow_private=False), loop_media=True, speed=FAST) as session:
        viewer = Viewer(session)
        session.play(numbered)
        await viewer.until(lambda: len(set(viewer.epochs)) == 3)
    assert paths(server)[:3] == ["/1.mp4", "/2.mp4", "/3.mp4"]


async def test_an_invalid_url_is_resolved_again(server: MediaServer) -> None:
    """As after a broken connection: playback continues, and the old URL is not requested."""
    numbered = Numbered(server, clip(20.0), chunk=16_384)
    async with a_session(a_resolver(allow_private=False), speed=FAST) as session:
        viewer = Viewer(session)
        playing = await session.settled(session.play(numbered))
        assert playing.title == "1"
        # More than are shown before the clock begins.
        await viewer.until(lambda: len(viewer.pictures) > 10)
        numbered.revoked.add(1)
        asked = len(server.asked("/1.mp4"))
        await viewer.until(lambda: len(set(viewer.epochs)) == 2)
        assert session.status.title == "2"
        # Not from the start.
        first = viewer.epochs.index(viewer.epochs[-1])
        assert viewer.pictures[first].position > 0
        await state(session, Phase.IDLE)
        # One request may have been pending.
        assert len(server.asked("/1.mp4")) <= asked + 1


async def test_pausing_during_a_renewal_pauses(server: MediaServer, numbered: Numbered) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        viewer = Viewer(session)
        await session.settled(session.play(numbered))
        session.seek(1.0)
        session.pause()
        await state(session, Phase.PAUSED)
        await viewer.until(lambda: len(set(viewer.epochs)) == 2)
        assert session.status.position == pytest.approx(1.0, abs=0.1)


async def test_a_failed_renewal_is_an_error(numbered: Numbered) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        await session.settled(session.play(numbered))
        numbered.error = PlayNotFoundError("gone")
        session.seek(1.0)
        done = await state(session, Phase.ERROR)
        assert done.error is numbered.error


@pytest.mark.parametrize(
    "supersede",
    [Session.stop, lambda session: session.play("http://127.0.0.1:9/"), lambda _session: None],
    ids=["stopping", "playing something else", "closing"],
)
async def test_superseding_cancels_the_renewal(
    server: MediaServer, numbered: Numbered, supersede: Callable[[Session], object]
) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        await session.settled(session.play(numbered))
        numbered.hangs = True
        session.seek(1.0)
        supersede(session)
    await until(lambda: not [task for task in asyncio.all_tasks() if "renew" in task.get_name()])


async def test_fresh_media_are_trusted_at_their_origin_only(
    server: MediaServer, numbered: Numbered
) -> None:
    with serving("127.0.0.2") as other:
        other.add("/film.mp4", Page(clip(), "video/mp4"))

        class Redirected(FreshMedia):
            async def find(self) -> ResolvedMedia | str:
                return server.redirect("/hop", f"{other.root}/film.mp4")

        async with a_session(a_resolver(allow_private=False)) as session:
            done = await session.settled(session.play(Redirected()))
            assert done.error is not None
            assert done.error.code == "blocked_address"
        assert server.asked("/hop")
        assert other.log == []


def test_an_invalid_url_is_not_requested(server: MediaServer, network: Network) -> None:
    url = server.add("/film.mp4", Page(clip(), "video/mp4"))
    with pytest.raises(MediaRefusedError):
        RemoteFile(MediaInput(url, is_valid=lambda: False), network)
    assert server.log == []
    valid = [True]
    with closing(
        RemoteFile(MediaInput(url, is_valid=lambda: valid[0], chunk_size=1000), network)
    ) as file:
        assert len(file.read(1000)) == 1000
        valid[0] = False
        # The next chunk is another request.
        assert file.read(1000) == b""
        assert isinstance(file.failure, MediaRefusedError)
    assert len(server.log) == 1


def test_redirects_to_the_signed_origin_are_refused(server: MediaServer, network: Network) -> None:
    url = server.redirect("/hop", "/secret")
    with pytest.raises(UnsupportedMediaError):
        RemoteFile(MediaInput(url, is_valid=lambda: True), network)
    with serving() as other:
        back = other.redirect("/back", f"{server.root}/secret")
        with pytest.raises(UnsupportedMediaError):
            RemoteFile(MediaInput(server.redirect("/out", back), is_valid=lambda: True), network)
        film = other.add("/film.mp4", Page(clip(), "video/mp4"))
        url = server.redirect("/away", film)
        with closing(RemoteFile(MediaInput(url, is_valid=lambda: True), network)) as file:
            assert file.read(10)
    assert server.asked("/secret") == []
