"""What a publisher's readers share: the newest chunks of its stream, within a number of bytes."""

from collections import deque

from .ts_encoder import Chunk


class ChunkRing:
    """The newest chunks, counted from the first one ever. Locked by its owner."""

    def __init__(self, most_bytes: int) -> None:
        """Keep at most so many bytes, but always the newest chunk."""
        self._most_bytes = most_bytes
        self._bytes = 0
        self._chunks: deque[Chunk] = deque()
        self._first = 0
        self._key: int | None = None
        self.gop_seconds = 0.0
        """How old the newest keyframe is, by the newest chunk."""
        self._key_position = 0.0

    def append(self, chunk: Chunk) -> None:
        """Take in the next chunk, and drop the oldest ones beyond the limit."""
        if chunk.key:
            self._key = self._first + len(self._chunks)
            self._key_position = chunk.position
        self.gop_seconds = chunk.position - self._key_position
        self._chunks.append(chunk)
        self._bytes += len(chunk.data)
        while self._bytes > self._most_bytes and len(self._chunks) > 1:
            self._bytes -= len(self._chunks.popleft().data)
            self._first += 1

    def read(self, place: int | None) -> tuple[bytes, int] | None:
        """Return the chunk at a place and the next place; None if it is yet to come.

        A reader without a place, or whose chunk is gone, gets the newest keyframe.
        """
        missed = place is not None and place < self._first
        if place is None or missed:
            place = self._key
            if place is None or place < self._first:
                return None
        if place - self._first >= len(self._chunks):
            return None
        chunk = self._chunks[place - self._first]
        return chunk.after_gap() if missed else chunk.data, place + 1
