"""The demo's film: the test pattern as a video with sound, served by Home Assistant."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

from custom_components.retrocam.core.pattern.marks import SAMPLE_RATE, beep
from custom_components.retrocam.core.pattern.picture import TestPattern

FILM: Final = "/local/retrocam-demo.mp4"
"""Its path in Home Assistant."""
SECONDS: Final = 20
WIDTH: Final = 640
HEIGHT: Final = 360
FPS: Final = 25


def make_film(directory: Path, seconds: int = SECONDS) -> None:
    """Write the film into the configuration directory of a Home Assistant that is not running."""
    path = directory / "www" / Path(FILM).name
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with av.open(str(partial), "w", format="mp4") as container:
        picture = container.add_stream("libx264", rate=FPS)
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        picture.options = {"preset": "ultrafast", "crf": "18"}
        picture.codec_context.gop_size = FPS
        sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        pattern = TestPattern(WIDTH, HEIGHT, FPS)
        for number in range(seconds * FPS):
            frame = pattern.render(number, 1_767_323_045.0 + number / FPS)
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(picture.encode(frame))
            container.mux(sound.encode(_samples(number)))
        container.mux(picture.encode(None))
        container.mux(sound.encode(None))
    partial.rename(path)


def _samples(number: int) -> av.AudioFrame:
    """Return the sound of one frame."""
    count = SAMPLE_RATE // FPS
    wave = beep(number * count, count).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate, frame.pts = SAMPLE_RATE, number * count
    frame.time_base = Fraction(1, SAMPLE_RATE)
    return frame
