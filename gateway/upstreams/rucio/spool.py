"""A list on its way through: in memory while it is short, in a file without a name when it is long."""

import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import orjson

# A thousand bytes a row: up to here nothing touches the disk.
_MEMORY_BYTES: Final = 16 * 1024 * 1024


class Spool:
    """Rows are added, then read once in the same order; the file goes when it is closed or read."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 - closed below
        self.count = 0

    def add(self, row: object) -> None:
        """Add a row."""
        self._file.write(_dumped(row) + b"\n")
        self.count += 1

    def batches(self, size: int) -> Iterator[list[Any]]:
        """Give the rows in batches, then forget them."""
        try:
            self._file.seek(0)
            rows = iter(self._file)
            while batch := [_loaded(line) for line in islice(rows, size)]:
                yield batch
        finally:
            self.close()

    def rows(self) -> list[Any]:
        """Give all rows at once, then forget them: for lists that are short by their nature."""
        return [row for batch in self.batches(1000) for row in batch]

    def close(self) -> None:
        """Forget the rows."""
        self._file.close()


def _dumped(row: object) -> bytes:
    """A row in one line; what orjson refuses (beyond 64 bits, lone surrogates) others judge."""
    try:
        return orjson.dumps(row)
    except TypeError:
        return json.dumps(row).encode()


def _loaded(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return json.loads(line)
