"""Retrocam's media in Home Assistant's media browser: by camera, kind and day."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import override

from homeassistant.components.media_player import BrowseError, MediaClass, MediaType
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .cameras import CameraInstance, RetrocamConfigEntry
from .const import DOMAIN
from .core.library.index import MediaItem
from .core.library.store import MediaLibrary
from .core.texts import shown
from .datetimes import day_of
from .media.ids import MediaId
from .media.items import MediaKind, content_type
from .rights import current_user, may_read
from .urls import media_path, signed, thumbnail_path
from .workload import async_slices

MOST_DAYS = 3660
"""Days that are listed at the most: ten years."""
MOST_FILES = 1000
"""Files of a day that are listed at the most, the newest ones."""


async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
    """Return Retrocam's media source."""
    return RetrocamMediaSource(hass)


class RetrocamMediaSource(MediaSource):
    """Snapshots, recordings and timelapses of all instances."""

    name = "Retrocam"

    def __init__(self, hass: HomeAssistant) -> None:
        """Browse the instances of `hass`."""
        super().__init__(DOMAIN)
        self.hass = hass

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return the signed path of a file."""
        media = _parse(item.identifier or "")
        instance = self._instance(media.entry_id)
        if media.kind is None or instance.media.libraries[media.kind].find(media.name) is None:
            raise _unresolvable(item.identifier)
        path = media_path(media.kind, media.entry_id, media.name)
        return PlayMedia(signed(self.hass, path), content_type(media.name))

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """List what is below an id. Raises BrowseError: Home Assistant logs any other as an error."""
        try:
            return await self._browse(item)
        except Unresolvable as err:
            raise BrowseError(
                translation_domain=err.translation_domain,
                translation_key=err.translation_key,
                translation_placeholders=err.translation_placeholders,
            ) from err

    async def _browse(self, item: MediaSourceItem) -> BrowseMediaSource:
        media = _parse(item.identifier or "")
        if not media.entry_id:
            return self._root()
        instance = self._instance(media.entry_id)
        names = await self._kind_names()
        if media.kind is None:
            return self._camera(instance, names)
        if not media.day:
            return await self._days(instance, media, names[media.kind])
        return await self._files(instance, media)

    def _root(self) -> BrowseMediaSource:
        user = current_user()
        entries: list[RetrocamConfigEntry] = self.hass.config_entries.async_loaded_entries(DOMAIN)
        return _folder(
            MediaId(),
            "Retrocam",
            [
                _folder(MediaId(entry.entry_id), entry.title)
                for entry in entries
                if may_read(self.hass, user, entry.entry_id)
            ],
        )

    def _camera(self, instance: CameraInstance, names: dict[MediaKind, str]) -> BrowseMediaSource:
        entry_id = instance.entry.entry_id
        return _folder(
            MediaId(entry_id),
            instance.name,
            [_folder(MediaId(entry_id, kind), name) for kind, name in names.items()],
        )

    async def _days(self, instance: CameraInstance, media: MediaId, name: str) -> BrowseMediaSource:
        assert media.kind is not None  # noqa: S101  # for the type checker: an id with a day or a name has one
        library = instance.media.libraries[media.kind]
        days = await async_slices(self.hass).each(
            lambda day: _folder(MediaId(media.entry_id, media.kind, day), day),
            islice(_days_of(library), MOST_DAYS),
        )
        return _folder(MediaId(media.entry_id, media.kind), f"{instance.name}: {name}", days)

    async def _files(self, instance: CameraInstance, media: MediaId) -> BrowseMediaSource:
        assert media.kind is not None  # noqa: S101  # for the type checker: an id with a day or a name has one
        start = dt_util.parse_datetime(f"{media.day}T00:00:00+00:00")
        if start is None:
            raise _unresolvable(str(media))
        after = start.timestamp()
        library, before = instance.media.libraries[media.kind], after + 86_400
        items = library.page(MOST_FILES, after=after, before=before)
        files = await async_slices(self.hass).each(partial(self._file, media), items)
        folder = _folder(
            MediaId(media.entry_id, media.kind, media.day), f"{instance.name}: {media.day}", files
        )
        folder.not_shown = max(0, library.count(after=after, before=before) - len(files))
        return folder

    def _file(self, media: MediaId, item: MediaItem) -> BrowseMediaSource:
        video = item.name.endswith("mp4")
        taken = dt_util.as_local(dt_util.utc_from_timestamp(item.time))
        title = f"{taken:%H:%M:%S}"
        if item.duration:
            title += f" ({item.duration:.0f} s)"
        return BrowseMediaSource(
            domain=DOMAIN,
            identifier=str(MediaId(media.entry_id, media.kind, media.day, item.name)),
            media_class=MediaClass.VIDEO if video else MediaClass.IMAGE,
            media_content_type=content_type(item.name),
            title=title,
            can_play=True,
            can_expand=False,
            thumbnail=signed(self.hass, thumbnail_path(media.entry_id, item.name)),
        )

    def _instance(self, entry_id: str) -> CameraInstance:
        entry: RetrocamConfigEntry | None = self.hass.config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
            raise _unresolvable(entry_id)
        if not may_read(self.hass, current_user(), entry_id):
            raise _unresolvable(entry_id)
        return entry.runtime_data

    async def _kind_names(self) -> dict[MediaKind, str]:
        """Return what the kinds are called in Home Assistant's language."""
        texts = await async_get_translations(
            self.hass, self.hass.config.language, "selector", {DOMAIN}
        )
        prefix = f"component.{DOMAIN}.selector.media_kind.options"
        return {kind: texts.get(f"{prefix}.{kind}", kind.capitalize()) for kind in MediaKind}


def _days_of(library: MediaLibrary) -> Iterator[str]:
    """Give the days with files, the newest first, each found when it is asked for."""
    before: float | None = None
    while newest := library.latest(1, before=before):
        day = day_of(newest[0].time)
        yield day
        start = dt_util.parse_datetime(f"{day}T00:00:00+00:00", raise_on_error=True)
        before = start.timestamp()


def _unresolvable(identifier: str) -> Unresolvable:
    return Unresolvable(
        translation_domain=DOMAIN,
        translation_key="media_not_found",
        translation_placeholders={"media": shown(identifier)},
    )


def _parse(identifier: str) -> MediaId:
    try:
        return MediaId.parse(identifier)
    except ValueError as err:
        raise _unresolvable(identifier) from err


def _folder(
    media: MediaId, title: str, children: list[BrowseMediaSource] | None = None
) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=str(media) or None,
        media_class=MediaClass.DIRECTORY,
        media_content_type=MediaType.VIDEO,
        title=title,
        can_play=False,
        can_expand=True,
        children=children,
        children_media_class=MediaClass.DIRECTORY,
    )
