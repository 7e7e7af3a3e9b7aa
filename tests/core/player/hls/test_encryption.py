"""Encrypted HLS segments and their keys."""

from contextlib import closing
import os

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
import pytest

from custom_components.retrocam.core.errors import (
    MediaRefusedError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.hls.playlist_file import PlaylistFile
from custom_components.retrocam.core.player.net.addresses import Network

from ..server import MediaServer, Page
from .playlists import playlist_of, read_all


def encrypted(data: bytes, key: bytes, iv: bytes) -> bytes:
    padder, encryptor = PKCS7(128).padder(), Cipher(AES(key), CBC(iv)).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


def test_encrypted_segments_are_decrypted(server: MediaServer, network: Network) -> None:
    key, iv = os.urandom(16), bytes(range(16))
    clear = [os.urandom(100_000), os.urandom(16), b"open"]
    server.add("/key", Page(key))
    server.add("/0", Page(encrypted(clear[0], key, iv)))
    server.add("/1", Page(encrypted(clear[1], key, (6).to_bytes(16))))
    server.add("/2", Page(clear[2]))
    source = playlist_of(
        server,
        "#EXT-X-MEDIA-SEQUENCE:5",
        *(f'#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x{iv.hex()}', "#EXTINF:1,", "0"),
        *('#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:1,", "1"),
        *("#EXT-X-KEY:METHOD=NONE", "#EXTINF:1,", "2", "#EXT-X-ENDLIST"),
    )
    with closing(PlaylistFile(source, network)) as file:
        pieces = list(iter(lambda: file.read(1000), b""))
    assert b"".join(pieces) == b"".join(clear)
    assert max(map(len, pieces)) <= 1000
    assert len(server.asked("/key")) == 1


def test_key_cache_is_limited(server: MediaServer, network: Network) -> None:
    text: list[str] = []
    for number in range(40):
        key = os.urandom(16)
        server.add(f"/key{number}", Page(key))
        server.add(f"/{number}", Page(encrypted(bytes([number]), key, number.to_bytes(16))))
        text += [f'#EXT-X-KEY:METHOD=AES-128,URI="key{number}"', "#EXTINF:1,", str(number)]
    with closing(PlaylistFile(playlist_of(server, *text, "#EXT-X-ENDLIST"), network)) as file:
        assert read_all(file) == bytes(range(40))
        assert 2 <= len(file._keys) <= 8


@pytest.mark.parametrize(
    ("key", "data"),
    [(bytes(16), b"not whole blocks"[:-1]), (bytes(5), bytes(32)), (bytes(99), bytes(32))],
)
def test_broken_encryption_is_an_error(
    server: MediaServer, network: Network, key: bytes, data: bytes
) -> None:
    server.add("/key", Page(key))
    server.add("/0", Page(data))
    source = playlist_of(
        server, '#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:1,", "0", "#EXT-X-ENDLIST"
    )
    with closing(PlaylistFile(source, network)) as file:
        assert read_all(file) == b""
        assert isinstance(file.failure, UnsupportedMediaError)


def test_refused_encrypted_segment_ends_the_file(server: MediaServer, network: Network) -> None:
    server.add("/key", Page(bytes(16)))
    data = encrypted(bytes(5000), bytes(16), (0).to_bytes(16))
    server.add("/0", Page(data, cut_after=1000))
    source = playlist_of(
        server, '#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:1,", "0", "#EXT-X-ENDLIST"
    )
    with closing(PlaylistFile(source, network)) as file:
        assert file.read(500)
        server.add("/0", Page(status=403))
        read_all(file)
        assert isinstance(file.failure, MediaRefusedError)
