"""Half of `relay`: MJPEG to H.264 in MPEG-TS, against decoding it alone, on one thread each."""

from contextlib import closing
from pathlib import Path
import time
from typing import Final, cast

import av

from benchmarks.measuring import Result, alternate, repeats, scratch
from benchmarks.videos import bunny_720p
from custom_components.retrocam.core.publish.ts_copier import AnyPacket, TsCopier

WIDTH: Final = 640
HEIGHT: Final = 480
FPS: Final = 15
ROUNDS: Final = 3
"""Times that the film is read on each side."""
RUNS: Final = repeats(5)
BAR: Final = 3.5


def as_mjpeg(target: Path) -> None:
    """Encode the film as an old camera sends it: JPEG of good quality, 4:2:2."""
    with av.open(str(bunny_720p())) as source, av.open(str(target), "w", format="nut") as camera:
        stream = camera.add_stream("mjpeg", FPS, options={"qmin": "4", "qmax": "4"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj422p"
        for number, frame in enumerate(source.decode(video=0)):
            small = frame.reformat(WIDTH, HEIGHT, "yuvj422p")
            small.pts, small.time_base = number, stream.codec_context.time_base
            camera.mux(stream.encode(small))
        camera.mux(stream.encode(None))


def decoding(path: Path) -> float:
    """Return the CPU of decoding a picture, in ms."""
    spent, count = 0.0, 0
    for _ in range(ROUNDS):
        with av.open(str(path)) as container:
            container.streams.video[0].codec_context.thread_count = 1
            began = time.thread_time()
            count += sum(len(packet.decode()) for packet in container.demux(video=0))
            spent += time.thread_time() - began
    return spent / count * 1000


def converting(path: Path) -> float:
    """Return the CPU of converting a picture, in ms."""
    spent, count = 0.0, 0
    for _ in range(ROUNDS):
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            copier = TsCopier(video, None, by_arrival=False, drifts=False)
            began = time.thread_time()
            with closing(copier):
                for packet in container.demux(video):
                    if packet.size:
                        arrival = float((packet.pts or 0) * packet.time_base)
                        count += len(copier.add(cast("AnyPacket", packet), arrival))
            spent += time.thread_time() - began
    return spent / count * 1000


def pictures() -> Result:
    """Compare the conversion of pictures."""
    with scratch() as name:
        path = Path(name) / "camera.nut"
        as_mjpeg(path)
        pairs = alternate(lambda: converting(path), lambda: decoding(path), RUNS)
    return pairs.result(
        f"MJPEG of {WIDTH}x{HEIGHT} to H.264: CPU of a picture, against decoding it alone",
        unit="ms",
        bar=BAR,
    )
