"""Playlists of footage as files, read by FFmpeg, and by eye."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
import re
from typing import Any

import av

from custom_components.retrocam.core.footage.media_names import InitName, PartName, SegmentName
from custom_components.retrocam.core.footage.playlist import Links
from custom_components.retrocam.core.footage.stream import FootageStream
from custom_components.retrocam.core.footage.window import Window

from ..media import read_number

LINKS = Links("media", "?authSig=x")


@dataclass(slots=True)
class Listed:
    """A segment of a playlist; of one in progress, `uri` is empty."""

    number: int
    uri: str = ""
    duration: float = 0.0
    date: float = 0.0
    discontinuity: bool = False
    section: str = ""
    parts: list[dict[str, str]] = field(default_factory=list)
    hint: str = ""


@dataclass(slots=True)
class Parsed:
    """A media playlist."""

    tags: dict[str, str]
    segments: list[Listed]
    ended: bool


def parse(text: str) -> Parsed:
    """Parse a playlist; strict about its beginning."""
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    tags = dict(line[1:].partition(":")[::2] for line in lines if line.startswith("#EXT-X"))
    number, section, segments = int(tags["EXT-X-MEDIA-SEQUENCE"]), "", list[Listed]()
    current = Listed(number)
    for line in lines[1:]:
        tag, _, value = line.partition(":")
        match tag:
            case "#EXT-X-DISCONTINUITY":
                current.discontinuity = True
            case "#EXT-X-MAP":
                section = attributes(value)["URI"]
            case "#EXT-X-PROGRAM-DATE-TIME":
                current.date = datetime.fromisoformat(value).timestamp()
            case "#EXT-X-PART":
                current.parts.append(attributes(value))
            case "#EXT-X-PRELOAD-HINT":
                current.hint = attributes(value)["URI"]
            case "#EXTINF":
                current.duration = float(value.rstrip(","))
            case _ if not line.startswith("#"):
                current.uri, current.section = line, section
                segments.append(current)
                current = Listed(current.number + 1)
    if current.parts:
        current.section = section
        segments.append(current)
    return Parsed(tags, segments, ended="#EXT-X-ENDLIST" in lines)


def attributes(text: str) -> dict[str, str]:
    """Parse an attribute list."""
    return {
        name: value.strip('"') for name, value in re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', text)
    }


def media(stream: FootageStream, uri: str) -> bytes:
    """Return what a playlist names."""
    folder, _, name = uri.removesuffix(LINKS.query).partition("/")
    assert folder == LINKS.folder
    if found := InitName.parse(name):
        return stream.init(found)
    if segment := SegmentName.parse(name):
        return b"".join(stream.segment(segment))
    part = PartName.parse(name)
    assert part is not None, name
    return b"".join(stream.part(part))


def playlist_of(stream: FootageStream, window: Window, **options: Any) -> str:
    return stream.playlist(
        window, LINKS, options.pop("orientation", 1), from_start=options.pop("from_start", True)
    )


def save(directory: Path, stream: FootageStream, text: str) -> Path:
    """Write a playlist and all that it names to files."""
    (directory / LINKS.folder).mkdir()
    for uri in set(re.findall(r"media/[^\"\s]+", text)):
        path = directory / uri.removesuffix(LINKS.query)
        if "PRELOAD" not in uri:
            path.write_bytes(media(stream, uri))
    playlist = directory / "playlist.m3u8"
    playlist.write_text(text.replace(LINKS.query, ""), encoding="utf-8")
    return playlist


def decoded(path: Path) -> list[int | None]:
    """Decode a playlist by FFmpeg, and read the frame numbers."""
    options = {"allowed_extensions": "ALL", "live_start_index": "0"}
    with av.open(str(path), options=options) as container:
        return [read_number(frame) for frame in container.decode(video=0)]
