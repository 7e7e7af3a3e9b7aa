"""Look-ups: time to a result with a process for each, against yt-dlp in Home Assistant's process.

    python -m benchmarks.lookup {apart|within} URL

Prints the times of one process as JSON. The peer is Retrocam's former way: yt-dlp loaded into Home
Assistant's process by the first look-up, and run in a thread there. Ours starts the look-up server
with the first one, and forks it for each. Both look up the same film on a server of this machine, so
that no network is included. Wall time in seconds, since somebody waits.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from typing import Final

from benchmarks.measuring import Case, Result, paired, repeats
from custom_components.retrocam.core.player.lookup.resolver import Resolver
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from tests.core.player.clips import clip
from tests.core.player.server import Page, serving

RUNS: Final = repeats(5)
NEXT: Final = 15
"""Look-ups after the first one, in each run."""
SLOWER: Final = 1.5
"""Most seconds by which the first look-up may be slower."""
AS_FAST: Final = 1.0


async def _apart(url: str) -> list[float]:
    resolver = Resolver(allow_private=True)
    took = []
    for _ in range(1 + NEXT):
        began = time.perf_counter()
        await resolver.resolve(url)
        took.append(time.perf_counter() - began)
    await resolver.close()
    return took


async def _within(url: str) -> list[float]:
    took = []
    for _ in range(1 + NEXT):
        began = time.perf_counter()
        await asyncio.to_thread(_extract, url)
        took.append(time.perf_counter() - began)
    return took


def _extract(url: str) -> None:
    from custom_components.retrocam.core.player.lookup.extractor import extract  # noqa: PLC0415  # the first look-up loaded it

    network = Network(is_any)
    extract(url, network, max_height=360, cache_dir=None)
    network.close()


def _measured(side: str, url: str) -> tuple[float, float]:
    """Return the time of a new process's first look-up, and the median of the next ones, in s."""
    command = [sys.executable, "-m", "benchmarks.lookup", side, url]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    first, *others = json.loads(ran.stdout)
    return first, statistics.median(others)


def results() -> list[Result]:
    with serving() as server:
        url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
        _measured("within", url)  # compiles bytecode
        runs = [(_measured("within", url), _measured("apart", url)) for _ in range(RUNS)]
    slower = [apart[0] - within[0] for within, apart in runs]
    following = paired([(within[1], apart[1]) for within, apart in runs])
    return [
        Result(
            what="first look-up after a start, beyond one in the same process",
            ours=statistics.median(slower),
            unit="s",
            bar=SLOWER,
            details={
                "beyond_s": [round(each, 3) for each in slower],
                "within_s": [round(within[0], 3) for within, _ in runs],
                "apart_s": [round(apart[0], 3) for _, apart in runs],
            },
        ),
        following.result(
            "each next look-up, against one in the same process", unit="s", bar=AS_FAST
        ),
    ]


CASE = Case(
    name="lookup",
    compares="a look-up in a process of its own, against one in Home Assistant's",
    run=results,
)


if __name__ == "__main__":
    print(json.dumps(asyncio.run({"apart": _apart, "within": _within}[sys.argv[1]](sys.argv[2]))))
