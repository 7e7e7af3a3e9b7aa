"""Entries of playlists and hits of a search: the first one that can be played.

Imported in the look-up process only.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ... import errors
from ..net.streams import ResolvedMedia
from .errors import lookup_error

_MAX_TRIES: Final = 5
"""Media that fail."""
_MAX_VISITS: Final = 12
"""Entries, of lists in lists as well."""
_MAX_DEPTH: Final = 3
"""Lists in lists."""
_MAX_LINKS: Final = 5
"""URLs that stand for another URL."""
_FINAL_ERRORS: Final = (errors.BotCheckError, errors.RateLimitedError)
"""Further requests would make these worse."""
_INHERITED: Final = ("extractor", "extractor_key", "webpage_url", "original_url")


class EntrySearch:
    """One search for an entry that can be played."""

    def __init__(
        self,
        downloader: Any,
        resolve: Callable[[Mapping[str, Any], tuple[int, ...], str | None], ResolvedMedia],
    ) -> None:
        """`resolve` is called with an entry, its path and its title in the list; raises a PlayError."""
        self._downloader, self._resolve = downloader, resolve
        self._tries = self._visits = 0

    def find(self, query: str, after: tuple[int, ...]) -> ResolvedMedia:
        """Return the first media that can be played behind the path `after`; the first of all if empty.

        A path is the index in each list. Raises the error of the first media tried.
        """
        return self._find({"_type": "url", "url": query}, (), after, None)

    def _find(
        self, info: Any, path: tuple[int, ...], after: tuple[int, ...], title: str | None
    ) -> ResolvedMedia:
        for _ in range(_MAX_LINKS):
            if info is None or info.get("_type") != "url":
                break
            info = self._downloader.extract_info(
                info["url"], download=False, ie_key=info.get("ie_key"), process=False
            )
        if info is None:
            raise errors.PlayNotFoundError("nothing was found")
        if info.get("_type") in ("playlist", "multi_video"):
            return self._find_in(info, path, after)
        return self._resolve(self._downloader.process_ie_result(info, download=False), path, title)

    def _find_in(
        self, playlist: Any, path: tuple[int, ...], after: tuple[int, ...]
    ) -> ResolvedMedia:
        if len(path) == _MAX_DEPTH:
            raise errors.UnsupportedMediaError("too many lists in lists")
        first = after[0] + (len(after) == 1) if after else 0
        inherited = {key: playlist[key] for key in _INHERITED if playlist.get(key)}
        failure: Exception | None = None
        for index, entry in enumerate(playlist.get("entries") or ()):
            if index < first or not entry:
                continue
            if self._tries >= _MAX_TRIES or self._visits >= _MAX_VISITS:
                break
            self._visits += 1
            visits = self._visits
            if entry.get("_type", "video") == "video":
                self._downloader.add_extra_info(entry, inherited)
            rest = after[1:] if index == first else ()
            try:
                return self._find(entry, (*path, index), rest, entry.get("title"))
            except Exception as err:
                failure = failure or err
                self._tries += visits == self._visits  # not of an entry of a list in it
                if isinstance(lookup_error(err), _FINAL_ERRORS):
                    raise
        raise failure or errors.PlayNotFoundError("nothing was found")
