"""The time bar of the demo camera's card, and what it shows."""

from typing import Any, Final

from .board import Board, filled, met

VIDEO: Final = "retrocam-footage ha-hls-player video"
TIME: Final = "video => video.currentTime + 0.2"


class Bar:
    """The time bar of the demo camera's card, used with a mouse."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.card = board.camera_card
        self.knob = self.card.get_by_role("slider", name="Rewind")

    async def _point(self, ago: float) -> tuple[float, float]:
        box = await self.card.locator("retrocam-time-bar .rail").bounding_box()
        assert box is not None
        full = -float(str(await self.knob.get_attribute("aria-valuemin")))
        return box["x"] + box["width"] * (1 - ago / full), box["y"] + box["height"] / 2

    async def press(self, ago: float) -> None:
        """Press the mouse on the bar, and drag it to some seconds ago."""
        mouse = self._board.page.mouse
        await mouse.move(*await self._point(ago / 2))
        await mouse.down()
        await mouse.move(*await self._point(ago), steps=5)

    async def let_go(self) -> None:
        await self._board.page.mouse.up()

    async def state(self) -> dict[str, Any]:
        """Return what the card shows: its mode, and the time and the part, in UNIX s."""
        state: dict[str, Any] = await self.card.evaluate(
            "({ rewind }) => ({ mode: rewind.mode, time: rewind.shown, part: rewind.marks.part })"
        )
        return state


async def warm(board: Board) -> Bar:
    """Wait until the lookback holds enough, and return the bar of a card that shows the present."""
    await filled(board)
    bar = Bar(board)
    meter = bar.card.get_by_role("meter")
    await met(meter, "Number(element.getAttribute('aria-valuenow')) >= 20")
    return bar


async def live(board: Board) -> None:
    """Return to the present, which one player shows."""
    await board.camera_card.get_by_role("button", name="Live", exact=True).click()
    assert await board.camera_card.evaluate("({ rewind }) => rewind.mode") == "live"
    video = board.camera_card.locator("video")
    await met(video, "!element.paused && element.playbackRate === 1")
    await met(
        video, "!element.paused && element.currentTime > argument", await video.evaluate(TIME)
    )


async def plays_past(bar: Bar) -> None:
    """Wait until the past plays as video; until then the player may be that of the present."""
    await met(
        bar.card,
        "(({ mode, covers, picture }) => mode === 'playing' && covers && !picture)(element.rewind)",
    )
