"""What a player plays next, and what it continues after an announcement."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
import logging
from typing import Any

from homeassistant.core import HomeAssistant, callback

from ..core.errors import PlayError
from ..core.frames.feed import Feed
from ..core.player.media_request import FreshMedia
from ..core.player.play_queue import PlayQueue
from ..core.player.session import Interrupted, Session

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Playable[F: Feed]:
    """Media ready to be played."""

    source: str | F | FreshMedia
    trusted: bool = False
    """The origin of a URL may be on the private network."""
    report_blocked: bool = True
    """Errors may reveal which addresses are private."""


@dataclass(frozen=True, slots=True, eq=False)
class QueueItem[F: Feed]:
    """Requested media. Rights and URLs may not outlast the wait: `find` checks and resolves them."""

    media: str
    """As requested."""
    by_guest: bool
    find: Callable[[], Coroutine[Any, Any, Playable[F]]]
    """Finds the media for the user who requested them. Raises a PlayError."""


class PlayerQueue[F: Feed]:
    """Plays one item after the other, and announcements in between. For the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        session: Session,
        *,
        loop: bool,
        play: Callable[[Playable[F]], int],
        resume: Callable[[Interrupted], int],
        drop: Callable[[Interrupted], None],
        on_change: Callable[[], None],
    ) -> None:
        """With `loop`, begin again at the end. `play` and `resume` return the session's number.

        `drop` is called with interrupted media that will not continue.
        """
        self._hass, self._name, self._session, self._loop = hass, name, session, loop
        self._play, self._resume, self._drop = play, resume, drop
        self._on_change = on_change
        self.items = PlayQueue[QueueItem[F]]()
        self._announcement: int | None = None
        """Session of the announcement that plays."""
        self._interrupted: Interrupted | None = None
        self._turns = 0
        """Incremented by whatever makes an earlier search for the next item obsolete."""
        self._unsubscribe = session.end_listeners.add(self._async_ended)

    @property
    def is_announcing(self) -> bool:
        """Whether an announcement plays."""
        return self._announcement is not None

    @property
    def interrupted(self) -> Interrupted | None:
        """What continues after the announcement."""
        return self._interrupted

    @callback
    def async_play(self, playable: Playable[F], place: Callable[[], object]) -> int:
        """Play the item that `place` makes the current one; returns the session's number."""
        self._async_forget()
        place()
        self._async_update_loop()
        return self._play(playable)

    @callback
    def async_announce(self, playable: Playable[F]) -> int:
        """Interrupt what plays; it continues after the announcement, or after its failure."""
        if not self.is_announcing:
            self._interrupted = self._session.interrupted()
        self._turns += 1
        self._session.set_loop(loop_media=False)
        # Not the end of the announcement before it.
        self._announcement = self._play(playable)
        return self._announcement

    @callback
    def async_end_announcement(self) -> None:
        """Continue what the announcement has interrupted, or stop."""
        interrupted, self._interrupted = self._interrupted, None
        self._async_forget()
        self._async_update_loop()
        if interrupted is None:
            self._session.stop()
        else:
            self._resume(interrupted)

    @callback
    def async_stop(self) -> None:
        """Stop; what an announcement has interrupted does not continue."""
        self._async_forget()
        self._session.stop()

    @callback
    def async_changed(self) -> None:
        """Take a change of the items into account."""
        if not self.is_announcing:
            self._async_update_loop()
        self._on_change()

    @callback
    def async_close(self) -> None:
        """Play nothing any more."""
        self._async_forget()
        self._unsubscribe()

    def _async_forget(self) -> None:
        interrupted, self._interrupted = self._interrupted, None
        self._announcement = None
        self._turns += 1
        if interrupted is not None:
            self._drop(interrupted)

    def _async_update_loop(self) -> None:
        """Let the session repeat a single item; several ones are repeated here."""
        self._session.set_loop(loop_media=self._loop and len(self.items) < 2)

    def _async_ended(self, session: int) -> None:
        if session == self._announcement:
            self.async_end_announcement()
            return
        has_failed = self._session.failure_of(session) is not None
        following = self.items.peek(1)
        if following is None and self._loop and not has_failed and len(self.items) > 1:
            following = self.items.first()
        if following is None:
            self.items.is_finished = not has_failed
            return
        self._turns += 1
        self._hass.async_create_background_task(
            self._async_advance(following, self._turns), f"retrocam next of {self._name}"
        )

    async def _async_advance(self, item: QueueItem[F] | None, turn: int) -> None:
        """Play an item, or the first one behind it that can be found."""
        while item is not None and turn == self._turns:
            try:
                playable = await item.find()
            except PlayError as err:
                _LOGGER.warning("%s skips an item of its queue: %s", self._name, err.code)
            else:
                if turn == self._turns and self.items.move_to(item):
                    self._async_update_loop()
                    self._play(playable)
                return
            if turn != self._turns or not self.items.move_to(item):
                return
            item = self.items.peek(1)
