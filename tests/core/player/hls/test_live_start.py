"""Live HLS with a playlist of video and one of audio: both begin at the same moment."""

import asyncio
from pathlib import Path
import threading

import pytest

from custom_components.retrocam.core.player.common_start import CommonStart
from custom_components.retrocam.core.player.hls.live_edge import LiveEdge
from custom_components.retrocam.core.player.hls.playlist import parse_playlist

from ....waiting import until
from ...hearing import decoded, onsets
from ..clips import clip, hls
from ..server import MediaServer, Page
from ..watching import FAST, Viewer, a_session, audio_from

DATE = "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n#EXTINF"
MASTER = (
    "#EXTM3U\n"
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="a/index.m3u8"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=320x180,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="a"\n'
    "v/index.m3u8\n"
)


def serve(server: MediaServer, directory: Path, *, late: bool, dated: bool) -> str:
    """Serve 18 s of video in segments of 6 s, of audio in segments of 2 s.

    Of the video the last one is missing if `late`.
    """
    for name, seconds in (("v", "6"), ("a", "2")):
        arguments = ("-map", f"0:{name}", "-hls_time", seconds, "-output_ts_offset", "5")
        for file, data in hls(directory / name, clip(18.0), *arguments).items():
            server.add(f"/{name}/{file}", Page(data, "video/mp2t"))
            if file == "index.m3u8":
                text = data.decode().replace("#EXT-X-ENDLIST\n", "")
                text = text.replace("#EXTINF", DATE, 1) if dated else text
                text = text[: text.rindex("#EXTINF")] if late and name == "v" else text
                server.add(f"/{name}/{file}", Page(text.encode(), "application/x-mpegurl"))
    return server.add("/master.m3u8", Page(MASTER.encode(), "application/x-mpegurl"))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("dated", [False, True])
async def test_sound_is_heard_from_the_first_picture_on(
    server: MediaServer, tmp_path: Path, late: bool, dated: bool
) -> None:
    url = serve(server, tmp_path, late=late, dated=dated)
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        status = await session.settled(session.play(url))
        assert status.is_live
        listening = asyncio.create_task(audio_from(session, 0))
        ring = session.audio(status.session, status.epoch)
        await until(lambda: ring.span is not None and ring.span[1] > 5_000_000)
        await viewer.until(lambda: len(viewer.numbers) > 100)
        session.stop()
        samples, rate, _ = decoded(await listening)
    assert viewer.numbers[0] == 0
    assert viewer.pictures[0].position == pytest.approx(0, abs=0.05)
    assert onsets(samples, rate)[:5] == pytest.approx(range(5), abs=0.06)


def edge(distance: float, window: float, date: float | None = None) -> LiveEdge:
    return LiveEdge(distance, window, segment=distance / 3, date=date)


def agreed(*edges: LiveEdge | None) -> list[float]:
    """Return what inputs agree on; the first one leads."""
    common = CommonStart(len(edges))
    distances = dict.fromkeys(range(len(edges)), -1.0)

    def agree(index: int) -> None:
        distances[index] = common.distance(edges[index], leads=index == 0)

    threads = [threading.Thread(target=agree, args=(index,)) for index in distances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(distances.values())


@pytest.mark.parametrize(
    ("edges", "distances"),
    [
        ([edge(18, 60)], [18]),
        ([edge(18, 60), edge(6, 60)], [18, 24]),
        ([edge(6, 60), edge(18, 60)], [18, 24]),
        # Playlists that hold less.
        ([edge(18, 60), edge(6, 8)], [8, 14]),
        # Dates: the video ends 4 s earlier.
        ([edge(18, 60, 100.0), edge(6, 60, 104.0)], [18, 22]),
        ([edge(18, 60, 100.0), edge(6, 60, 5000.0)], [18, 24]),
        ([edge(18, 60, 100.0), edge(6, 60)], [18, 24]),
        ([edge(18, 60), None], [18, 0]),
        ([None, None], [0, 0]),
    ],
)
def test_inputs_agree_on_a_moment(edges: list[LiveEdge | None], distances: list[float]) -> None:
    assert agreed(*edges) == distances


def test_closing_ends_the_wait_for_the_other_input() -> None:
    common = CommonStart(2)
    found: list[float] = []

    def begin() -> None:
        found.append(common.distance(edge(6, 60), leads=False))
        found.append(common.live_base(5.0, leads=False, within=30))

    thread = threading.Thread(target=begin)
    thread.start()
    common.close()
    thread.join(60)
    assert found == [6, 5]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-01-01T00:00:00Z", 1_767_225_600.0),
        ("2026-01-01T01:00:00.500+01:00", 1_767_225_600.5),
        ("2026-01-01T00:00:00", 1_767_225_600.0),
        ("yesterday", None),
        ("2026-01-01T00:00:00+99:00", None),
        ("", None),
    ],
)
def test_dates_of_segments(text: str, date: float | None) -> None:
    lines = f"#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:{text}\n#EXTINF:2,\n0\n#EXTINF:2,\n1\n"
    lines += "#EXT-X-DISCONTINUITY\n#EXTINF:2,\n2\n"
    segments = parse_playlist(lines, "http://h/").segments
    later = None if date is None else date + 2
    assert [segment.date for segment in segments] == [date, later, None]
