"""Ring of the newest chunks of a published stream, bounded in bytes."""

from collections import deque

from .ts_encoder import Chunk


class ChunkRing:
    """The newest chunks, by index from the first one ever. Locked by its owner."""

    def __init__(self, max_bytes: int) -> None:
        """Keep at most `max_bytes`, but always the newest chunk."""
        self._max_bytes = max_bytes
        self._bytes = 0
        self._chunks: deque[Chunk] = deque()
        self._first = 0
        self._key: int | None = None
        self._key_position = 0.0
        self.gop_seconds = 0.0
        """Age of the newest keyframe at the newest chunk."""

    def append(self, chunk: Chunk) -> None:
        """Add the next chunk and drop the oldest beyond the limit."""
        if chunk.key:
            self._key = self._first + len(self._chunks)
            self._key_position = chunk.position
        self.gop_seconds = chunk.position - self._key_position
        self._chunks.append(chunk)
        self._bytes += len(chunk.data)
        while self._bytes > self._max_bytes and len(self._chunks) > 1:
            self._bytes -= len(self._chunks.popleft().data)
            self._first += 1

    def release(self, index: int) -> None:
        """Drop the chunks before both `index` and the newest keyframe, where a new reader starts."""
        end = index if self._key is None else min(index, self._key)
        while self._chunks and self._first < end:
            self._bytes -= len(self._chunks.popleft().data)
            self._first += 1

    def read(self, index: int | None) -> tuple[bytes, int] | None:
        """Return the data of a chunk and the next index; None if there is none yet.

        Without an index, or if the chunk was dropped, read from the newest keyframe.
        """
        missed = index is not None and index < self._first
        if index is None or missed:
            index = self._key
            if index is None or index < self._first:
                return None
        if index - self._first >= len(self._chunks):
            return None
        chunk = self._chunks[index - self._first]
        return chunk.after_gap() if missed else chunk.data, index + 1
