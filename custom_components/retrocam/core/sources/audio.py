"""Audio codecs: their names, and whether they can be converted."""

from collections.abc import Mapping
from typing import Final

import av

_NAMES: Final[Mapping[str, str]] = {
    "aac": "AAC",
    "adpcm_g722": "G.722",
    "g726": "G.726",
    "g726le": "G.726",
    "g729": "G.729",
    "mp2": "MP2",
    "mp2float": "MP2",
    "mp3": "MP3",
    "mp3float": "MP3",
    "opus": "Opus",
    "pcm_alaw": "G.711 A-law",
    "pcm_mulaw": "G.711 µ-law",
    "pcm_s16be": "PCM",
    "pcm_s16le": "PCM",
    "speex": "Speex",
    "vorbis": "Vorbis",
}


def is_decodable(codec: str) -> bool:
    """Return whether this FFmpeg decodes an audio codec, named as FFmpeg does."""
    try:
        return av.Codec(codec, "r").type == "audio"
    except ValueError:
        return False


def audio_name(codec: str) -> str:
    """Return the name of an audio codec that cameras use in their settings, from FFmpeg's name."""
    return _NAMES.get(codec, codec)
