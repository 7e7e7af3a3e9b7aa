"""Read the header bits of H.264 and HEVC NAL units (ITU-T H.264, 7.3 and 9.1; H.265, 7.3 and 9.2)."""

from typing import Final

from ..errors import FragmentError

_MAX_ZEROS: Final = 32
"""Leading zeros of the longest Exp-Golomb code."""


class BitReader:
    """Reads bits from the front, most significant first. Raises FragmentError beyond the end."""

    def __init__(self, data: bytes) -> None:
        """Start at the first bit of `data`, which is without emulation prevention (`raw_bytes`)."""
        self._value = int.from_bytes(data)
        self._left = 8 * len(data)

    def bits(self, count: int) -> int:
        """Read an unsigned number of `count` bits."""
        if count > self._left:
            raise FragmentError("a parameter set is truncated")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def flag(self) -> bool:
        """Read one bit."""
        return bool(self.bits(1))

    def golomb(self) -> int:
        """Read an unsigned Exp-Golomb code, `ue(v)`."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > _MAX_ZEROS:
                raise FragmentError("a parameter set is damaged")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed_golomb(self) -> int:
        """Read a signed Exp-Golomb code, `se(v)`."""
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def raw_bytes(nal: bytes) -> bytes:
    """Return a NAL unit without the bytes that prevent emulation of start codes (H.264, 7.4.1)."""
    first, *others = nal.split(b"\0\0\3")
    return first + b"".join(b"\0\0" + other for other in others)
