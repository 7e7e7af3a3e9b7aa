"""What is heard: of samples, of ADTS AAC, and of files."""

import io
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def onsets(samples: NDArray[np.float32], rate: int) -> list[float]:
    """Return the seconds at which beeps begin in mono sound."""
    loud = np.abs(samples) > 0.08
    starts = []
    quiet_until = -1
    for index in np.flatnonzero(loud):
        if index > quiet_until:
            starts.append(float(index / rate))
        quiet_until = index + rate // 4
    return starts


def decoded(data: bytes) -> tuple[NDArray[np.float32], int, int]:
    """Return the samples of ADTS as a browser hears them, their rate, and the number of channels."""
    with av.open(io.BytesIO(data), "r", format="aac") as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        stream = container.streams.audio[0]
        rate, channels = stream.codec_context.sample_rate, stream.codec_context.layout.nb_channels
    return np.concatenate(frames, axis=1).mean(axis=0), rate, channels


def beeps(path: Path | None) -> list[float]:
    """Return when beeps begin in a file, in its own time; one that has begun is heard from its start."""
    with av.open(str(path)) as container:
        pieces = [*container.decode(audio=0)]
    first = pieces[0].time
    assert first is not None
    samples = np.concatenate([piece.to_ndarray()[0] for piece in pieces])
    return [first + at for at in onsets(samples, pieces[0].sample_rate)]
