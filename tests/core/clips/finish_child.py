"""A process that finishes a long recording and prints the growth of its memory in KiB.

python -m tests.core.clips.finish_child FOLDER HOURS
"""

from pathlib import Path
import resource
import sys

from custom_components.retrocam.core.clips.faststart import finish
from custom_components.retrocam.core.clips.fragmented_file import FragmentedFileWriter
from custom_components.retrocam.core.clips.fragmented_reader import read_recording
from custom_components.retrocam.core.mp4.fragment_reader import read_tracks
from custom_components.retrocam.core.mp4.fragment_writer import KEYFRAME, NO_KEYFRAME, SampleRun
from custom_components.retrocam.core.mp4.tracks import tracks_to_write

from ..media import cut, encode

FPS = 25
PACKETS = 47
"""Audio packets per second."""


def write(path: Path, seconds: int) -> None:
    """Write video and audio with samples of one byte, in fragments of one second."""
    (one,) = cut(encode(60, sound=True, container="mp4"))
    tracks = tracks_to_write(read_tracks(one.init))
    file = FragmentedFileWriter(path, tracks)
    video, sound = (track.timescale for track in tracks)
    pictures = [value for index in range(FPS) for value in (0, 1, NO_KEYFRAME, 0)]
    # Uneven like a camera's timestamps: no two consecutive durations are equal.
    pictures[::4] = [video // FPS + index % 2 for index in range(FPS)]
    pictures[2] = KEYFRAME
    packets = [sound // PACKETS, 1, KEYFRAME, 0] * PACKETS
    data = [memoryview(bytes(FPS + PACKETS))]
    for second in range(seconds):
        file.append(
            (
                SampleRun(0, second * (video + FPS), pictures, FPS),
                SampleRun(1, second * sound, packets, PACKETS),
            ),
            data,
        )
    file.close()


def main(folder: Path, hours: float) -> None:
    partial = folder / "20240102T030405.678Z.partial.mp4"
    seconds = round(hours * 3600)
    write(partial, 60)
    finish(read_recording(partial), folder / "short.mp4", 0.0)
    write(partial, seconds)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    finished = finish(read_recording(partial), folder / "long.mp4", 0.0)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{after - before} {seconds * (FPS + PACKETS)} {finished.duration}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
