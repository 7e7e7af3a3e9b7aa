"""One soak test from start to end."""

import asyncio
import json
from pathlib import Path
import random
import tempfile
from typing import Any, Final

from demo.process import rss

from .clips import Clips
from .leaks import compare, load_all, probe, unload_all
from .log import unexpected
from .memory import Point, growth, is_flat
from .scene import Scene
from .troubles import Troubles
from .visitors import Visitors

ROUND: Final = 30.0
"""Seconds of load between two memory measurements."""
ENDS: Final = ((0.06, True), (0.16, False), (0.9, True))
"""When Home Assistant ends, as a share of the time, and whether it is killed: the life in between is
long enough to show a leak."""
CALM: Final = 2.0
"""Seconds for the remains of visitors to settle."""


class Soak:
    """Visitors, troubles and clips, in rounds."""

    def __init__(self, scene: Scene, seconds: float, seed: int) -> None:
        """Run for the given time; the same seed makes the same choices."""
        self.scene = scene
        self._seconds = seconds
        chance = random.Random(seed)
        self.visitors = Visitors(scene, random.Random(chance.random()))
        self.clips = Clips(scene, random.Random(chance.random()))
        self.troubles = Troubles(scene, self.clips, random.Random(chance.random()))
        self._lives: list[list[Point]] = [[]]
        self._resident: list[int] = []

    async def run(self) -> dict[str, Any]:
        """Run, and return the figures; failures are among the scene's faults."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        ends = [(now + part * self._seconds, kill) for part, kill in ENDS]
        end = now + self._seconds
        # A round that took long does not cancel an end.
        while ends or now < end:
            until = min(end, now + ROUND, *(at for at, _ in ends))
            due = bool(ends) and until == ends[0][0]
            await self._round(until - now, kill=ends.pop(0)[1] if due else None)
            now = loop.time()
        await self.clips.wait()
        return await self._sum_up()

    async def _round(self, seconds: float, *, kill: bool | None = None) -> None:
        """Run all at once, then measure memory while idle.

        Unless `kill` is None, Home Assistant ends at the end of the round, under load.
        """
        loop = asyncio.get_running_loop()
        stop, calm = asyncio.Event(), asyncio.Event()
        jobs = asyncio.gather(self.clips.record_until(stop), self.visitors.come_until(stop))
        loop.call_later(max(0.0, seconds), calm.set)
        try:
            await self.troubles.make_until(calm, (1.0, 8.0))
            if kill is not None:
                await self.troubles.end_home_assistant(kill=kill)
                self._lives.append([])
        finally:
            stop.set()
            await jobs
        if kill is None:
            # Settling has many causes: nothing reports its end.
            await asyncio.sleep(CALM)
            held = (await probe(self.scene))["held"]
            resident = rss(self.scene.pid)
            self._lives[-1].append((loop.time(), held or resident))
            self._resident.append(resident)
            print(
                f"{(held or resident) / 1e6:.0f} MB held, {resident / 1e6:.0f} MB resident, "
                f"{len(self.scene.faults)} faults",
                flush=True,
            )

    async def _sum_up(self) -> dict[str, Any]:
        scene = self.scene
        before = await unload_all(scene)
        await load_all(scene)
        await self._round(min(15.0, self._seconds / 10))
        await self.clips.wait()
        left = compare(scene, before, await unload_all(scene))
        await scene.end(kill=False)
        clips = await asyncio.to_thread(self.clips.check)
        for log in scene.logs:
            for entry in unexpected(log):
                scene.fault(f"in the log: {entry}")
        return {
            "lives": len(scene.logs),
            "visits": dict(sorted(self.visitors.visits.items())),
            "seen": dict(self.visitors.saw),
            "troubles": dict(self.troubles.made),
            **clips,
            "left_before_and_after": left,
            **self._memory(),
            "faults": scene.faults,
        }

    def _memory(self) -> dict[str, Any]:
        longest = max(self._lives, key=lambda life: life[-1][0] - life[0][0] if life else 0)
        if len(longest) < 4:
            return {"memory": "too short to tell"}
        an_hour, in_all, seconds = growth(longest)
        if not is_flat(longest):
            self.scene.fault(f"memory grew by {in_all / 1e6:.1f} MB in {seconds:.0f} s")
        return {
            "memory_mb": [round(size / 1e6, 1) for _, size in longest],
            "memory_seconds": round(seconds),
            "memory_mb_an_hour": round(an_hour / 1e6, 2),
            "memory_mb_in_all": round(in_all / 1e6, 2),
            "resident_mb_at_most": round(max(self._resident) / 1e6, 1),
        }


async def soak(minutes: float, seed: int, keep: Path | None = None) -> dict[str, Any]:
    """Run for the given minutes, and return the figures; `keep` is an empty directory for all files."""
    with tempfile.TemporaryDirectory(prefix="retrocam-soak-") as temporary:
        async with Scene.playing(keep or Path(temporary)) as scene:
            return await Soak(scene, minutes * 60, seed).run()


def summary(figures: dict[str, Any]) -> str:
    """Return the figures for a reader."""
    return json.dumps(figures, indent=2)
