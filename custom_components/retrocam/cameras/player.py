"""The ASCII player: plays media as characters, with sound."""

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
from ..core.player.ascii_source import AsciiPictureSource, AsciiStyle, copy_frame
from ..core.player.lookup.resolver import Resolver
from ..core.player.machine import RUNNING, Phase
from ..core.player.session import Interrupted, Session
from ..core.player.status import Status
from ..core.publish.publisher import Publisher
from ..core.threads import run_in_thread
from ..settings import SECTION_PLAYER, Settings
from ..translations import translate_error
from ..workload import async_slices
from .artwork import Thumbnail
from .base import RetrocamConfigEntry
from .entity import stored_camera
from .extractor_issues import async_check_extractor
from .generated import GeneratedCamera, async_first_picture
from .grid_members import GridMember
from .lookups import async_acquire_pool, async_release_pool
from .player_ascii import PlayerAsciiView
from .player_queue import Playable, PlayerQueue

_MAX_FRAME_AGE: Final = 0.5
"""Seconds by which the current frame may differ from the play position."""
_FRAME_TIMEOUT: Final = 3.0
"""Seconds in which playing media must show a frame."""
_BITS_PER_PIXEL: Final = 0.3
"""Characters have sharp edges: more than video needs."""


class CameraFeed:
    """Any camera entity as media; it may become unavailable and return while it plays."""

    def __init__(self, hass: HomeAssistant, entity_id: str, name: str) -> None:
        self.name = name
        self._stills = ThreadPoolExecutor(1, thread_name_prefix=f"retrocam stills {name}")
        self._member = GridMember(hass, stored_camera(hass, entity_id), self._stills, 1)

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Pass frames to `sink` until the returned function is called. Any thread."""
        return self._member.subscribe(sink, keyframes_only=False)

    async def async_close(self) -> None:
        """Stop all tasks and threads."""
        await self._member.async_close()
        await run_in_thread(f"retrocam stop {self.name}", self._stills.shutdown)


class AsciiPlayer(GeneratedCamera):
    """Plays one medium at a time; its camera shows the frames as characters."""

    kind: ClassVar[str] = KIND_ASCII_PLAYER
    platforms: ClassVar[tuple[Platform, ...]] = (
        Platform.CAMERA,
        Platform.MEDIA_PLAYER,
        Platform.SELECT,
    )

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        settings = Settings.from_options(entry.options, self.kind)
        self.style = valid_style(settings)
        resolver = Resolver(
            async_acquire_pool(hass, entry.entry_id),
            max_height=settings.max_source_height,
            cache_dir=hass.config.cache_path(DOMAIN),
        )
        self.session = Session(resolver, max_fps=self.style.fps, loop_media=settings.loop)
        self.rendered = AsciiPictureSource(self.session.broadcast, self.style, entry.title)
        self.start_timeout = 90.0
        """Timeout, in seconds, for media to start or fail."""
        self.camera_timeout = 20.0
        """Timeout, in seconds, for the first frame of a camera."""
        self._requests = 0
        self._seeks = 0
        self._feed: CameraFeed | None = None
        self._ending: set[asyncio.Task[None]] = set()
        super().__init__(
            hass,
            entry,
            self.rendered,
            lambda feed, name: _create_publisher(self.style, feed, name),
        )
        self.thumbnail = Thumbnail(
            hass, entry.title, self.session.network, self.async_update_listeners
        )
        self.queue = PlayerQueue[CameraFeed](
            hass,
            entry.title,
            self.session,
            loop=settings.loop,
            play=self._async_play,
            resume=self._async_resume,
            drop=self._async_drop,
            on_change=self.async_update_listeners,
        )
        self._unsubscribe = self.session.listeners.add(self._async_changed)

    @property
    def status(self) -> Status:
        """The session's status; the title of a camera is its name."""
        status = self.session.status
        if self._feed is not None and status.title is None:
            return replace(status, title=self._feed.name)
        return status

    @callback
    def async_begin_request(self) -> Callable[[], bool]:
        """Begin a request to play; returns a function that is true while it is the newest."""
        self._requests += 1
        request = self._requests
        return lambda: request == self._requests

    def _async_play(self, playable: Playable[CameraFeed]) -> int:
        """Play media instead of the current ones; returns the session's number."""
        media = playable.source
        last, self._feed = self._feed, media if isinstance(media, CameraFeed) else None
        number = self.session.play(
            media, trusted=playable.trusted, report_blocked=playable.report_blocked
        )
        interrupted = self.queue.interrupted
        if last is not None and (interrupted is None or interrupted.request.source is not last):
            self._async_end(last.async_close(), last.name)
        return number

    def _async_resume(self, interrupted: Interrupted) -> int:
        """Continue what was interrupted; returns the session's number."""
        last, source = self._feed, interrupted.request.source
        self._feed = source if isinstance(source, CameraFeed) else None
        number = self.session.continue_with(interrupted)
        if last is not None:
            self._async_end(last.async_close(), last.name)
        return number

    def _async_drop(self, interrupted: Interrupted) -> None:
        if isinstance(feed := interrupted.request.source, CameraFeed):
            self._async_end(feed.async_close(), feed.name)

    async def async_seek(self, position: float) -> None:
        """Seek to `position`, s. Of concurrent calls only the last has an effect."""
        self._seeks += 1
        seek, number = self._seeks, self.session.status.session
        async with async_slices(self.hass).turn():
            if (seek, number) == (self._seeks, self.session.status.session):
                self.session.seek(position)

    @callback
    def async_stop_playing(self) -> None:
        """Stop playing or looking up, and cancel requests that have not begun."""
        self._requests += 1
        self.queue.async_stop()

    @callback
    def async_set_style(self, *, preset: str | None = None, charset: str | None = None) -> None:
        """Change preset or charset, also across restarts."""
        last = self.style
        style = AsciiStyle(preset or last.preset, charset or last.charset)
        if style == last:
            return
        self.style = self.rendered.style = style
        self.session.set_max_fps(style.fps)
        if style.preset != last.preset:
            self.async_save_option(SECTION_PLAYER, "preset", style.preset)
        if style.charset != last.charset:
            self.async_save_option(SECTION_PLAYER, "charset", style.charset)
        if (style.box, style.fps) != (last.box, last.fps):
            # Readers are disconnected, and reconnect to the stream of another size.
            old, self.publisher = self.publisher, self._make_publisher()
            self._async_end(run_in_thread(f"retrocam stop {self.name}", old.close), self.name)
        self._async_changed(self.session.status)

    @override
    async def async_ascii_picture(self) -> tuple[av.VideoFrame, float]:
        """Return the current frame of the media, not rendered as characters."""
        if self.session.status.state in RUNNING:
            with contextlib.suppress(TimeoutError):
                picture = await async_first_picture(self._subscribe_copies, _FRAME_TIMEOUT)
                return picture.frame, picture.time
        return await super().async_ascii_picture()

    @override
    async def async_stop(self) -> None:
        self._unsubscribe()
        self.queue.async_close()
        self._requests += 1
        await asyncio.gather(self.session.close(), self.thumbnail.async_close())
        await async_release_pool(self.hass, self.entry.entry_id)
        if self._feed is not None:
            await self._feed.async_close()
        await super().async_stop()
        await asyncio.gather(*self._ending)

    @override
    def diagnostics(self) -> dict[str, Any]:
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
                "readers": self.session.broadcast.readers,
                "queue_size": len(self.queue.items),
                "preset": self.style.preset,
                "charset": self.style.charset,
            },
        }

    @override
    def _make_ascii_view(self, preset: str | None) -> PlayerAsciiView:
        return PlayerAsciiView(
            self.name,
            preset,
            entry_id=self.entry.entry_id,
            frames=self.session.broadcast,
            status=lambda: self.status,
            style=lambda: self.style,
            show_again=self._show_again,
            error_text=self._error_text,
        )

    def _error_text(self, error: PlayError) -> str:
        """Return the text of an error, without the URL, which may be private."""
        media = self.status.title or self.name
        return translate_error(self.hass, f"play_{error.code}", name=self.name, media=media)

    def _async_changed(self, status: Status) -> None:
        idle = status.state in (Phase.IDLE, Phase.ERROR)
        self.thumbnail.async_show(None if idle else status.thumbnail)
        for view in self.ascii.views.values():
            if isinstance(view, PlayerAsciiView):
                view.update(self.status)
        if status.state not in RUNNING and status.state is not Phase.RESOLVING:
            feed, self._feed = self._feed, None
            if feed is not None:
                self._async_end(feed.async_close(), feed.name)
        async_check_extractor(self.hass, status)
        self.async_update_listeners()

    def _show_again(self, sink: Sink) -> None:
        """Pass the current frame to `sink` in a thread, if it belongs to the play position."""
        frames, name = self.session.broadcast, f"retrocam show {self.name}"
        if frames.latest is None:
            return
        if abs(frames.latest.position - self.session.status.position) < _MAX_FRAME_AGE:
            self.hass.async_create_background_task(
                run_in_thread(name, partial(frames.repeat, sink)), name
            )

    def _async_end(self, ending: Coroutine[Any, Any, None], name: str) -> None:
        """Run `ending` in the background; `async_stop` waits for it."""
        task = self.hass.async_create_background_task(ending, f"retrocam end of {name}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _subscribe_copies(self, sink: Sink) -> Callable[[], None]:
        """Pass copies of the media's frames to `sink`, the current one first."""

        def copy(picture: Picture) -> None:
            # In the thread that shows it: no other thread may read the frame.
            with contextlib.suppress(av.FFmpegError):
                sink(replace(picture, frame=copy_frame(picture.frame)))

        unsubscribe = self.session.broadcast.subscribe(copy)
        self._show_again(copy)
        return unsubscribe


def _create_publisher(style: AsciiStyle, feed: PictureFeed, name: str) -> Publisher:
    width, height = style.box
    fps = round(style.fps)
    bitrate = round(width * height * fps * _BITS_PER_PIXEL)
    return Publisher(feed, width=width, height=height, fps=fps, bitrate=bitrate, name=name)


def valid_style(settings: Settings) -> AsciiStyle:
    """Return the style of the options, with defaults for unknown values."""
    return AsciiStyle(
        settings.preset if settings.preset in PRESETS else "low",
        settings.charset if settings.charset in CHARSETS else "ramp",
    )
