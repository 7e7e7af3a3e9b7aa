"""Codec strings of tracks, for playlists and `MediaSource.isTypeSupported` (RFC 6381)."""

from typing import Final

from .fragment_reader import Track

_FIXED: Final = {"Opus": "opus", "fLaC": "flac", ".mp3": "mp4a.6B"}
_AUDIO: Final = 0x40
"""`objectTypeIndication` of MPEG-4 audio."""
_LC: Final = 2


def codec_string(track: Track) -> str:
    """Return the codec string of a track; its sample entry alone if the rest cannot be read."""
    description = track.description
    if (at := description.find(b"avcC")) >= 0 and len(description) >= at + 8:
        return f"{track.codec}.{description[at + 5 : at + 8].hex().upper()}"
    if (at := description.find(b"hvcC")) >= 0 and len(description) >= at + 17:
        # Written as `hvc1`, see `tracks_to_write`.
        return f"hvc1.{_hevc(description[at + 5 : at + 17])}"
    if track.codec == "mp4a" and (at := description.find(b"esds")) >= 0:
        return f"mp4a.{_mpeg4(description, at + 8)}"
    return _FIXED.get(track.codec, track.codec)


def _hevc(profile: bytes) -> str:
    """Format the profile space to the level of `hvcC` (ISO/IEC 14496-15, E.3)."""
    space = ("", "A", "B", "C")[profile[0] >> 6]
    reversed_flags = int(f"{int.from_bytes(profile[1:5]):032b}"[::-1], 2)
    tier = "H" if profile[0] & 0x20 else "L"
    constraints = "".join(f".{byte:X}" for byte in profile[5:11].rstrip(b"\0"))
    return f"{space}{profile[0] & 0x1F}.{reversed_flags:X}.{tier}{profile[11]}{constraints}"


def _mpeg4(data: bytes, start: int) -> str:
    """Format the object types of the ES descriptor at `start` (14496-1, 7.2.6).

    What cannot be read is taken for AAC-LC, which Home Assistant's stream worker makes of all sound.
    """
    index, found = start, dict[int, int]()
    for tag, before_children in ((3, 3), (4, 13), (5, 0)):
        if index >= len(data) or data[index] != tag:
            break
        index += 1
        while index < len(data) and data[index] & 0x80:
            index += 1
        index += 1
        if index >= len(data):
            break
        found[tag] = data[index]
        index += before_children
    if (kind := found.get(4, _AUDIO)) != _AUDIO:
        return f"{kind:02X}"
    return f"{_AUDIO:02X}.{found.get(5, _LC << 3) >> 3}"
