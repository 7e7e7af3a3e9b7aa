"""Cells of the player: its screen on a grid, an epoch for each stretch of playing."""

from collections.abc import Callable
from dataclasses import replace
from typing import override

from homeassistant.core import callback

from ..core.ascii.messages import Screening, state_message
from ..core.errors import PlayError
from ..core.frames.feed import Picture, Sink
from ..core.player.frame_broadcast import Screen
from ..core.player.machine import RUNNING, Phase
from ..core.player.rendered import Style
from ..core.player.status import Status
from ..urls import audio_template
from .ascii import CellScreen, screening_of


class PlayerScreen(CellScreen):
    """The player's pictures on a grid. For the event loop.

    A stretch of the session becomes an epoch of the stream when it is ready: then all that its `init`
    tells is known. Pictures from before that are held back; the newest is shown again.
    """

    def __init__(
        self,
        name: str,
        preset: str | None,
        *,
        entry_id: str,
        screen: Screen,
        status: Callable[[], Status],
        style: Callable[[], Style],
        show_again: Callable[[Sink], None],
        error_text: Callable[[PlayError], str],
    ) -> None:
        """Show `screen` on the grid of `preset`, or on that of the player's own style.

        `show_again` hands a sink what is on the screen now, if anything is. `entry_id` is for the
        path of the sound. `error_text` returns what an error of the session says.
        """
        self._preset = preset
        self._entry_id = entry_id
        self._screen = screen
        self._style = style
        self._show_again = show_again
        self._error_text = error_text
        self._begun = -1
        """The session's epoch whose pictures are let through."""
        self._running = False
        self._show: Sink | None = None
        super().__init__(f"retrocam cells {name}", self._screening())
        self.update(status())

    @override
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Take pictures of the session's screen until what is returned is called."""

        def show(picture: Picture) -> None:
            if self._screen.epoch == self._begun:
                sink(picture)

        self._show = show
        leave_screen = self._screen.subscribe(show)
        self._repeat()

        def leave() -> None:
            self._show = None
            leave_screen()

        return leave

    @callback
    def update(self, status: Status) -> None:
        """Follow the session."""
        screening = self._screening()
        grid = (screening.cols, screening.rows, screening.charset)
        running = status.state in RUNNING
        if status.state in (Phase.PLAYING, Phase.PAUSED):
            screening = self._screening(status)
            if status.epoch != self._begun or screening != self.screening:
                self.screening = screening
                self.broadcast.begin(screening)
                self._begun = status.epoch
                self._repeat()
        elif grid != (self.screening.cols, self.screening.rows, self.screening.charset):
            self.screening = screening
            self._begun = -1
            self.broadcast.begin(screening)
        elif self._running and not running:
            self.broadcast.end()
        self._running = running
        error = status.error
        self.tell(
            state_message(
                status.state.value,
                error_code=None if error is None else error.code,
                error_text="" if error is None else self._error_text(error),
            )
        )

    def _screening(self, status: Status | None = None) -> Screening:
        style = self._style()
        screening = screening_of(self._preset or style.preset, style.charset)
        if status is None:
            return replace(screening, live=False)
        latest = self._screen.latest
        audio = audio_template(self._entry_id, status.session, status.epoch)
        return replace(
            screening,
            title=status.title or "",
            duration=status.duration,
            live=status.is_live,
            audio=audio if status.has_audio else None,
            aspect=None if latest is None else latest.frame.width / latest.frame.height,
        )

    @callback
    def _repeat(self) -> None:
        """Show again what is on the screen: it may stand still, or have come too early."""
        if self._show is not None:
            self._show_again(self._show)
