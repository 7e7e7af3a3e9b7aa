"""The ASCII player: whatever it plays, shown as characters, with sound."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
import contextlib
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final, override

import av
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN, KIND_ASCII_PLAYER
from ..core.ascii.presets import CHARSETS, PRESETS
from ..core.errors import PlayError
from ..core.frames.feed import Picture, PictureFeed, Sink
from ..core.player.lookup.resolver import Resolver
from ..core.player.machine import RUNNING, Phase
from ..core.player.rendered import RenderedScreen, Style, copied
from ..core.player.session import Session
from ..core.player.status import Status
from ..core.player.wanted import FreshMedia
from ..core.publish.publisher import Publisher
from ..core.threads import resolve, run_in_thread
from ..settings import SECTION_PLAYER, Settings
from ..translated import error_text
from ..workload import async_slices
from .artwork import Thumbnail
from .base import RetrocamConfigEntry
from .entity import stored_camera
from .extractor_issues import async_check_extractor
from .generated import DrawnInstance
from .grid_members import GridMember
from .lookups import async_join, async_leave
from .player_ascii import PlayerScreen
from .source import Generator

_CURRENT: Final = 0.5
"""Seconds by which a picture may be away from the clock; an older one is from before somebody looked."""
_PATIENCE: Final = 3.0
"""Seconds in which what plays must show a picture."""
_BITS_PER_PIXEL: Final = 0.3
"""Characters have sharp edges: more than a film needs."""


class CameraFeed:
    """Any camera that Home Assistant has, to be played; it may come and go meanwhile."""

    def __init__(self, hass: HomeAssistant, entity_id: str, name: str) -> None:
        """Read the camera called `name` while somebody is subscribed."""
        self.name = name
        self._stills = ThreadPoolExecutor(1, thread_name_prefix=f"retrocam stills {name}")
        self._member = GridMember(hass, stored_camera(hass, entity_id), self._stills, 1)

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Have `sink` called with each picture; returns what ends it. Any thread."""
        return self._member.subscribe(sink, keyframes_only=False)

    async def async_close(self) -> None:
        """End all that runs."""
        await self._member.async_close()
        await run_in_thread(f"retrocam stop {self.name}", self._stills.shutdown)


class PlayerInstance(DrawnInstance):
    """Plays one thing at a time; its camera is the screen in characters."""

    kind: ClassVar[str] = KIND_ASCII_PLAYER
    platforms: ClassVar[tuple[Platform, ...]] = (
        Platform.CAMERA,
        Platform.MEDIA_PLAYER,
        Platform.SELECT,
    )

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        """Read the options; nothing plays yet."""
        settings = Settings.from_options(entry.options, self.kind)
        self.style = valid_style(settings)
        resolver = Resolver(
            async_join(hass, entry.entry_id),
            max_height=settings.max_source_height,
            cache_dir=hass.config.cache_path(DOMAIN),
        )
        self.session = Session(resolver, limit=self.style.fps, loop_media=settings.loop)
        self.rendered = RenderedScreen(self.session.screen, self.style, entry.title)
        self.last_media: str | None = None
        """What was asked for last."""
        self.last_by_guest = False
        """Whether a guest did, who may not play what users may."""
        self.patience = 90.0
        """Seconds in which what is asked for must play, or have failed."""
        self.camera_patience = 20.0
        """Seconds in which a camera must wake and give a picture."""
        self._orders = 0
        self._seeks = 0
        self._feed: CameraFeed | None = None
        self._ending: set[asyncio.Task[None]] = set()

        def publisher(drawn: PictureFeed, name: str) -> Publisher:
            return _publisher(self.style, drawn, name)

        super().__init__(hass, entry, Generator(self.rendered, publisher))
        self.thumbnail = Thumbnail(hass, entry.title, self.session.network, self.async_tell)
        self._unsubscribe = self.session.subscribe(self._async_changed)

    @property
    def status(self) -> Status:
        """What is going on now; a camera that plays gives its name."""
        status = self.session.status
        if self._feed is not None and status.title is None:
            return replace(status, title=self._feed.name)
        return status

    @callback
    def async_order(self) -> Callable[[], bool]:
        """Note that something else is to be played; returns what tells whether it still is."""
        self._orders += 1
        order = self._orders
        return lambda: order == self._orders

    @callback
    def async_play(
        self,
        media: str | CameraFeed | FreshMedia,
        *,
        trusted: bool = False,
        report_blocked: bool = True,
    ) -> int:
        """Play `media` instead of anything else, and return the number of the session.

        The origin of a `trusted` URL may be on the private network. Without `report_blocked`, nobody
        learns which addresses are.
        """
        last, self._feed = self._feed, media if isinstance(media, CameraFeed) else None
        number = self.session.play(media, trusted=trusted, report_blocked=report_blocked)
        if last is not None:
            self._async_end(last.async_close(), last.name)
        return number

    async def async_seek(self, position: float) -> None:
        """Go on from `position`, s. Of several calls at once only the last one has an effect."""
        self._seeks += 1
        seek, number = self._seeks, self.session.status.session
        async with async_slices(self.hass).turn():
            if (seek, number) == (self._seeks, self.session.status.session):
                self.session.seek(position)

    @callback
    def async_stop_playing(self) -> None:
        """End what plays or is being looked up, also what was ordered and has not begun."""
        self._orders += 1
        self.session.stop()

    @callback
    def async_set_style(self, *, preset: str | None = None, charset: str | None = None) -> None:
        """Show it on another grid, or with other characters; now and after a restart."""
        last = self.style
        style = Style(preset or last.preset, charset or last.charset)
        if style == last:
            return
        self.style = self.rendered.style = style
        self.session.set_limit(style.fps)
        if style.preset != last.preset:
            self.options.async_save(SECTION_PLAYER, "preset", style.preset)
        if style.charset != last.charset:
            self.options.async_save(SECTION_PLAYER, "charset", style.charset)
        if (style.box, style.fps) != (last.box, last.fps):
            # Its readers are sent away and come back for a stream of another size.
            old, self.publisher = self.publisher, self._make_publisher()
            self._async_end(run_in_thread(f"retrocam stop {self.name}", old.close), self.name)
        self._async_changed(self.session.status)

    @override
    async def async_ascii_picture(self) -> tuple[av.VideoFrame, float]:
        """Return the picture that plays, not yet in characters."""
        picture = await self._async_playing()
        if picture is None:
            return await super().async_ascii_picture()
        return picture.frame, picture.time

    @override
    async def async_stop(self) -> None:
        """End what plays, too."""
        self._unsubscribe()
        self._orders += 1
        await asyncio.gather(self.session.close(), self.thumbnail.async_close())
        await async_leave(self.hass, self.entry.entry_id)
        if self._feed is not None:
            await self._feed.async_close()
        await super().async_stop()
        await asyncio.gather(*self._ending)

    @override
    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report, without what is played."""
        status = self.session.status
        return {
            **super().diagnostics(),
            "player": {
                "state": status.state,
                "session": status.session,
                "epoch": status.epoch,
                "is_live": status.is_live,
                "has_audio": status.has_audio,
                "error": status.error and status.error.code,
                "readers": self.session.screen.readers,
                "preset": self.style.preset,
                "charset": self.style.charset,
            },
        }

    @callback
    @override
    def _make_cell_screen(self, preset: str | None) -> PlayerScreen:
        return PlayerScreen(
            self.name,
            preset,
            entry_id=self.entry.entry_id,
            screen=self.session.screen,
            status=lambda: self.status,
            style=lambda: self.style,
            show_again=self._async_show_again_later,
            error_text=self._error_text,
        )

    def _error_text(self, error: PlayError) -> str:
        """Return what an error of the session says, without the URL, which may be private."""
        media = self.status.title or self.name
        return error_text(self.hass, f"play_{error.code}", name=self.name, media=media)

    @callback
    def _async_changed(self, status: Status) -> None:
        idle = status.state in (Phase.IDLE, Phase.ERROR)
        self.thumbnail.async_show(None if idle else status.thumbnail)
        for screen in self.cells.screens.values():
            if isinstance(screen, PlayerScreen):
                screen.update(self.status)
        if status.state not in RUNNING and status.state is not Phase.RESOLVING:
            feed, self._feed = self._feed, None
            if feed is not None:
                self._async_end(feed.async_close(), feed.name)
        async_check_extractor(self.hass, status)
        self.async_tell()

    async def async_show_again(self, sink: Sink) -> None:
        """Hand `sink` what is on the screen, which may stand still, if it is what plays now."""
        latest = self.session.screen.latest
        if latest is not None and abs(latest.position - self.session.status.position) < _CURRENT:
            await run_in_thread(
                f"retrocam show {self.name}", partial(self.session.screen.repeat, sink)
            )

    @callback
    def _async_show_again_later(self, sink: Sink) -> None:
        self.hass.async_create_background_task(
            self.async_show_again(sink), f"retrocam show {self.name}"
        )

    @callback
    def _async_end(self, ending: Coroutine[Any, Any, None], name: str) -> None:
        """Let something end by itself; the instance's own end waits for it."""
        task = self.hass.async_create_background_task(ending, f"retrocam end of {name}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _async_playing(self) -> Picture | None:
        """Return a copy of what is on the screen, fit for a grid; None if there is nothing."""
        screen = self.session.screen
        if self.session.status.state not in RUNNING:
            return None
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Picture] = loop.create_future()

        def take(picture: Picture) -> None:
            # Here, in the thread that shows it: no other one may read it meanwhile.
            if not future.done():
                with contextlib.suppress(av.FFmpegError):
                    copy = replace(picture, frame=copied(picture.frame))
                    loop.call_soon_threadsafe(resolve, future, copy)

        leave = screen.subscribe(take)
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.async_show_again(take)
                return await future
        except TimeoutError:
            return None
        finally:
            leave()


def _publisher(style: Style, drawn: PictureFeed, name: str) -> Publisher:
    """Make what encodes the screen at the size and rate of a style."""
    width, height = style.box
    fps = round(style.fps)
    bitrate = round(width * height * fps * _BITS_PER_PIXEL)
    return Publisher(drawn, width=width, height=height, fps=fps, bitrate=bitrate, name=name)


def valid_style(settings: Settings) -> Style:
    """Return the style of the options; what is not known there gives way to the default."""
    return Style(
        settings.preset if settings.preset in PRESETS else "low",
        settings.charset if settings.charset in CHARSETS else "ramp",
    )
