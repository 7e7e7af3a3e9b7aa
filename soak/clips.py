"""Records overlapping clips all the time, and checks at the end that none is missing."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
import random
from typing import Any, Final

import aiohttp
import av
from av.video.frame import PictureType

from custom_components.retrocam.core.clips.fragmented_reader import read_recording
from custom_components.retrocam.core.errors import RetrocamError
from custom_components.retrocam.core.frames.jpeg import planes
from tests.pattern_reader import read_frame_number

from .scene import DEMO, Instance, Scene
from .shown import Shown, told_numbers

PARTIAL: Final = ".partial"
NEW_LIFE: Final = 100
"""Frame number below which the demo camera, which counts anew with Home Assistant, may begin again."""
BEGUN: Final = 3.0
"""Seconds after which a call of `record` must have its clip on disk, if the source is up."""


@dataclass(slots=True)
class Call:
    """One call of `record`."""

    instance: Instance
    began: float
    """Loop time."""
    answer: dict[str, Any] | None = None
    error: str = ""
    over: bool = False


@dataclass(slots=True)
class Clips:
    """Records clips, and keeps track of them."""

    scene: Scene
    chance: random.Random
    calls: list[Call] = field(default_factory=list)
    begun: set[Path] = field(default_factory=set)
    """The final path of each clip that was ever on disk with frames in it."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def record_until(self, stop: asyncio.Event) -> None:
        """Start clips at random intervals, and watch the disk."""
        while not stop.is_set():
            if self.scene.running and len(self._tasks) < 6:
                task = asyncio.create_task(self._record(self.chance.choice(self.scene.cameras)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.chance.uniform(0.5, 3)):
                    await stop.wait()

    async def wait(self) -> None:
        """Wait for the ends of all calls."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def look(self) -> None:
        """Note the clips being written."""
        self.begun |= await asyncio.to_thread(self._unfinished)

    async def look_after_kill(self, untroubled: set[str]) -> None:
        """Note what a kill has left; each running call must have something on disk."""
        now = asyncio.get_running_loop().time()
        found = await asyncio.to_thread(self._unfinished)
        self.begun |= found
        for instance in self.scene.cameras:
            pending = [
                call
                for call in self.calls
                if call.instance is instance and not call.over and now - call.began > BEGUN
            ]
            files = sum(path.parent == instance.recordings for path in found)
            if instance.title in untroubled and files < len(pending):
                self.scene.fault(
                    f"{len(pending)} clips of {instance.title} were being recorded when Home Assistant "
                    f"was killed, {files} are on disk"
                )

    def _unfinished(self) -> set[Path]:
        found = set()
        for instance in self.scene.instances:
            for path in instance.recordings.glob(f"*{PARTIAL}.mp4"):
                try:
                    read_recording(path)
                except RetrocamError:
                    continue  # empty so far, or finished at this moment
                found.add(path.with_name(path.name.replace(PARTIAL, "")))
        return found

    async def _record(self, instance: Instance) -> None:
        call = Call(instance, asyncio.get_running_loop().time())
        self.calls.append(call)
        data = {
            "entity_id": instance.camera,
            "lookback": self.chance.choice([0, 2, 5, 10, 20]),
            "duration": self.chance.choice([0, 1, 3, 6, 10]),
        }
        url = f"{self.scene.url}/api/services/retrocam/record?return_response"
        connector = aiohttp.TCPConnector(force_close=True)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, headers=self.scene.headers) as session,
                session.post(url, json=data) as response,
            ):
                if response.status == 200:
                    answered = (await response.json())["service_response"]
                    call.answer = answered.get(instance.camera)
                else:
                    call.error = f"{response.status} {(await response.text())[:200]}"
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as err:
            call.error = type(err).__name__
        call.over = True

    # At the end

    def check(self) -> dict[str, Any]:
        """Find each clip, and read the frame numbers of all; blocks. Returns figures."""
        wanted = set(self.begun)
        for call in self.calls:
            wanted |= {Path(path) for path in (call.answer or {}).get("parts", ())}
        for path in sorted(wanted):
            if not path.exists():
                self.scene.fault(f"the clip {path.parent.parent.name}/{path.name} is lost")
        frames = gaps = clips = 0
        for instance in self.scene.instances:
            for path in sorted(instance.recordings.glob("*")):
                if PARTIAL in path.name:
                    self.scene.fault(f"{instance.title} left {path.name} unfinished")
                elif path.suffix == ".mp4":
                    numbers = self._numbers(instance, path)
                    clips += 1
                    frames += len(numbers)
                    gaps += sum(b - a - 1 for a, b in _steps(instance, numbers))
        return {
            "record_calls": len(self.calls),
            "answered": sum(call.answer is not None for call in self.calls),
            "complete": sum(bool((call.answer or {}).get("complete")) for call in self.calls),
            "clips": clips,
            "clip_frames": frames,
            "frames_missing_within": gaps,
            "errors": sorted({call.error for call in self.calls if call.error}),
        }

    def _numbers(self, instance: Instance, path: Path) -> list[int]:
        """Return the frame numbers of a clip after checking that they rise."""
        name = f"{instance.title}/{path.name}"
        shown: list[Shown] = []
        try:
            with av.open(str(path)) as container:
                shown.extend(map(_shown, container.decode(video=0)))
        except av.error.FFmpegError as err:
            self.scene.fault(f"{name} cannot be played: {err}")
        numbers, damaged = told_numbers(shown)
        if damaged:
            self.scene.fault(f"{damaged} frames of {name} cannot be read")
        if not numbers:
            self.scene.fault(f"{name} is empty")
        if any(b <= a for a, b in _steps(instance, numbers)):
            self.scene.fault(f"frames of {name} are out of order: {numbers}")
        return numbers


def _steps(instance: Instance, numbers: list[int]) -> list[tuple[int, int]]:
    """Return pairs of successive numbers, but for a restart within a clip that the tape has."""
    counts_anew = instance.title == DEMO
    return [(a, b) for a, b in pairwise(numbers) if not (counts_anew and b < min(a, NEW_LIFE))]


def _shown(frame: av.VideoFrame) -> Shown:
    number = read_frame_number(planes(frame)[0])
    return Shown(number, frame.pts or 0, frame.key_frame, frame.pict_type == PictureType.B)
