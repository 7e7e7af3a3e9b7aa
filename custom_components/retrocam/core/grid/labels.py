"""Labels of tiles, and plates for members without a picture.

Pillow draws each text and size once, with its built-in font; numpy blends it into the frames.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from text_unidecode import unidecode

from ..frames.geometry import NEUTRAL, Rect, YuvPlanes, fill, plane_slices

if TYPE_CHECKING:
    from PIL import ImageFont

WHITE: Final = 235
_DARK: Final = 40
"""Luma of a plate: not black, so that the tile is visible."""
_MIN_SIZE: Final = 10
"""Smallest legible font size in pixels."""
_MAX_LABEL_SIZE: Final = 28
_CACHE_SIZE: Final = 64


def draw_label(planes: YuvPlanes, area: Rect, text: str) -> None:
    """Draw a name into the lower left corner of a tile, white on dark, if it is large enough."""
    size = min(area.height // 18, _MAX_LABEL_SIZE)
    if not text or size < _MIN_SIZE:
        return
    label = _label(text, size)
    height, width = label.shape[0], min(label.shape[1], area.width)
    box = Rect(area.left, area.top + area.height - height, width, height)
    luma, *chroma = plane_slices(planes, box)
    luma[:] = label[:, :width]
    for plane in chroma:
        plane[:] = NEUTRAL


def draw_plate(planes: YuvPlanes, area: Rect, name: str, text: str) -> None:
    """Fill a tile without a picture: the member's name, and `text` below it."""
    fill(planes, area, _DARK)
    luma = plane_slices(planes, area)[0]
    size = max(area.height // 12, _MIN_SIZE)
    for line, font_size, middle in ((name, size, 0.42), (text, size * 3 // 4, 0.58)):
        if line and font_size < area.height // 3:
            mask = _mask(line, max(font_size, _MIN_SIZE))
            top = round(area.height * middle) - mask.shape[0] // 2
            _blend(luma, mask, max(0, top), max(0, (area.width - mask.shape[1]) // 2))


@lru_cache(maxsize=_CACHE_SIZE)
def _label(text: str, size: int) -> NDArray[np.uint8]:
    """Return the luma of a label, (rows, cols) uint8, both even."""
    mask = _mask(text, size)
    pad = size // 3
    rows, columns = mask.shape[0] + pad // 2, mask.shape[1] + 2 * pad
    luma = np.full((rows + rows % 2, columns + columns % 2), _DARK, np.uint8)
    _blend(luma, mask, pad // 4, pad)
    luma.flags.writeable = False
    return luma


def _blend(luma: NDArray[np.uint8], mask: NDArray[np.uint8], top: int, left: int) -> None:
    """Blend white into luma by `mask` (rows, cols) uint8, clipped to the luma."""
    target = luma[top : top + mask.shape[0], left : left + mask.shape[1]]
    coverage = mask[: target.shape[0], : target.shape[1]].astype(np.uint16)
    target[:] = (target * (255 - coverage) + WHITE * coverage) // 255


@lru_cache(maxsize=_CACHE_SIZE)
def _mask(text: str, size: int) -> NDArray[np.uint8]:
    """Return the coverage of each pixel by `text`, (rows, cols) uint8, 0 to 255."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415  # 20 ms, rarely needed

    font = ImageFont.load_default(size)
    text = _drawable(text, font)
    width = max(1, round(font.getlength(text)))
    ascent, descent = size, size // 3
    image = Image.new("L", (width, ascent + descent))
    ImageDraw.Draw(image).text((0, ascent), text, fill=255, font=font, anchor="ls")
    mask = np.asarray(image)
    mask.flags.writeable = False
    return mask


def _drawable(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Return `text` with letters missing in the font transliterated; Pillow's has no accents."""
    missing = bytes(font.getmask("\uffff"))
    return "".join(
        unidecode(letter) if bytes(font.getmask(letter)) == missing else letter for letter in text
    )
