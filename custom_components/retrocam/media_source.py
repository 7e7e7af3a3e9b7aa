"""Retrocam's media in Home Assistant's media browser: by camera, kind and local day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from heapq import nlargest
from itertools import islice
from pathlib import Path
from typing import Any, Final, override

from homeassistant.components import media_source
from homeassistant.components.media_player import (
    BrowseError,
    MediaClass,
    SearchMedia,
    SearchMediaQuery,
)
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .cameras import CameraInstance, RetrocamConfigEntry
from .cameras.entry_tracking import async_loaded_instance
from .const import DOMAIN
from .core.errors import MediaNotFoundError, StorageError
from .core.library.index import MediaItem
from .core.library.store import MediaLibrary
from .core.texts import for_display
from .datetimes import utc_day
from .media.footage_browsing import folder, footage_items, resolve_footage
from .media.footage_ids import FootageId
from .media.ids import MediaId
from .media.items import MediaKind, content_type
from .media.search import MediaQuery, find_files
from .media.spans import (
    Span,
    SpanId,
    Unit,
    days_of,
    local_time,
    span_of_day,
    unit_at,
    unit_title,
    units,
    zone_suffix,
)
from .media.tape_browsing import BrowsedTape
from .media.tape_ids import TapeId
from .rights import current_user, may_read
from .urls import media_path, signed, thumbnail_path
from .workload import async_slices

_FOOTAGE: Final = "footage"
_TAPE: Final = "tape"
MOST_DAYS: Final = 3660
"""Maximum number of days listed: ten years."""
MOST_FILES: Final = 500
"""Files listed of a day, hour or minute; more are divided by the next smaller unit."""
MOST_IN_SECOND: Final = 2000
"""Files that a second can have: a JPEG and a PNG each millisecond."""
MOST_FOUND: Final = 100
"""Results of a search, as of Home Assistant's own media source."""

_BELOW: Final = {None: Unit.HOUR, Unit.HOUR: Unit.MINUTE, Unit.MINUTE: Unit.SECOND}
"""The unit that divides a day (None) or a unit."""


async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
    """Return Retrocam's media source."""
    return RetrocamMediaSource(hass)


class RetrocamMediaSource(MediaSource):
    """Snapshots, recordings, timelapses and footage of all instances."""

    name = "Retrocam"

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(DOMAIN)
        self.hass = hass

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return the signed path of a file, and its place on disk for other integrations."""
        if (footage := FootageId.parse(item.identifier or "")) is not None:
            reach = self._instance(footage.entry_id).footage.all.reach()
            if (playlist := resolve_footage(self.hass, footage, reach)) is None:
                raise _unresolvable(item.identifier)
            return playlist
        if (tape := TapeId.parse(item.identifier or "")) is not None:
            if (hour := self._tape(tape).resolve(self.hass, tape)) is None:
                raise _unresolvable(item.identifier)
            return hour
        media, kind, path = self._file_of(item)
        url = signed(self.hass, media_path(kind, media.entry_id, media.name))
        return PlayMedia(url, content_type(media.name), path=path)

    async def async_get_media_image(self, item: MediaSourceItem) -> Any:
        """Return a snapshot as Home Assistant's MediaImage, None for a video.

        Home Assistant calls it, and has the type, since 2026.11.
        """
        media, kind, _ = self._file_of(item)
        image = getattr(media_source, "MediaImage", None)
        if image is None or kind is not MediaKind.SNAPSHOTS:
            return None
        storage = self._instance(media.entry_id).media
        read = partial(storage.libraries[kind].read, media.name)
        try:
            return image(await storage.async_run(read, kind), content_type(media.name))
        except (MediaNotFoundError, StorageError) as err:
            raise _unresolvable(item.identifier) from err

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """List the children of an item. Raises BrowseError, which Home Assistant does not log."""
        try:
            if (footage := FootageId.parse(item.identifier or "")) is not None:
                return await self._async_browse_footage(footage)
            if (tape := TapeId.parse(item.identifier or "")) is not None:
                return await self._tape(tape).async_browse(tape, (await self._kind_names())[_TAPE])
            media = _parse(item.identifier or "")
            return await self._async_browse(media) if media.entry_id else self._browse_entries()
        except Unresolvable as err:
            raise _browse_error(err) from err

    @override
    async def async_search_media(
        self, item: MediaSourceItem, query: SearchMediaQuery
    ) -> SearchMedia:
        """Return the newest files below an item with the searched dates, times and names."""
        try:
            if (tape := TapeId.parse(item.identifier or "")) is not None:
                browsed = self._tape(tape)
                return SearchMedia(
                    result=await browsed.async_search(tape, query.search_query, MOST_FOUND)
                )
            scope = _parse(item.identifier or "")
            instances = (
                [self._instance(scope.entry_id)]
                if scope.entry_id
                else [entry.runtime_data for entry in self._entries()]
            )
        except Unresolvable as err:
            raise _browse_error(err) from err
        zone = dt_util.get_default_time_zone()
        wanted = MediaQuery.parse(query.search_query, zone)
        names = await self._kind_names()
        classes = query.media_filter_classes or list(MediaClass)
        libraries = [
            ((instance, kind), library)
            for instance in instances
            for kind, library in instance.media.libraries.items()
            if scope.kind in (None, kind)
            and _media_class(kind) in classes
            and wanted.names_match(f"{instance.name} {names[kind]} {kind}")
        ]
        slices = async_slices(self.hass)
        # Searched newest first within each library; merged here.
        found = find_files(libraries, wanted, scope.day, zone, MOST_FOUND)
        matches = await slices.map(lambda match: match, found)
        newest = nlargest(MOST_FOUND, filter(None, matches), key=lambda match: match[1].time)
        return SearchMedia(result=await slices.map(partial(self._result, zone), newest))

    async def _async_browse(self, media: MediaId) -> BrowseMediaSource:
        instance = self._instance(media.entry_id)
        names = await self._kind_names()
        if media.kind is None:
            folders = [folder(replace(media, kind=kind), names[kind]) for kind in MediaKind]
            folders.append(folder(FootageId(media.entry_id), names[_FOOTAGE]))
            if instance.tape.seconds:
                folders.append(folder(TapeId(media.entry_id), names[_TAPE]))
            return folder(media, instance.name, folders)
        library = instance.media.libraries[media.kind]
        zone = dt_util.get_default_time_zone()
        # A file that can be played, as a link to it asks for; else what is beside it.
        file = library.find(media.name) if media.name else None
        if file is not None and media.kind is not MediaKind.SNAPSHOTS:
            return self._file(media, zone, file, f"{instance.name}: ")
        if media.day is not None:
            name, span = f"{instance.name}: {media.day}", span_of_day(media.day, zone)
            if media.span is not None:
                span = unit_at(media.span.start, media.span.unit, zone)
                name += f" {unit_title(span, media.span.unit, zone)}"
            of_day = replace(media, name="")
            return await self._async_browse_span(name, library, of_day, span, zone)
        days = await async_slices(self.hass).map(
            lambda day: folder(replace(media, day=day), str(day)),
            islice(days_of(library, zone), MOST_DAYS),
        )
        listing = folder(media, f"{instance.name}: {names[media.kind]}", days)
        if len(days) == MOST_DAYS and (oldest := _parse(str(days[-1].identifier)).day) is not None:
            listing.not_shown = library.count(before=span_of_day(oldest, zone).start)
        return listing

    def _browse_entries(self) -> BrowseMediaSource:
        folders = [folder(MediaId(entry.entry_id), entry.title) for entry in self._entries()]
        return folder(MediaId(), "Retrocam", folders)

    async def _async_browse_span(
        self, name: str, library: MediaLibrary, media: MediaId, span: Span, zone: tzinfo
    ) -> BrowseMediaSource:
        """List the files of a span of time, or the smaller spans that have files."""
        unit = None if media.span is None else media.span.unit
        slices = async_slices(self.hass)
        below = _BELOW.get(unit)
        if below is None or library.count(after=span.start, before=span.end) <= MOST_FILES:
            items = library.page(MOST_IN_SECOND, after=span.start, before=span.end)
            file = partial(self._file, media, zone)
            return folder(media, name, await slices.map(file, items))
        parts = await slices.map(
            lambda part: part if library.count(after=part.start, before=part.end) else None,
            units(span, below, zone),
        )
        folders = [
            folder(replace(media, span=SpanId(below, part.start)), unit_title(part, below, zone))
            for part in reversed(parts)
            if part is not None
        ]
        return folder(media, name, folders)

    def _file(
        self, folder: MediaId, zone: tzinfo, item: MediaItem, prefix: str = ""
    ) -> BrowseMediaSource:
        local = local_time(item.time, zone)
        title = f"{prefix}{local:%Y-%m-%d %H:%M:%S}{zone_suffix(local)}"
        if item.duration:
            title += f" ({item.duration:.0f} s)"
        media = replace(folder, day=utc_day(item.time), span=None, name=item.name)
        is_video = item.name.endswith("mp4")
        return BrowseMediaSource(
            domain=DOMAIN,
            identifier=str(media),
            media_class=MediaClass.VIDEO if is_video else MediaClass.IMAGE,
            media_content_type=content_type(item.name),
            title=title,
            can_play=is_video,
            can_expand=False,
            thumbnail=signed(self.hass, thumbnail_path(media.entry_id, item.name)),
        )

    def _result(
        self, zone: tzinfo, match: tuple[tuple[CameraInstance, MediaKind], MediaItem]
    ) -> BrowseMediaSource:
        (instance, kind), item = match
        folder = MediaId(instance.entry.entry_id, kind)
        return self._file(folder, zone, item, f"{instance.name}: ")

    def _file_of(self, item: MediaSourceItem) -> tuple[MediaId, MediaKind, Path]:
        """Return the id, kind and path of a file. Raises Unresolvable for anything else."""
        media = _parse(item.identifier or "")
        instance = self._instance(media.entry_id)
        if media.kind is None:
            raise _unresolvable(item.identifier)
        try:
            path = instance.media.libraries[media.kind].path(media.name)
        except MediaNotFoundError as err:
            raise _unresolvable(item.identifier) from err
        return media, media.kind, path

    def _instance(self, entry_id: str) -> CameraInstance:
        instance = async_loaded_instance(self.hass, entry_id)
        if instance is None or not may_read(self.hass, current_user(), entry_id):
            raise _unresolvable(entry_id)
        return instance

    def _entries(self) -> Iterator[RetrocamConfigEntry]:
        """Yield the loaded entries that the current user may read."""
        user = current_user()
        entries: list[RetrocamConfigEntry] = self.hass.config_entries.async_loaded_entries(DOMAIN)
        return (entry for entry in entries if may_read(self.hass, user, entry.entry_id))

    async def _async_browse_footage(self, footage: FootageId) -> BrowseMediaSource:
        instance = self._instance(footage.entry_id)
        children = footage_items(footage, instance.footage.all.reach())
        name = (await self._kind_names())[_FOOTAGE]
        return folder(FootageId(footage.entry_id), f"{instance.name}: {name}", children)

    def _tape(self, tape: TapeId) -> BrowsedTape:
        instance, zone = self._instance(tape.entry_id), dt_util.get_default_time_zone()
        return BrowsedTape(instance.name, instance.tape.footage, zone, async_slices(self.hass))

    async def _kind_names(self) -> dict[str, str]:
        """Return the names of the kinds, and of footage, in Home Assistant's language."""
        texts = await async_get_translations(
            self.hass, self.hass.config.language, "selector", {DOMAIN}
        )
        prefix = f"component.{DOMAIN}.selector.media_kind.options"
        kinds = (*map(str, MediaKind), _FOOTAGE, _TAPE)
        return {kind: texts.get(f"{prefix}.{kind}", kind.capitalize()) for kind in kinds}


def _media_class(kind: MediaKind) -> MediaClass:
    return MediaClass.IMAGE if kind is MediaKind.SNAPSHOTS else MediaClass.VIDEO


def _unresolvable(identifier: str) -> Unresolvable:
    return Unresolvable(
        translation_domain=DOMAIN,
        translation_key="media_not_found",
        translation_placeholders={"media": for_display(identifier)},
    )


def _browse_error(err: Unresolvable) -> BrowseError:
    return BrowseError(
        translation_domain=err.translation_domain,
        translation_key=err.translation_key,
        translation_placeholders=err.translation_placeholders,
    )


def _parse(identifier: str) -> MediaId:
    try:
        return MediaId.parse(identifier)
    except ValueError as err:
        raise _unresolvable(identifier) from err
