"""Home Assistant's own player, and the picture of the camera card, measured in their page."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from playwright.async_api import Locator, Page

from tests.pattern_reader import read_frame_number

SIZE: Final = (192, 108)
"""Of pictures that are read."""

TIMEOUT: Final = 20.0
SCRIPT: Final = Path(__file__).with_suffix(".js")
"""Runs in the page before anything else."""


class UnreadableError(RuntimeError):
    """A picture without a frame number."""


def number_of(pixels: str) -> int:
    """Return the frame number of a picture of the page. Raises UnreadableError."""
    width, height = SIZE
    luma = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width)
    if (number := read_frame_number(luma)) is None:
        raise UnreadableError("a picture has no frame number")
    return number


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame of a video, as it was presented."""

    at: float
    """Milliseconds of the page's clock."""
    number: int


class Player:
    """Home Assistant's own HLS player in a page of its frontend."""

    def __init__(self, page: Page) -> None:
        """Play in a page that has the script."""
        self._page = page

    async def start(self, *, entity: str = "", entry: str = "", past: bool = False) -> float:
        """Show a camera by Home Assistant's stream, or an entry by our playlist of the present.

        With `past` it is that of all that is held. Returns the milliseconds until the first frame.
        """
        source = {"entity": entity} if entity else {"entry": entry, "past": past}
        took: float = await self._page.evaluate("source => bench.start(source)", source)
        return took

    async def stop(self) -> None:
        """Remove the player."""
        await self._page.evaluate("bench.stop()")

    async def jump(self, time: float) -> tuple[float, int]:
        """Seek to a UNIX time; return the milliseconds until its frame, and the number of that."""
        found = await self._page.evaluate("time => bench.jump(time)", time)
        return float(found["ms"]), number_of(found["pixels"])


@dataclass(frozen=True, slots=True)
class Move:
    """The press of the pointer, or a move while it is pressed."""

    at: float
    """Milliseconds of the page's clock."""
    time: float | None
    """UNIX time that the card shows there; None before it knows what is held."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a card did while its bar was dragged."""

    moves: list[Move]
    shots: list[Shown]
    screens: list[float]
    """When the screen was drawn; milliseconds of the page's clock."""


class Rail(NamedTuple):
    """Where the time bar is, in pixels."""

    x: float
    y: float
    """Of its middle."""
    width: float
    full: float
    """Seconds across."""


class Card:
    """The camera card, used with a mouse."""

    def __init__(self, card: Locator) -> None:
        """Use a card of a page that has the script."""
        self.card = card
        self._page = card.page
        self._rail = Rail(0.0, 0.0, 0.0, 1.0)

    async def press(self, ago: float) -> None:
        """Press the mouse on the time bar, at some seconds ago."""
        rail = await self.card.locator("retrocam-time-bar .rail").bounding_box()
        if rail is None:
            raise RuntimeError("the card has no time bar")
        knob = self.card.get_by_role("slider", name="Rewind")
        full = -float(str(await knob.get_attribute("aria-valuemin")))
        self._rail = Rail(rail["x"], rail["y"] + rail["height"] / 2, rail["width"], full)
        await self.drag(ago)
        await self._page.mouse.down()

    async def drag(self, ago: float) -> None:
        """Move the mouse along the bar."""
        x, y, width, full = self._rail
        await self._page.mouse.move(x + width * (1 - ago / full), y)

    async def let_go(self) -> None:
        """Play from where the mouse is."""
        await self._page.mouse.up()

    def button(self, name: str) -> Locator:
        """Return a button by its label."""
        return self.card.get_by_role("button", name=name, exact=True)

    async def choose_speed(self, rate: float) -> None:
        """Choose a speed."""
        await self.card.get_by_role("combobox", name="Speed").select_option(f"{rate:g}")

    async def live(self) -> None:
        """Return to the present."""
        await self.button("Live").click()

    async def plays(self, first: int, last: int) -> None:
        """Wait until it shows a video between two frame numbers. Raises TimeoutError."""
        number = None
        try:
            async with asyncio.timeout(TIMEOUT):
                while number is None or not first <= number <= last:
                    pixels = await self.card.evaluate("card => bench.readVideo(card)")
                    number = None if pixels is None else number_of(pixels)
        except TimeoutError as err:
            seen = await self.card.evaluate("card => bench.seen(card)")
            wanted = f"no video of the frames {first} to {last}"
            raise TimeoutError(f"{wanted}, but of {number}: {seen}") from err

    async def number(self) -> int:
        """Return the number of the frame that it shows."""
        return number_of(await self.card.evaluate("card => bench.read(card)"))

    async def step(self) -> None:
        """Step to the next frame, and wait for its picture."""
        handle = await self.card.element_handle()
        before = await self.card.evaluate("card => bench.top(card).src")
        await self.button("Next frame").click()
        await self._page.wait_for_function(
            """([card, before]) => {
              const shown = bench.top(card);
              return shown?.localName === "img" && shown.src !== before;
            }""",
            arg=[handle, before],
        )

    async def run(self, seconds: float) -> tuple[Shown, Shown]:
        """Return the first and the last frame that its video shows within some seconds.

        Raises playwright's Error, which says what the card shows instead, without a video that plays.
        """
        run: list[dict[str, Any]] = await self.card.evaluate(
            "(card, [ms, patience]) => bench.run(card, ms, patience)",
            [seconds * 1000, TIMEOUT * 1000],
        )
        first, last = (Shown(one["at"], number_of(one["pixels"])) for one in run)
        return first, last

    @asynccontextmanager
    async def following(self) -> AsyncIterator[Followed]:
        """Follow moves and pictures during a `with` block; they are there after it."""
        followed = Followed([], [], [])
        await self.card.evaluate("card => bench.follow(card)")
        yield followed
        found = await self._page.evaluate("bench.followed()")
        followed.moves.extend(Move(*move) for move in found["moves"])
        followed.screens.extend(found["screens"])
        followed.shots.extend(Shown(at, number_of(pixels)) for at, pixels in found["shots"])
