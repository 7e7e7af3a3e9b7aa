"""Decode the packets of a source, within the limits of pictures from outside."""

import av

from ..errors import PictureTooLargeError
from .image_limits import check_packet


def decode_checked(packet: av.Packet[av.VideoStream]) -> av.VideoFrame | None:
    """Return the frame of a packet whose decoder has `PIXEL_LIMIT`; None if it cannot be decoded.

    Raises PictureTooLargeError or av.FFmpegError.
    """
    check_packet(packet.stream.codec_context.name, memoryview(packet))
    try:
        return next(iter(packet.decode()), None)
    except av.ArgumentError:
        # Decoders raise it beyond `max_pixels`.
        raise PictureTooLargeError("more pixels than are decoded") from None
    except av.InvalidDataError:
        # Damaged, or joined between keyframes.
        return None
