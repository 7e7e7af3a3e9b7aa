"""Stills as cameras send them: turned by EXIF, with bytes behind their end, in other formats."""

import io
from typing import Any, Final

import av
import numpy as np
from PIL import Image, ImageOps

from ...made import Made
from .stills import frame, jpeg

_STORED: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the sensor's picture lies in the file, for each EXIF orientation."""

BEHIND: Final = Made(
    {
        "zeros": lambda: bytes(4096),
        "a line end": lambda: b"\r\n",
        "a boundary": lambda: b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n",
        "a second JPEG": lambda: jpeg(99, 160, 90),
        "a cut JPEG": lambda: jpeg(99, 160, 90)[:300],
        "noise": lambda: np.random.default_rng(1).bytes(5000),
    }
)
"""What cameras send behind the end of a still."""


def photo(number: int, width: int = 320, height: int = 180) -> Image.Image:
    """Return the test pattern with a frame number, which is readable only upright."""
    return Image.fromarray(frame(number, width, height).to_ndarray(format="rgb24"))


def saved(image: Image.Image, kind: str = "JPEG", *, orientation: int = 0, **options: Any) -> bytes:
    """Encode with Pillow; with an orientation, as a camera does that was held that way."""
    if orientation:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
        if orientation in _STORED:
            image = image.transpose(_STORED[orientation])
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


def shown(data: bytes) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return what Pillow shows of a still: its first frame, upright, (rows, cols, 3)."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    return np.asarray(image.convert("RGB")).astype(np.int16)


def pixels(picture: av.VideoFrame) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return a frame as (rows, cols, 3)."""
    return picture.to_ndarray(format="rgb24").astype(np.int16)
