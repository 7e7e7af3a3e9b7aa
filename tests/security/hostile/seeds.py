"""Valid inputs to mutate, and parsers of their pieces."""

from collections.abc import Sequence
from functools import cache
import json
import struct
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from ...core.frames.stills import jpeg, png
from ...core.player.clips import clip
from ...core.player.server import MediaServer, Page
from .mutations import Piece

_CONTAINERS = {
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"udta", b"mvex", b"moof", b"traf",
}  # fmt: skip


@cache
def stills() -> dict[str, bytes]:
    """Return an image of each format, from 26 bytes to some kB."""
    return {
        "jpeg": jpeg(7, 160, 96),
        "png": png(7, 160, 96),
        "webp": _riff(_chunk(b"VP8X", bytes([0x10, 0, 0, 0, 159, 0, 0, 95, 0, 0])) + _lossless()),
        "lossless webp": _riff(_lossless()),
        "lossy webp": _riff(_chunk(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 160, 96))),
        "gif": b"GIF89a" + struct.pack("<HH", 1, 1) + b"\x80\0\0" + bytes(6)
        + b"!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;",
    }  # fmt: skip


def _lossless() -> bytes:
    return _chunk(b"VP8L", b"\x2f" + struct.pack("<I", 159 | 95 << 14) + bytes(20))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def _riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def pieces_of_still(data: bytes) -> Sequence[Piece]:
    """Find the chunks of a PNG or WebP, or the segments of a JPEG."""
    if data.startswith(b"\x89PNG"):
        return _chunks(data, 8, ">I", 0, 12)
    if data.startswith(b"RIFF"):
        return _chunks(data, 12, "<I", 4, 8)
    found, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        found.append(Piece(at, end, at + 2, 2))
        at = end
    return found


def _chunks(data: bytes, at: int, form: str, length: int, more: int) -> list[Piece]:
    found = []
    while at + more <= len(data):
        (size,) = struct.unpack_from(form, data, at + length)
        found.append(Piece(at, at + size + more, at + length, 4))
        at += size + more
    return found


def with_checksums(data: bytes) -> bytes:
    """Return a PNG with correct checksums, so that other errors reach the decoder."""
    fixed = bytearray(data)
    for start, end, _, _ in _chunks(data, 8, ">I", 0, 12):
        if end <= len(data):
            fixed[end - 4 : end] = struct.pack(">I", zlib.crc32(data[start + 4 : end - 4]))
    return bytes(fixed)


def boxes_of(data: bytes) -> Sequence[Piece]:
    """Find all boxes of an MP4, including nested ones."""
    found: list[Piece] = []
    left = [(0, len(data))]
    while left and len(found) < 5000:
        at, end = left.pop()
        while at + 8 <= end:
            size = int.from_bytes(data[at : at + 4])
            if size < 8 or at + size > end:
                break
            found.append(Piece(at, at + size, at, 4))
            if data[at + 4 : at + 8] in _CONTAINERS:
                left.append((at + 8, at + size))
            at += size
    return found


@cache
def film() -> bytes:
    """Return an MP4 of 1 s with sound, turned, and with texts in its header."""
    return clip(1.0, fps=10, rotation=90)


def encrypted(data: bytes, key: bytes, number: int) -> bytes:
    """Encrypt an HLS segment."""
    padder, encryptor = PKCS7(128).padder(), Cipher(AES(key), CBC(number.to_bytes(16))).encryptor()
    padded = padder.update(data) + padder.finalize()
    return encryptor.update(padded) + encryptor.finalize()


def serve_media(server: MediaServer) -> None:
    """Serve the URLs in the seeds."""
    segment = clip(1.0, kind="mpegts", fps=10)
    server.add("/film.mp4", Page(film(), "video/mp4"))
    server.add("/film.jpg", Page(stills()["jpeg"], "image/jpeg"))
    server.add("/film.ts", Page(segment))
    server.add("/encrypted.ts", Page(encrypted(segment, bytes(16), 17)))
    server.add("/key", Page(bytes(16)))
    server.add("/plain.m3u8", Page(PLAIN_PLAYLIST.encode(), "application/vnd.apple.mpegurl"))


MEDIA_PLAYLIST = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:17
#EXT-X-MAP:URI="film.ts",BYTERANGE="376@0"
#EXT-X-BYTERANGE:3760@0
#EXTINF:1.5,a title
film.ts
#EXT-X-BYTERANGE:3760
#EXTINF:2,
film.ts
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x00000000000000000000000000000011
#EXTINF:1.0,
encrypted.ts
#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x11
#EXTINF:1.0,
encrypted.ts
#EXT-X-KEY:METHOD=NONE
#EXTINF:1.0,
film.ts
#EXT-X-ENDLIST"""
PLAIN_PLAYLIST = """#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:1
#EXTINF:1.0,
film.ts
#EXT-X-DISCONTINUITY
#EXTINF:1.0,
film.ts
#EXT-X-ENDLIST"""
MASTER_PLAYLIST = """#EXTM3U
#EXT-X-VERSION:4
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,URI="plain.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=320x180,CODECS="avc1.42c00d,mp4a.40.2",AUDIO="a"
plain.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=1280x720,FRAME-RATE=25.000
plain.m3u8"""
XSPF = """<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/">
<title>A list</title>
<trackList>
<track>
<title>A film</title>
<duration>1000</duration>
<location>{root}/film.mp4</location>
</track>
</trackList>
</playlist>"""
M3U = """#EXTM3U
#EXTINF:1,A film
{root}/film.mp4
#EXTINF:-1,Another
film.mp4"""
PAGE = """<!doctype html>
<html><head><meta charset="utf-8">
<title>A page &amp; its film</title>
<meta property="og:title" content="A film">
<meta property="og:video" content="{root}/film.mp4">
<meta property="og:image" content="{root}/film.jpg">
<script type="application/ld+json">
{{"@context": "https://schema.org", "@type": "VideoObject", "name": "A film", "duration": "PT1S",
"contentUrl": "{root}/film.mp4", "thumbnailUrl": ["{root}/film.jpg"], "uploadDate": "2026-01-01"}}
</script></head>
<body><video src="{root}/film.mp4" poster="film.jpg">
<source src="plain.m3u8" type="application/vnd.apple.mpegurl">
</video><iframe src="/frame"></iframe></body></html>"""
PAGES = {
    "page.html": (PAGE, "text/html"),
    "list.xspf": (XSPF, "application/xspf+xml"),
    "list.m3u": (M3U, "audio/x-mpegurl"),
    "master.m3u8": (MASTER_PLAYLIST, "application/vnd.apple.mpegurl"),
    "media.m3u8": (MEDIA_PLAYLIST, "application/vnd.apple.mpegurl"),
}


def answer() -> object:
    """Return the result of a look-up, as JSON."""
    return json.loads(
        '{"found": {"inputs": [{"url": "https://site.example/film", "headers": {"Cookie": "a=b"},'
        '"is_playlist": true, "chunk_size": 10485760, "not_before": 1.5},'
        '{"url": "https://site.example/2", "headers": {}, "is_playlist": false, "chunk_size": null,'
        '"not_before": null}], "title": "A film",'
        '"page": "https://site.example/", "thumbnail": "https://site.example/a.jpg", "duration": 12.5,'
        '"start": 1.5, "entry": [1, 2], "is_live": false,'
        '"expires": 1800000000.5, "needs_javascript": false}, "log": ["a line"]}'
    )
