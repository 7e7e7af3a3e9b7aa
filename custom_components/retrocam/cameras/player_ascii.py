"""ASCII stream of a player: one epoch for each stretch of its session."""

from collections.abc import Callable
from dataclasses import replace
from typing import override

from ..core.ascii.messages import StreamConfig, state_message
from ..core.errors import PlayError
from ..core.frames.feed import Picture, Sink
from ..core.player.ascii_source import AsciiStyle
from ..core.player.frame_broadcast import FrameBroadcast
from ..core.player.machine import RUNNING, Phase
from ..core.player.status import Status
from ..urls import audio_template
from .ascii import AsciiView, config_for_preset


class PlayerAsciiView(AsciiView):
    """Frames of a player. For the event loop.

    An epoch of the session becomes one of the stream once it is playing or paused: only then is all of
    the `init` message known. Frames from before that are dropped; the newest is shown again.
    """

    def __init__(
        self,
        name: str,
        preset: str | None,
        *,
        entry_id: str,
        frames: FrameBroadcast,
        status: Callable[[], Status],
        style: Callable[[], AsciiStyle],
        show_again: Callable[[Sink], None],
        error_text: Callable[[PlayError], str],
    ) -> None:
        """Show `frames` in `preset`, or in that of the player's `style`.

        `show_again` passes the current frame, if any, to a sink. `entry_id` is for the audio path.
        """
        self._preset = preset
        self._entry_id = entry_id
        self._frames = frames
        self._style = style
        self._show_again = show_again
        self._error_text = error_text
        self._epoch = -1
        """Epoch of the session whose frames are passed on."""
        self._running = False
        self._sink: Sink | None = None
        super().__init__(f"retrocam ascii {name}", self._stream_config())
        self.update(status())

    @override
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Pass the frames of the current epoch until the returned function is called."""

        def show(picture: Picture) -> None:
            if self._frames.epoch == self._epoch:
                sink(picture)

        self._sink = show
        unsubscribe_frames = self._frames.subscribe(show)
        self._repeat()

        def unsubscribe() -> None:
            self._sink = None
            unsubscribe_frames()

        return unsubscribe

    def update(self, status: Status) -> None:
        """Follow the session."""
        running = status.state in RUNNING
        config, old = self._stream_config(), self.stream_config
        if status.state in (Phase.PLAYING, Phase.PAUSED):
            config = self._stream_config(status)
            if status.epoch != self._epoch or config != old:
                self._begin(status.epoch, config)
                self._repeat()
        elif (config.cols, config.rows, config.charset) != (old.cols, old.rows, old.charset):
            self._begin(-1, config)
        elif self._running and not running:
            self.broadcast.end_epoch()
        self._running = running
        error = status.error
        self.set_state(
            state_message(
                status.state.value,
                error_code=None if error is None else error.code,
                error_text="" if error is None else self._error_text(error),
            )
        )

    def _begin(self, epoch: int, config: StreamConfig) -> None:
        """Begin an epoch of the stream; no frame passes meanwhile."""
        self._epoch = -1
        self.stream_config = config
        self.broadcast.start_epoch(config)
        self._epoch = epoch

    def _stream_config(self, status: Status | None = None) -> StreamConfig:
        style = self._style()
        config = config_for_preset(self._preset or style.preset, style.charset)
        if status is None:
            return replace(config, live=False)
        latest = self._frames.latest
        audio = audio_template(self._entry_id, status.session, status.epoch)
        return replace(
            config,
            title=status.title or "",
            duration=status.duration,
            live=status.is_live,
            audio=audio if status.has_audio else None,
            aspect=None if latest is None else latest.frame.width / latest.frame.height,
        )

    def _repeat(self) -> None:
        """Show the current frame again: playback may be paused, or it was dropped as too early."""
        if self._sink is not None:
            self._show_again(self._sink)
