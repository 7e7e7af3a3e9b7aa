"""What a session is to play, and how its URLs are found."""

from abc import ABC, abstractmethod

from ..errors import BlockedAddressError, PlayError, PlayNetworkError
from ..frames.feed import Feed
from .lookup.resolver import Resolver
from .net.addresses import Network
from .net.streams import Resolved


class FreshMedia(ABC):
    """Media whose URLs hold for one opening: they are found anew for each."""

    @abstractmethod
    async def find(self) -> Resolved | str:
        """Return what can be opened now, or a URL to look up. Raises a PlayError."""


class Wanted:
    """One wish: a URL, a YouTube id, search words, fresh media, or a feed. For the event loop."""

    def __init__(
        self,
        resolver: Resolver,
        media: str | Feed | FreshMedia = "",
        *,
        trusted: bool = False,
        report_blocked: bool = True,
    ) -> None:
        """Trust the origin of a `trusted` URL: it may be on the private network.

        Without `report_blocked`, an address that may not be connected to is told as one that does not
        answer: the difference would map this network.
        """
        self._resolver, self._media, self._report_blocked = resolver, media, report_blocked
        self._trusted = media if trusted and isinstance(media, str) else None
        self.stale = False
        """Whether it must be found again before it is opened."""

    async def find(self) -> Resolved | Feed:
        """Return what can be opened. Raises a PlayError."""
        media: str | Feed | Resolved
        if isinstance(self._media, FreshMedia):
            media = await self._media.find()
            self._trusted = media.inputs[0].url if isinstance(media, Resolved) else media
        else:
            media = self._media
        self.stale = False
        if not isinstance(media, str):
            return media
        return await self._resolver.resolve(media, trusted=media == self._trusted)

    def mark_opened(self) -> None:
        """Note that what was found is opened."""
        self.stale = isinstance(self._media, FreshMedia)

    def network(self) -> Network:
        """Return a network for one opening of what was found last."""
        return self._resolver.network(trusted=self._trusted)

    def reported(self, error: PlayError) -> PlayError:
        """Return an error as it may be told to whoever asked for the media."""
        if self._report_blocked or not isinstance(error, BlockedAddressError):
            return error
        return PlayNetworkError("the host does not answer")
