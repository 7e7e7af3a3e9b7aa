"""Read the orientation from EXIF data, as cameras and phones write it into stills."""

import struct
from typing import Final

_BYTE_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_PREFIX: Final = b"Exif\0\0"
"""Precedes the TIFF header in a JPEG, and in the WebP files of some encoders."""
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3


def exif_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, of EXIF data; 1 if it has none or is malformed.

    Tag 0x0112 of the first image directory (TIFF 6.0, section 8; Exif 3.0, 4.6.5).
    """
    tiff = exif.removeprefix(_PREFIX)
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for entry in range(count):
            tag, kind, _, value = struct.unpack_from(
                f"{order}HHIH", tiff, directory + 2 + 12 * entry
            )
            if tag == _ORIENTATION:
                return int(value) if kind == _SHORT and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
