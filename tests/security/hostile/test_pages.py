"""Web pages and playlists, looked up and played by a session, from a real server."""

import asyncio
import logging

import pytest

from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.session import Session

from ...core.player.hosts import here
from ...core.player.lookups import a_resolver
from ...core.player.server import MediaServer, Page
from ...core.player.watching import a_session
from ...waiting import until
from .limits import bounded, case_random, cases
from .mutations import mutated_text
from .seeds import PAGES, serve_media

ENDS = {Phase.IDLE, Phase.PLAYING, Phase.ERROR}


async def outcome(session: Session, url: str) -> Phase:
    """Play something, and return the result; stop live and silent media."""
    number = session.play(url)
    try:
        # It takes most of a second of CPU, for which it may have to wait beside others.
        await until(lambda: session.status.state is not Phase.RESOLVING)
        async with asyncio.timeout(2.0):
            return (await session.settled(number)).state
    except TimeoutError:
        return session.status.state
    finally:
        session.stop()


@pytest.mark.parametrize("name", PAGES)
async def test_looked_up_media_plays_or_is_rejected(
    server: MediaServer, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    text, kind = PAGES[name]
    serve_media(server)
    text = text.format(root=server.root)
    ends = []
    async with a_session(a_resolver(lookup=here)) as session:
        server.add(f"/0/{name}", Page(text.encode(), kind))
        await outcome(session, f"{server.root}/0/{name}")
        async with bounded():
            for number in cases(6):
                data = mutated_text(text, case_random(name, number))
                url = server.add(f"/{number}/{name}", Page(data, kind))
                ends.append(await outcome(session, url))
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() + str(record.exc_info) for record in told] == []
    assert Phase.PLAYING in ends or Phase.ERROR in ends
