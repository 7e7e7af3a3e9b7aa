"""What a sample description says of the format, without what it says of the bit rate.

Home Assistant writes an init for each segment, and FFmpeg puts the bit rate up to then into it: in
`btrt` (ISO/IEC 14496-12, 8.5.2.2) and, for AAC, in the decoder configuration of `esds` (14496-1,
7.2.6.6). Nothing changes for a decoder or a file when only these numbers do.
"""

from typing import Final

_BTRT_BODY: Final = 12
"""bufferSizeDB, maxBitrate, avgBitrate: 4 bytes each."""
_RATES: Final = 11
"""bufferSizeDB (3 bytes), maxBitrate and avgBitrate (4 each) of a DecoderConfigDescriptor."""
_ES: Final = 0x03
_DECODER_CONFIG: Final = 0x04


def without_rates(description: bytes) -> bytes:
    """Return a sample description with its bit rates set to 0; as it is where none are found."""
    result = bytearray(description)
    place = -1
    while (place := result.find(b"btrt", place + 1)) >= 0:
        whole = place + 4 + _BTRT_BODY <= len(result)
        if whole and result[place - 4 : place] == (8 + _BTRT_BODY).to_bytes(4):
            result[place + 4 : place + 4 + _BTRT_BODY] = bytes(_BTRT_BODY)
    if (place := result.find(b"esds")) >= 0:
        _clear_rates(result, place + 8)
    return bytes(result)


def _clear_rates(data: bytearray, start: int) -> None:
    """Set the bit rates of the decoder configuration in an ES descriptor at `start` to 0."""
    body = _body_of(data, start, _ES)
    # ES_ID and flags; of the optional fields that these announce, MP4 files have none.
    if body is None or (config := _body_of(data, body + 3, _DECODER_CONFIG)) is None:
        return
    rates = config + 2
    if rates + _RATES <= len(data):
        data[rates : rates + _RATES] = bytes(_RATES)


def _body_of(data: bytearray, start: int, tag: int) -> int | None:
    """Return where the body of the descriptor at `start` begins, if it has that tag."""
    if start >= len(data) or data[start] != tag:
        return None
    place = start + 1
    while place < len(data) and data[place] & 0x80:
        place += 1
    return place + 1
