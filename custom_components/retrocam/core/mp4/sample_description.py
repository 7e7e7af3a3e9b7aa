"""Sample descriptions without bit rates.

Home Assistant writes an init for each segment, with FFmpeg's bit rate so far in `btrt`
(ISO/IEC 14496-12, 8.5.2.2) and, for AAC, in the decoder configuration of `esds` (14496-1, 7.2.6.6).
A change of these numbers alone needs neither a new decoder nor a new file.
"""

from typing import Final

_BTRT_BODY: Final = 12
"""bufferSizeDB, maxBitrate, avgBitrate: 4 bytes each."""
_RATES: Final = 11
"""bufferSizeDB (3 bytes), maxBitrate and avgBitrate (4 each) of a DecoderConfigDescriptor."""
_ES: Final = 0x03
_DECODER_CONFIG: Final = 0x04


_NAMES: Final = {
    "avc1": "h264", "avc3": "h264", "hvc1": "hevc", "hev1": "hevc", "av01": "av1", "vp09": "vp9",
}  # fmt: skip
_MJPEG: Final = 0x6C
"""`objectTypeIndication` of JPEG (14496-1, 7.2.6.6.2)."""


def codec_name(codec: str, description: bytes) -> str:
    """Return FFmpeg's name of a video codec; the type of the sample entry for unknown ones."""
    if codec != "mp4v":
        return _NAMES.get(codec, codec)
    data, index = bytearray(description), description.find(b"esds")
    body = _descriptor_body(data, index + 8, _ES) if index >= 0 else None
    config = None if body is None else _descriptor_body(data, body + 3, _DECODER_CONFIG)
    is_mjpeg = config is not None and config < len(data) and data[config] == _MJPEG
    return "mjpeg" if is_mjpeg else "mpeg4"


def without_rates(description: bytes) -> bytes:
    """Return a sample description with all bit rates set to 0."""
    result = bytearray(description)
    index = -1
    while (index := result.find(b"btrt", index + 1)) >= 0:
        body = index + 4
        if (
            body + _BTRT_BODY <= len(result)
            and int.from_bytes(result[index - 4 : index]) == 8 + _BTRT_BODY
        ):
            result[body : body + _BTRT_BODY] = bytes(_BTRT_BODY)
    if (index := result.find(b"esds")) >= 0:
        _clear_rates(result, index + 8)
    return bytes(result)


def _clear_rates(data: bytearray, start: int) -> None:
    """Clear the bit rates of the decoder configuration in the ES descriptor at `start`."""
    body = _descriptor_body(data, start, _ES)
    # Skip ES_ID and flags; MP4 files have none of the optional fields.
    if body is None or (config := _descriptor_body(data, body + 3, _DECODER_CONFIG)) is None:
        return
    rates = config + 2
    if rates + _RATES <= len(data):
        data[rates : rates + _RATES] = bytes(_RATES)


def _descriptor_body(data: bytearray, start: int, tag: int) -> int | None:
    """Return the offset of the body of the descriptor at `start`; None for another tag."""
    if start >= len(data) or data[start] != tag:
        return None
    index = start + 1
    while index < len(data) and data[index] & 0x80:
        index += 1
    return index + 1
