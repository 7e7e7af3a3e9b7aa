"""What a grid writes into its tiles: names, and what is wrong with a member that shows nothing.

Text is drawn by Pillow, with the font that it carries inside itself, once for each text and size;
into a picture it then goes with a few numpy operations.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from text_unidecode import unidecode

from ..frames.geometry import NEUTRAL, Planes, Rect, fill, parts

if TYPE_CHECKING:
    from PIL import ImageFont

WHITE: Final = 235
_DARK: Final = 40
"""Luma of a tile without a picture: not black, so that it is seen to be there."""
_LEAST_TEXT: Final = 10
"""Pixels below which no letter can be read."""
_LARGEST_LABEL: Final = 28
_KEPT_TEXTS: Final = 64


def draw_label(planes: Planes, area: Rect, text: str) -> None:
    """Write a name into the lower left corner of a tile, white on dark.

    A tile that is too small for letters stays without.
    """
    size = min(area.height // 18, _LARGEST_LABEL)
    if not text or size < _LEAST_TEXT:
        return
    label = _label(text, size)
    height, width = label.shape[0], min(label.shape[1], area.width)
    box = Rect(area.left, area.top + area.height - height, width, height)
    luma, *chroma = (plane[part] for plane, part in zip(planes, parts(box), strict=True))
    luma[:] = label[:, :width]
    for plane in chroma:
        plane[:] = NEUTRAL


def draw_plate(planes: Planes, area: Rect, name: str, text: str) -> None:
    """Fill a tile that has no picture: its member's name, and below it `text`."""
    fill(planes, area, _DARK)
    luma = planes[0][parts(area)[0]]
    size = max(area.height // 12, _LEAST_TEXT)
    for line, font_size, middle in ((name, size, 0.42), (text, size * 3 // 4, 0.58)):
        if line and font_size < area.height // 3:
            mask = _mask(line, max(font_size, _LEAST_TEXT))
            top = round(area.height * middle) - mask.shape[0] // 2
            _ink(luma, mask, max(0, top), max(0, (area.width - mask.shape[1]) // 2))


@lru_cache(maxsize=_KEPT_TEXTS)
def _label(text: str, size: int) -> NDArray[np.uint8]:
    """Return the luma of a label, (rows, cols) uint8, both even."""
    mask = _mask(text, size)
    pad = size // 3
    rows, columns = mask.shape[0] + pad // 2, mask.shape[1] + 2 * pad
    luma = np.full((rows + rows % 2, columns + columns % 2), _DARK, np.uint8)
    _ink(luma, mask, pad // 4, pad)
    luma.flags.writeable = False
    return luma


def _ink(luma: NDArray[np.uint8], mask: NDArray[np.uint8], top: int, left: int) -> None:
    """Blend white into luma, as much as `mask` (rows, cols) uint8 says; cut off what is outside."""
    target = luma[top : top + mask.shape[0], left : left + mask.shape[1]]
    cover = mask[: target.shape[0], : target.shape[1]].astype(np.uint16)
    target[:] = (target * (255 - cover) + WHITE * cover) // 255


@lru_cache(maxsize=_KEPT_TEXTS)
def _mask(text: str, size: int) -> NDArray[np.uint8]:
    """Return how much of each pixel `text` covers, (rows, cols) uint8, from 0 to 255."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415  # 20 ms, and few need it

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
    """Return `text` with letters that the font has: Pillow's own has no accents, others as in a slug."""
    lacking = bytes(font.getmask("\uffff"))
    return "".join(
        unidecode(letter) if bytes(font.getmask(letter)) == lacking else letter for letter in text
    )
