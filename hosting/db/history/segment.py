"""The readings of a device and a day in one piece, compressed with zstd (RFC 8878) and a dictionary.

Inside, a line each: the seconds since the reading before (of the first one since 1970), a space, the body exactly as it came. What
one reading has in common with the one before, and with those of all devices in the dictionary, costs next to nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import zstandard

from hosting.db.history.stored_reading import StoredReading

LEVEL = 9
"""Above it, segments take ten times as long and become no smaller."""
SEGMENT_BYTES = 16 * 1024 * 1024
"""The most that a segment holds, before it is compressed: three times what a device says that is read each minute."""


class SegmentError(Exception):
    """A segment cannot be read: it is damaged, or its dictionary is missing."""


@dataclass(frozen=True)
class Dictionary:
    """What segments are compressed with; version 0 is the empty one."""

    version: int
    content: bytes

    @cached_property
    def _prepared(self) -> zstandard.ZstdCompressionDict | None:
        return zstandard.ZstdCompressionDict(self.content) if self.content else None

    @cached_property
    def compressor(self) -> zstandard.ZstdCompressor:
        """What compresses with it. A segment names its dictionary beside itself."""
        return zstandard.ZstdCompressor(level=LEVEL, dict_data=self._prepared, write_checksum=True, write_dict_id=False)

    @cached_property
    def decompressor(self) -> zstandard.ZstdDecompressor:
        """What reads what was compressed with it."""
        return zstandard.ZstdDecompressor(dict_data=self._prepared)


NO_DICTIONARY = Dictionary(0, b"")


def pack(readings: Iterable[StoredReading], dictionary: Dictionary) -> bytes:
    """Return the segment of readings, which come in the order of time."""
    before, lines = 0, []
    for reading in readings:
        seconds = int(reading.taken_at.timestamp())
        # A line end in JSON stands between its words, where a space says the same.
        lines.append(f"{seconds - before} {reading.body.replace(chr(10), ' ')}")
        before = seconds
    return dictionary.compressor.compress("\n".join(lines).encode())


def size_of(segment: bytes) -> int:
    """Return how many bytes the readings of a segment take. Raises SegmentError."""
    try:
        size = zstandard.frame_content_size(segment)
    except zstandard.ZstdError as error:
        raise SegmentError(f"it is damaged ({error})") from error
    if not 0 <= size <= SEGMENT_BYTES:
        raise SegmentError("it is damaged: its size is none")
    return size


def unpack(segment: bytes, dictionary: Dictionary) -> list[StoredReading]:
    """Return the readings of a segment in the order of time. Raises SegmentError."""
    size_of(segment)
    try:
        text = dictionary.decompressor.decompress(segment).decode()
        seconds, readings = 0, []
        for line in text.split("\n"):
            passed, _, body = line.partition(" ")
            seconds += int(passed)
            readings.append(StoredReading(datetime.fromtimestamp(seconds, UTC), body))
    except (zstandard.ZstdError, ValueError, OverflowError) as error:
        raise SegmentError(f"it is damaged ({error})") from error
    return readings


def train(samples: Sequence[bytes], size: int) -> bytes:
    """Return a dictionary of at most `size` bytes for what is like these samples; empty where they are too few or too alike."""
    try:
        # Segments of 8 bytes in stretches of 200: found well and fast for readings, without a search for what suits best.
        return zstandard.train_dictionary(size, list(samples), d=8, k=200, level=LEVEL).as_bytes()
    except zstandard.ZstdError:
        return b""
