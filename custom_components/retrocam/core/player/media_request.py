"""A request to play media, and how its URLs are resolved."""

from abc import ABC, abstractmethod

from ..errors import BlockedAddressError, PlayError, PlayNetworkError
from ..frames.feed import Feed
from .lookup.resolver import MAX_HITS, Resolver
from .net.addresses import Network
from .net.streams import ResolvedMedia


class FreshMedia(ABC):
    """Media with URLs valid for one opening, resolved anew for each."""

    @abstractmethod
    async def find(self) -> ResolvedMedia | str:
        """Return media to open now, or a URL to look up. Raises a PlayError."""


class MediaRequest:
    """A URL, a YouTube id, search words, fresh media, or a feed. For the event loop."""

    def __init__(
        self,
        resolver: Resolver,
        media: str | Feed | FreshMedia = "",
        *,
        trusted: bool = False,
        report_blocked: bool = True,
    ) -> None:
        """Allow the origin of a `trusted` URL to be on the private network.

        Without `report_blocked`, a blocked address is reported as one that does not answer: the
        difference would map this network.
        """
        self._resolver, self._media, self._report_blocked = resolver, media, report_blocked
        self._trusted_url = media if trusted and isinstance(media, str) else None
        self.stale = False
        """True if it must be resolved again before it is opened."""
        self._after: tuple[int, ...] = ()
        """Entry of a list or search behind which to look."""
        self._failure: PlayError | None = None
        """Error of the first entry."""
        self._entries_left = MAX_HITS - 1
        self.has_played = False
        """True once something of it was shown or heard."""
        self._found: ResolvedMedia | Feed | None = None
        """Result of an earlier `find`, to be returned once more."""

    @property
    def source(self) -> str | Feed | FreshMedia:
        """What was requested."""
        return self._media

    async def find(self) -> ResolvedMedia | Feed:
        """Return media to open. Raises a PlayError."""
        found, self._found = self._found, None
        if found is not None:
            return found
        media: str | Feed | ResolvedMedia
        if isinstance(self._media, FreshMedia):
            media = await self._media.find()
            self._trusted_url = media.inputs[0].url if isinstance(media, ResolvedMedia) else media
        else:
            media = self._media
        self.stale = False
        if not isinstance(media, str):
            return media
        try:
            trusted = media == self._trusted_url
            return await self._resolver.resolve(media, trusted=trusted, after=self._after)
        except PlayError as err:
            raise self._failure or err from err

    def try_next_entry(self, media: ResolvedMedia, failure: PlayError) -> bool:
        """Let `find` return what follows `media`, which failed, in a list; False without a list."""
        if self.has_played or not media.entry or not self._entries_left:
            return False
        self._entries_left -= 1
        self._after = media.entry
        self._failure = self._failure or failure
        return True

    def keep(self, found: ResolvedMedia | Feed) -> None:
        """Let the next `find` return its earlier result again, except for fresh media."""
        if not isinstance(self._media, FreshMedia):
            self._found = found

    def mark_opened(self) -> None:
        """Note that the result of `find` is opened."""
        self.stale = isinstance(self._media, FreshMedia)

    def network(self) -> Network:
        """Return a network for one opening of the latest result of `find`."""
        return self._resolver.network(trusted=self._trusted_url)

    def reported(self, error: PlayError) -> PlayError:
        """Return `error` as the requester may see it."""
        if self._report_blocked or not isinstance(error, BlockedAddressError):
            return error
        return PlayNetworkError("the host does not answer")
