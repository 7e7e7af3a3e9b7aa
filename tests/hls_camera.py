"""A live HLS camera over HTTP: the test pattern, in segments that appear with their last frame.

Frame n was taken at `HlsCamera.epoch + n / fps`, as with `rtsp.py`. Segments are encoded when the
playlist first lists them, so an idle camera costs nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
import io
import time
from typing import Any, Final

import av

from custom_components.retrocam.core.pattern.picture import TestPattern

from .core.player.server import MediaServer, Page, Request, serving

LISTED: Final = 5
"""Segments in the playlist; FFmpeg starts with the last three."""
_PLAYLIST: Final = "/live.m3u8"


@cache
def _segment(first: int, count: int, fps: int, gop: int) -> bytes:
    """Encode frames `first` to `first + count - 1`; their timestamps continue across segments."""
    pattern, file = TestPattern(320, 180, fps), io.BytesIO()
    with av.open(file, "w", format="mpegts", options={"mpegts_copyts": "1"}) as output:
        options = {"preset": "ultrafast", "g": str(gop), "bf": "0", "sc_threshold": "0"}
        video: Any = output.add_stream("libx264", rate=fps, options=options | {"threads": "1"})
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        for number in range(first, first + count):
            frame = pattern.render(number, number / fps)
            frame.pts, frame.time_base = number, Fraction(1, fps)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return file.getvalue()


class HlsCamera:
    """Serves a live playlist of segments of `seconds`."""

    def __init__(
        self, server: MediaServer, *, seconds: int = 6, gop: int = 2, fps: int = 10
    ) -> None:
        """Start with a full playlist; `gop` is in seconds."""
        self.fps = fps
        self.epoch = time.time() - LISTED * seconds
        """UNIX time of frame 0."""
        self._server = server
        self._seconds = seconds
        self._gop = gop
        self._stalled_at: float | None = None
        self._hang_up = False
        self.url = server.add(_PLAYLIST, self._answer)

    def stall(self) -> None:
        """Add no segment to the playlist from now on; it is still served."""
        self._stalled_at = time.time()

    def resume(self) -> None:
        """List the segments of the present again."""
        self._stalled_at = None

    def hang_up(self) -> None:
        """End the stream at the client's next request; later ones begin it anew."""
        self._hang_up = True

    def _answer(self, request: Request) -> None:
        end = int(((self._stalled_at or time.time()) - self.epoch) / self._seconds)
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:3",
            f"#EXT-X-TARGETDURATION:{self._seconds}",
            f"#EXT-X-MEDIA-SEQUENCE:{end - LISTED}",
        ]
        for number in range(end - LISTED, end):
            path = f"/{number}.ts"
            if path not in self._server.pages:
                count = self._seconds * self.fps
                data = _segment(number * count, count, self.fps, self._gop * self.fps)
                self._server.add(path, Page(data, "video/mp2t"))
            lines += [f"#EXTINF:{self._seconds:.3f},", path]
        if self._hang_up:
            self._hang_up = False
            lines.append("#EXT-X-ENDLIST")
        text = "\n".join(lines) + "\n"
        request.answer(Page(text.encode(), "application/vnd.apple.mpegurl"))


@contextmanager
def hls_camera(*, seconds: int = 6, gop: int = 2, fps: int = 10) -> Iterator[HlsCamera]:
    """Run a camera on a server of its own."""
    with serving() as server:
        yield HlsCamera(server, seconds=seconds, gop=gop, fps=fps)
