"""The camera card while somebody rewinds: previews under the pointer, single steps, and speeds."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
import math
import statistics
import time
from typing import Final

from benchmarks.measuring import Result
from benchmarks.rewind_page import Card, Followed, Shown
from benchmarks.sized_home import SizedHome
from demo.jobs import frame_number

FPS: Final = 25
GOP: Final = 2.0
SWEEPS: Final = 3
MOVES: Final = 60
"""Moves of the pointer in each direction of a sweep."""
MOVE: Final = 0.016
"""Seconds between two: a frame of a screen."""
SWEPT: Final = (32.0, 4.0)
"""Seconds ago from which, and to which, the pointer moves."""
REST: Final = 1.0
STEPS: Final = 40
RATES: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
NEAR: Final = 4
"""Seconds by which the picture may be off until it is the video of a place."""
RUN: Final = 6.0
"""Seconds for which a speed is measured."""


async def frame_at(
    home: SizedHome, entry_id: str, moment: float, *, fast: bool = False
) -> tuple[int, float]:
    """Return the number and the UNIX time of the frame of a time, with `fast` of its keyframe."""
    path = f"/api/retrocam/footage/{entry_id}/frame?at={moment:.4f}&width=640&fast={int(fast)}"
    client = home.client
    async with client.session.get(client.url + path, headers=client.headers) as response:
        data = await response.read()
        if response.status != 200:
            # The machine is so busy that the lookback has dropped it meanwhile.
            raise RuntimeError(f"no frame of {time.time() - moment:.0f} s ago: {response.status}")
        return frame_number(data), float(response.headers["X-Retrocam-Time"])


class CardBench:
    """A camera card of a camera that looks back."""

    def __init__(self, home: SizedHome, entry_id: str, card: Card, epoch: float) -> None:
        """`epoch` is the UNIX time of frame 0."""
        self._home = home
        self._entry_id = entry_id
        self._card = card
        self._epoch = epoch

    async def results(self) -> list[Result]:
        """Measure all."""
        return [await self.previews(), await self.steps(), await self.speeds()]

    async def rewind(self, ago: float) -> None:
        """Play from some seconds ago."""
        await self._card.press(ago)
        number = int((time.time() - ago - self._epoch) * FPS)
        await self._card.let_go()
        await self._card.plays(number - NEAR * FPS, number + NEAR * FPS)

    async def previews(self) -> Result:
        """Drag over the time bar: how long after a move a picture of there is shown."""
        took, screen = list[float](), list[float]()
        for _ in range(SWEEPS):
            swept = await self._sweep()
            took += await self._delays(swept)
            screen += [later - at for at, later in pairwise(swept.screens)]
            await self._card.let_go()
            await self._card.live()
        return Result(
            what="camera card, from a move of the pointer to the keyframe of there, 95th percentile "
            "of the moves that ask for another one",
            ours=p95(took),
            unit="ms",
            bar=100,
            details={
                "median_ms": round(statistics.median(took), 1),
                "most_ms": round(max(took), 1),
                "moves": len(took),
                "screen_interval_p95_ms": round(p95(screen), 1),
            },
        )

    async def _sweep(self) -> Followed:
        """Drag back and forth once, without letting go; return what was shown."""
        oldest, newest = SWEPT
        step = (oldest - newest) / MOVES
        async with self._card.following() as followed:
            await self._card.press(oldest)
            for move in [*range(MOVES), *range(MOVES, -1, -1)]:
                await self._card.drag(oldest - move * step)
                # A pointer sends no more moves than a screen shows.
                await asyncio.sleep(MOVE)
            # It rests there, so that the last move counts, too.
            await asyncio.sleep(REST)
        return followed

    async def _delays(self, followed: Followed) -> list[float]:
        """Return how long after each move a picture of there, or of a later move, was shown, in ms.

        A picture is of a place if it is the keyframe before it, or a frame between the two. Moves
        within what is shown already do not count.
        """
        fitting = [range(0)] * len(followed.moves)
        times = [(move.time, index) for index, move in enumerate(followed.moves) if move.time]
        number, shown = 0, -math.inf
        # The oldest leave the lookback first.
        for moment, index in sorted(times):
            if moment > shown + GOP - 0.5 / FPS:
                number, shown = await frame_at(self._home, self._entry_id, moment, fast=True)
            fitting[index] = range(number, number + round((moment - shown) * FPS) + 1)
        return list(_delays(followed, fitting))

    async def steps(self) -> Result:
        """Step through frames: each number must follow the one before."""
        card = self._card
        await self.rewind(20)
        await card.button("Pause").click()
        # Its last frame may still be on its way to the screen.
        await asyncio.sleep(REST)
        seen = [await card.number()]
        for _ in range(STEPS):
            await card.step()
            seen.append(await card.number())
        await card.live()
        wrong = [pair for pair in pairwise(seen) if pair[1] != pair[0] + 1]
        return Result(
            what=f"camera card, {STEPS} steps by a frame: numbers left out or shown twice",
            ours=len(wrong),
            unit="frames",
            bar=0,
            details={"wrong": wrong, "first": seen[0], "last": seen[-1]},
        )

    async def speeds(self) -> Result:
        """Play at each speed, and compare it with that of the numbers."""
        measured = {}
        for rate in RATES:
            await self.rewind(50)
            await self._card.choose_speed(rate)
            first, last = await self._card.run(RUN)
            measured[f"{rate:g}"] = round(speed_of(first, last) / rate, 4)
            await self._card.live()
        return Result(
            what="camera card, speeds of 0.25 to 4: largest deviation",
            ours=100 * max(abs(one - 1) for one in measured.values()),
            unit="%",
            bar=5,
            details={"of_each": measured},
        )


def _delays(followed: Followed, fitting: list[range]) -> Iterator[float]:
    moves = followed.moves
    for index, move in enumerate(moves):
        before = [shot for shot in followed.shots if shot.at <= move.at]
        if before and before[-1].number in fitting[index]:
            continue
        fits = (
            shot.at - move.at
            for shot in followed.shots[len(before) :]
            if any(
                shot.number in wanted
                for later, wanted in zip(moves[index:], fitting[index:], strict=True)
                if later.at <= shot.at
            )
        )
        yield next(fits, math.inf)


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(values)[int(len(values) * 0.95)]


def speed_of(first: Shown, last: Shown) -> float:
    """Return the seconds of video that were shown a second, by frame numbers."""
    return (last.number - first.number) / FPS / (last.at - first.at) * 1000
