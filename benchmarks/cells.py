"""ASCII encoding: bytes, quality and CPU, against decoding alone.

    python benchmarks/cells.py CLIP [CLIP ...] [--frames N] [--runs N]

Prints one JSON object. Bytes are the mean of all frames. PSNR is in RGB, over every fourth frame
together, of what a client shows against the exact mean of each cell's area, computed in floating point
from fully decoded frames. Times are CPU of the process, user and system: in each run the clip is decoded
alone, and then decoded as the player does and encoded; the result is the median of the pairs.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import functools
import itertools
import json
from pathlib import Path
import statistics
import sys
import time
from types import MappingProxyType

import av
from av.video.reformatter import ColorRange, Colorspace
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Case, Result, repeats
from benchmarks.videos import bunny_720p, bunny_1080p
from custom_components.retrocam.core.ascii.planes import AsciiPlanes, PlaneLayout
from custom_components.retrocam.core.ascii.presets import CHARSETS
from custom_components.retrocam.core.ascii.raster import Quantiser, Raster
from custom_components.retrocam.core.ascii.wire import AsciiEncoder
from custom_components.retrocam.core.frames.colors import colours
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.player.demux import DECODER_OPTIONS
from tests.core.ascii.ascii_decoder import AsciiDecoder, decode_planes

GRIDS = ((120, 50), (200, 80), (320, 120))
GROUP_SECONDS = 2.0


def frames(
    clip: Path, threads: str, limit: int, options: Mapping[str, str] = MappingProxyType({})
) -> Iterator[av.VideoFrame]:
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = dict(options)
        stream.thread_type = threads
        if threads == "NONE":
            stream.codec_context.thread_count = 1
        yield from itertools.islice(container.decode(stream), limit)


class Cells:
    """Raster, quantiser and encoder, as the broadcast runs them."""

    def __init__(self, cols: int, rows: int, fps: float, charset: str = "ramp") -> None:
        self.raster = Raster(cols, rows, CHARSETS[charset])
        self.layout = self.raster.layout
        self._quantiser = Quantiser(self.layout)
        self._encoder = AsciiEncoder(self.layout)
        self._group = round(GROUP_SECONDS * fps)
        self._number = 0

    def encode(self, frame: av.VideoFrame) -> bytes:
        """Return the packet of the next frame."""
        exact = self.raster.planes(self.raster.shrink(frame))
        key = self._number % self._group == 0
        codes = self._quantiser.quantise(exact, key=key)
        packet = self._encoder.encode(codes, self._number * 40_000, key=key)
        self._number += 1
        return packet.data


def to_rgb(
    y: NDArray[np.float64],
    blue: NDArray[np.float64],
    red: NDArray[np.float64],
    kr: float,
    kb: float,
) -> NDArray[np.float64]:
    """Convert full-range values; chroma is centred at 0 and has half the size."""
    rows, cols = y.shape
    blue, red = (c.repeat(2, axis=0)[:rows].repeat(2, axis=1)[:, :cols] for c in (blue, red))
    r, b = y + 2 * (1 - kr) * red, y + 2 * (1 - kb) * blue
    return np.clip(np.stack([r, (y - kr * r - kb * b) / (1 - kr - kb), b], axis=-1), 0, 255)


def shown(picture: AsciiPlanes) -> NDArray[np.float64]:
    y, blue, red = (plane.astype(np.float64) for plane in (picture.y, picture.cb, picture.cr))
    return to_rgb(y, blue - 128, red - 128, 0.299, 0.114)


@functools.cache
def averaging(source: int, target: int) -> NDArray[np.float64]:
    """Return the matrix (target, source) of exact area averages."""
    edges = np.arange(target + 1) * source / target
    pixels = np.arange(source)
    overlap = np.minimum(pixels + 1, edges[1:, None]) - np.maximum(pixels, edges[:-1, None])
    weights: NDArray[np.float64] = np.clip(overlap, 0, None) * target / source
    return weights


def unquantised(frame: av.VideoFrame, layout: PlaneLayout) -> NDArray[np.float64]:
    """Scale by the definition, in floating point."""
    matrix, value_range = colours(frame)
    chroma = layout.chroma_shape
    shapes = ((layout.rows, layout.cols), chroma, chroma)
    y, blue, red = (
        averaging(len(plane), rows) @ plane @ averaging(plane.shape[1], cols).T
        for plane, (rows, cols) in zip(planes(frame), shapes, strict=True)
    )
    kr, kb = (0.2126, 0.0722) if matrix is Colorspace.ITU709 else (0.299, 0.114)
    if value_range is ColorRange.JPEG:
        return to_rgb(y, blue - 128, red - 128, kr, kb)
    stretch = 255 / 224
    return to_rgb((y - 16) * 255 / 219, (blue - 128) * stretch, (red - 128) * stretch, kr, kb)


def quality(clip: Path, cols: int, rows: int, limit: int) -> dict[str, float]:
    fps = frame_rate(clip)
    cells = Cells(cols, rows, fps)
    decoder = AsciiDecoder(cells.layout)
    errors, sizes = [], []
    played = frames(clip, "AUTO", limit, DECODER_OPTIONS)
    for frame, given in zip(frames(clip, "AUTO", limit), played, strict=True):
        data = cells.encode(given)
        sizes.append(len(data))
        decoded = decoder.decode(data)
        if decoded is None:
            raise SystemExit("a packet of another epoch")
        if len(sizes) % 4 == 0:
            exact = unquantised(frame, cells.layout)
            errors.append(np.mean((shown(decode_planes(cells.layout, decoded.codes)) - exact) ** 2))
    return {
        "frames": len(sizes),
        "bytes_per_frame": round(statistics.mean(sizes), 1),
        "largest_packet": max(sizes),
        "psnr_rgb_db": round(float(10 * np.log10(255**2 / np.mean(errors))), 2),
        "worst_frame_db": round(float(10 * np.log10(255**2 / np.max(errors))), 2),
    }


def frame_rate(clip: Path) -> float:
    with av.open(str(clip)) as container:
        return float(container.streams.video[0].average_rate or 25)


def cpu(clip: Path, threads: str, limit: int, cells: Cells | None = None) -> float:
    """Return CPU milliseconds per frame: of decoding, or of decoding and encoding as the player does."""
    count = 0
    start = time.process_time()
    for frame in frames(clip, threads, limit, DECODER_OPTIONS if cells else {}):
        if cells is not None:
            cells.encode(frame)
        count += 1
    return (time.process_time() - start) / count * 1000


def times(clip: Path, cols: int, rows: int, limit: int, runs: int) -> dict[str, dict[str, float]]:
    result = {}
    for threads in ("NONE", "AUTO"):
        pairs = []
        for _ in range(runs):
            alone = cpu(clip, threads, limit)
            cells = Cells(cols, rows, frame_rate(clip))
            pairs.append((alone, cpu(clip, threads, limit, cells)))
        result[threads] = {
            "decode_ms": round(statistics.median(alone for alone, _ in pairs), 3),
            "ratio": round(statistics.median(both / alone for alone, both in pairs), 3),
            "over_decode_ms": round(statistics.median(both - alone for alone, both in pairs), 3),
        }
    return result


def matched(clip: Path, limit: int) -> dict[str, float]:
    """Return CPU milliseconds per frame, over decoding, of charsets that the server matches."""
    result = {}
    for charset in ("ramp", "braille", "shape"):
        for cols, rows in GRIDS:
            cells = Cells(cols, rows, 24, charset)
            alone = cpu(clip, "NONE", limit)
            both = cpu(clip, "NONE", limit, cells)
            result[f"{charset} {cols}x{rows}"] = round(both - alone, 2)
    return result


@dataclass(frozen=True, slots=True)
class Bars:
    """The limits of a size on real video."""

    cols: int
    rows: int
    over_decoding: float
    """Decoding and encoding, against decoding alone, on the 1080p clip."""
    over_decode_ms: float
    bytes_per_frame: float


BARS = (Bars(120, 50, 1.10, 0.6, 1200), Bars(320, 120, 1.20, 1.0, 8500))
LEAST_DB = 37.0


def wire_results(clip: Path, name: str, bars: Bars) -> list[Result]:
    """Measure bytes and quality over the whole clip."""
    figures = quality(clip, bars.cols, bars.rows, 720)
    size, decibels = figures["bytes_per_frame"], figures["psnr_rgb_db"]
    return [
        Result(
            what=f"{name}, bytes per frame",
            ours=size,
            unit="B",
            bar=bars.bytes_per_frame,
            details=dict(figures),
        ),
        Result(what=f"{name}, PSNR", ours=decibels, unit="dB", bar=LEAST_DB, at_least=True),
    ]


def time_results(clip: Path, name: str, bars: Bars, *, ratio: bool) -> list[Result]:
    """Measure CPU over decoding, also as a ratio where decoding is expensive enough."""
    results = []
    for threads, figures in times(clip, bars.cols, bars.rows, 720, repeats(5)).items():
        what = f"{name}, {'one thread' if threads == 'NONE' else 'automatic threads'}"
        alone, over = figures["decode_ms"], figures["over_decode_ms"]
        results.append(
            Result(
                what=f"{what}, beyond decoding",
                ours=over,
                unit="ms CPU/frame",
                bar=bars.over_decode_ms,
            )
        )
        if ratio:
            results.append(
                Result(
                    what=f"{what}, against decoding",
                    ours=alone + over,
                    peer=alone,
                    ratio=figures["ratio"],
                    unit="ms CPU/frame",
                    bar=bars.over_decoding,
                )
            )
    return results


def results() -> list[Result]:
    results = []
    for label, clip in (("1080p", bunny_1080p()), ("720p", bunny_720p())):
        for bars in BARS:
            name = f"{bars.cols}x{bars.rows} on {label}"
            results += wire_results(clip, name, bars)
            results += time_results(clip, name, bars, ratio=label == "1080p")
    return results


CASE = Case(
    name="cells",
    compares="cells against decoding alone, and against limits of size and quality",
    run=results,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--frames", type=int, default=720)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    report: dict[str, object] = {}
    for clip in arguments.clips:
        grids = {
            f"{cols}x{rows}": {
                **quality(clip, cols, rows, arguments.frames),
                "cpu": times(clip, cols, rows, arguments.frames, arguments.runs),
            }
            for cols, rows in GRIDS
        }
        report[clip.name] = {"grids": grids, "over_decode_ms": matched(clip, 120)}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
