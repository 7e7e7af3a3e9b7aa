"""The part of simplejpeg that Retrocam uses; the package ships types without saying so."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

type _Buffer = bytes | bytearray | memoryview

def decode_jpeg_header(
    data: _Buffer,
    min_height: int = 0,
    min_width: int = 0,
    min_factor: float = 1.0,
    strict: bool = True,
) -> tuple[int, int, str, str]: ...
def decode_jpeg(
    data: _Buffer,
    colorspace: str = "rgb",
    fastdct: bool = False,
    fastupsample: bool = False,
    min_height: int = 0,
    min_width: int = 0,
    min_factor: float = 1.0,
    buffer: NDArray[np.uint8] | bytearray | None = None,
    strict: bool = True,
) -> NDArray[np.uint8]: ...
def encode_jpeg(
    image: NDArray[np.uint8],
    quality: int = 85,
    colorspace: str = "rgb",
    colorsubsampling: Literal["444", "422", "420", "440", "411", "Gray"] = "444",
    fastdct: bool = False,
) -> bytes: ...
def encode_jpeg_yuv_planes(
    Y: NDArray[np.uint8],
    U: NDArray[np.uint8] | None,
    V: NDArray[np.uint8] | None,
    quality: int = 85,
    fastdct: bool = False,
) -> bytes: ...
