"""Rows of a `.npy` file, a page at a time: no row is held that was not asked for.

Not `numpy.load(mmap_mode="r")`: it needs a file on disk, and a zip's member is a stream.
Seeking serves both; backwards, which a zip would have to read anew for, nobody goes.
"""

from typing import IO

import numpy as np
from numpy.lib import format as npy

from stylus_engine.errors import BadArchive

MOST_LENGTH = 8192  # numbers of one vector
KINDS = frozenset({"<f8", "<f4", "<f2"})
TINY = 1e-6  # a vector shorter than this points nowhere


class Vectors:
    """The vectors in `file`, shape (rows, length), float of any width. Raises `BadArchive`."""

    def __init__(self, file: IO[bytes], source: str) -> None:
        self._file = file
        self._source = source
        shape, self._kind = self._header()
        self.rows, self.length = shape
        self._first = file.tell()

    def units(self, first: int, last: int) -> dict[int, bytes]:
        """Row -> little-endian float32 of length 1, of rows `first` to before `last`.

        A row that holds no direction (zeros, NaN) is left out: its text can be embedded.
        """
        found = self._read(first, min(last, self.rows)).astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = np.sqrt(np.square(found).sum(axis=1))
        good = np.flatnonzero(np.isfinite(lengths) & (lengths > TINY))
        units = (found[good] / lengths[good, None]).astype("<f4")
        return {first + int(row): unit.tobytes() for row, unit in zip(good, units, strict=True)}

    def _header(self) -> tuple[tuple[int, int], np.dtype[np.floating]]:
        try:
            version = npy.read_magic(self._file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, fortran, kind = read(self._file)
        except (ValueError, EOFError, SyntaxError, TypeError) as error:
            raise self._bad("its vectors are no .npy file") from error
        if fortran or kind.str not in KINDS or len(shape) != 2 or not 0 < shape[1] <= MOST_LENGTH:
            raise self._bad("its vectors are not rows of numbers")
        return (shape[0], shape[1]), kind

    def _read(self, first: int, last: int) -> np.ndarray[tuple[int, int], np.dtype[np.floating]]:
        count = max(last - first, 0)
        width = self.length * self._kind.itemsize
        self._file.seek(self._first + first * width)
        data = self._file.read(count * width)
        if len(data) < count * width:
            raise self._bad("its file of vectors ends too early")
        return np.frombuffer(data, self._kind).reshape(count, self.length)

    def _bad(self, why: str) -> BadArchive:
        return BadArchive(source=self._source, why=why)
