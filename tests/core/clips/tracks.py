"""The tracks of a video with sound, as clips have them."""

from functools import cache

from custom_components.retrocam.core.mp4.fragment_reader import Track, read_tracks
from custom_components.retrocam.core.mp4.tracks import tracks_to_write

from ..media import cut, encode


@cache
def written_tracks() -> tuple[Track, ...]:
    (one,) = cut(encode(60, sound=True, container="mp4"))
    return tracks_to_write(read_tracks(one.init))
