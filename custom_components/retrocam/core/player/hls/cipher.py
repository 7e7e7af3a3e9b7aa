"""Segments of HLS that are encrypted with AES-128 (RFC 8216, 4.3.2.4), deciphered as they are read."""

import io
from typing import override

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from ...errors import PlayError, UnsupportedMediaError
from ..net.http_file import RemoteFile


class Deciphered(io.RawIOBase):
    """The clear bytes of an encrypted file. Used by one thread."""

    def __init__(self, source: RemoteFile, key: bytes, iv: bytes) -> None:
        """Read from `source`, which is closed with this. Raises UnsupportedMediaError for a bad key."""
        super().__init__()
        self._source = source
        if len(key) != 16:
            source.close()
            raise UnsupportedMediaError("the key of the segments is broken")
        self.failure: PlayError | None = None
        self._decryptor = Cipher(AES(key), CBC(iv)).decryptor()
        self._unpadder = PKCS7(128).unpadder()
        self._ended = False
        self._clear = b""

    @override
    def readable(self) -> bool:
        return True

    @override
    def read(self, size: int = 65536, /) -> bytes:
        """Return some bytes, at most `size`, or none at the end or when it failed."""
        while not self._clear and not self._ended:
            data = self._source.read(size)
            self.failure = self._source.failure
            if self.failure is not None:
                break
            if data:
                self._clear = self._unpadder.update(self._decryptor.update(data))
            else:
                self._ended = True
                self._clear = self._finish()
        # Never more than was asked for: FFmpeg's buffer has just that size.
        clear, self._clear = self._clear[:size], self._clear[size:]
        return clear

    def _finish(self) -> bytes:
        try:
            return self._unpadder.update(self._decryptor.finalize()) + self._unpadder.finalize()
        except ValueError as err:
            self.failure = UnsupportedMediaError(f"an encrypted segment is broken: {err}")
            return b""

    @override
    def close(self) -> None:
        self._source.close()
        super().close()
