"""Media whose URL holds for one opening: found anew for each, and not asked for without."""

import asyncio
from collections.abc import Callable
from typing import override

import pytest

from custom_components.retrocam.core.errors import (
    MediaRefusedError,
    PlayError,
    PlayNotFoundError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.net.addresses import Network
from custom_components.retrocam.core.player.net.http_file import RemoteFile
from custom_components.retrocam.core.player.net.streams import MediaInput, Resolved
from custom_components.retrocam.core.player.session import Session
from custom_components.retrocam.core.player.wanted import FreshMedia

from ...waiting import until
from .clips import clip
from .lookups import a_resolver
from .server import MediaServer, Page, serving
from .watching import FAST, Viewer, a_session, state


class Numbered(FreshMedia):
    """A clip at `/1.mp4`, then at `/2.mp4`...: only the newest of them is there."""

    def __init__(self, server: MediaServer, data: bytes, chunk: int | None = None) -> None:
        self._server, self._data, self._chunk = server, data, chunk
        self.found = 0
        self.revoked: set[int] = set()
        """Numbers that are not valid any longer."""
        self.error: PlayError | None = None
        self.hangs = False

    @override
    async def find(self) -> Resolved | str:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        self._server.pages.clear()
        self.found += 1
        url = self._server.add(f"/{self.found}.mp4", Page(self._data, "video/mp4"))
        number = self.found
        media = MediaInput(url, chunk=self._chunk, valid=lambda: number not in self.revoked)
        return Resolved((media,), title=str(number))


@pytest.fixture
def numbered(server: MediaServer) -> Numbered:
    return Numbered(server, clip())


def paths(server: MediaServer) -> list[str]:
    """Return the paths that were asked for, each once."""
    return list(dict.fromkeys(request.path for request in server.log))


async def test_each_seek_finds_it_anew(server: MediaServer, numbered: Numbered) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        viewer = Viewer(session)
        assert (await session.settled(session.play(numbered))).state is Phase.PLAYING
        assert numbered.found == 1
        session.seek(1.0)
        assert session.status.state is Phase.BUFFERING
        await viewer.until(lambda: len(set(viewer.epochs)) == 2)
        assert viewer.pictures[-1].position >= 1.0
        assert session.status.epoch == session.screen.epoch
        assert session.status.title == "2"
        session.pause()
        await state(session, Phase.PAUSED)
        session.seek(2.0)
        await state(session, Phase.PAUSED)
        await viewer.until(lambda: len(set(viewer.epochs)) == 3)
    assert paths(server) == ["/1.mp4", "/2.mp4", "/3.mp4"]


async def test_each_turn_of_a_loop_finds_it_anew(server: MediaServer, numbered: Numbered) -> None:
    async with a_session(a_resolver(allow_private=False), loop_media=True, speed=FAST) as session:
        viewer = Viewer(session)
        session.play(numbered)
        await viewer.until(lambda: len(set(viewer.epochs)) == 3)
    assert paths(server)[:3] == ["/1.mp4", "/2.mp4", "/3.mp4"]


async def test_what_is_no_longer_valid_is_found_anew(server: MediaServer) -> None:
    """As after a connection that broke: it goes on where it was, and the old URL is not asked for."""
    numbered = Numbered(server, clip(20.0), chunk=16_384)
    async with a_session(a_resolver(allow_private=False), speed=FAST) as session:
        viewer = Viewer(session)
        playing = await session.settled(session.play(numbered))
        assert playing.title == "1"
        await viewer.until(lambda: len(viewer.pictures) > 5)
        numbered.revoked.add(1)
        asked = len(server.asked("/1.mp4"))
        await viewer.until(lambda: len(set(viewer.epochs)) == 2)
        assert session.status.title == "2"
        # Not from its beginning.
        first = viewer.epochs.index(viewer.epochs[-1])
        assert viewer.pictures[first].position > 0
        await state(session, Phase.IDLE)
        # One request may have been under way.
        assert len(server.asked("/1.mp4")) <= asked + 1


async def test_pausing_while_it_is_found_holds(server: MediaServer, numbered: Numbered) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        viewer = Viewer(session)
        await session.settled(session.play(numbered))
        session.seek(1.0)
        session.pause()
        await state(session, Phase.PAUSED)
        await viewer.until(lambda: len(set(viewer.epochs)) == 2)
        assert session.status.position == pytest.approx(1.0, abs=0.1)


async def test_what_is_gone_is_an_error(numbered: Numbered) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        await session.settled(session.play(numbered))
        numbered.error = PlayNotFoundError("gone")
        session.seek(1.0)
        done = await state(session, Phase.ERROR)
        assert done.error is numbered.error


@pytest.mark.parametrize(
    "leave",
    [Session.stop, lambda session: session.play("http://127.0.0.1:9/"), lambda _session: None],
    ids=["stopping", "playing something else", "closing"],
)
async def test_leaving_ends_the_search(
    server: MediaServer, numbered: Numbered, leave: Callable[[Session], object]
) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        await session.settled(session.play(numbered))
        numbered.hangs = True
        session.seek(1.0)
        leave(session)
    await until(lambda: not [each for each in asyncio.all_tasks() if "renew" in each.get_name()])


async def test_it_is_trusted_at_its_own_origin_only(
    server: MediaServer, numbered: Numbered
) -> None:
    with serving("127.0.0.2") as other:
        other.add("/film.mp4", Page(clip(), "video/mp4"))

        class Elsewhere(FreshMedia):
            async def find(self) -> Resolved | str:
                return server.redirect("/hop", f"{other.root}/film.mp4")

        async with a_session(a_resolver(allow_private=False)) as session:
            done = await session.settled(session.play(Elsewhere()))
            assert done.error is not None
            assert done.error.code == "blocked_address"
        assert server.asked("/hop")
        assert other.log == []


def test_nothing_is_asked_for_that_is_not_valid(server: MediaServer, network: Network) -> None:
    url = server.add("/film.mp4", Page(clip(), "video/mp4"))
    with pytest.raises(MediaRefusedError):
        RemoteFile(MediaInput(url, valid=lambda: False), network)
    assert server.log == []
    valid = [True]
    with RemoteFile(MediaInput(url, valid=lambda: valid[0], chunk=1000), network) as file:
        assert len(file.read(1000)) == 1000
        valid[0] = False
        # The next piece is another request.
        assert file.read(1000) == b""
        assert isinstance(file.failure, MediaRefusedError)
    assert len(server.log) == 1


def test_no_redirect_leads_back_to_what_wants_a_signature(
    server: MediaServer, network: Network
) -> None:
    url = server.redirect("/hop", "/secret")
    with pytest.raises(UnsupportedMediaError):
        RemoteFile(MediaInput(url, valid=lambda: True), network)
    with serving() as other:
        back = other.redirect("/back", f"{server.root}/secret")
        with pytest.raises(UnsupportedMediaError):
            RemoteFile(MediaInput(server.redirect("/out", back), valid=lambda: True), network)
        film = other.add("/film.mp4", Page(clip(), "video/mp4"))
        url = server.redirect("/away", film)
        with RemoteFile(MediaInput(url, valid=lambda: True), network) as file:
            assert file.read(10)
    assert server.asked("/secret") == []
