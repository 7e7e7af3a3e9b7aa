"""Decryption of HLS segments with AES-128 (RFC 8216, 4.3.2.4)."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from ...errors import PlayError, UnsupportedMediaError
from ..net.http_file import RemoteFile


class DecryptedFile:
    """The plaintext of an encrypted file. Used by one thread."""

    def __init__(self, source: RemoteFile, key: bytes, iv: bytes) -> None:
        """Take over `source`. Raises UnsupportedMediaError for a key of another size."""
        self._source = source
        if len(key) != 16:
            source.close()
            raise UnsupportedMediaError("not an AES-128 key")
        self.failure: PlayError | None = None
        self._decryptor = Cipher(AES(key), CBC(iv)).decryptor()
        self._unpadder = PKCS7(128).unpadder()
        self._ended = False
        self._plaintext = b""

    def read(self, size: int) -> bytes:
        """Return 1 to `size` bytes; none at the end, or with `failure` set."""
        while not self._plaintext and not self._ended:
            data = self._source.read(size)
            self.failure = self._source.failure
            if self.failure is not None:
                break
            if data:
                self._plaintext = self._unpadder.update(self._decryptor.update(data))
            else:
                self._ended = True
                self._plaintext = self._finish()
        # Never more than requested: FFmpeg's buffer has just that size.
        data, self._plaintext = self._plaintext[:size], self._plaintext[size:]
        return data

    def _finish(self) -> bytes:
        try:
            return self._unpadder.update(self._decryptor.finalize()) + self._unpadder.finalize()
        except ValueError as err:
            self.failure = UnsupportedMediaError(f"an encrypted segment is broken: {err}")
            return b""

    def close(self) -> None:
        """Close the source."""
        self._source.close()
