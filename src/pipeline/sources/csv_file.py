"""A CSV file that holds one table."""

import codecs
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, cast

from pipeline.sources.cells import Heading, read_heading, write_cells
from pipeline.sources.definition import SourceError

_CHUNK_BYTES = 8 << 20
_LONGEST_HEADING = 1 << 20
_LINE_END = b"\n"
_LINE_ENDS = ("\n", "\r")


@dataclass(frozen=True)
class CsvFile:
    """One CSV file with a heading.

    Attributes
    ----------
    path : Path
        The file.
    name : str
        The retailer's name of the table.
    encoding : str
        As Python calls it. A file that starts with a byte order mark says so itself.
    delimiter : str, optional
        Between two cells; found from the heading where it is left out.
    """

    path: Path
    name: str
    encoding: str = "utf-8"
    delimiter: str | None = None

    @property
    def origin(self) -> str:
        """Name of the file."""
        return self.path.name

    def columns(self) -> tuple[str, ...]:
        """Return the names in the heading."""
        return self._heading().names

    def write(self, to: Path) -> None:
        """Write every cell as a text; see `write_cells`."""
        encoding = self._encoding()
        self._require_decodable(encoding)
        line = self._first_line()
        only_line = None if line.endswith(_LINE_ENDS) else line.encode() + _LINE_END
        write_cells(
            lambda: BytesIO(only_line) if only_line else _as_utf_8(self.path, encoding),
            to,
            heading=self._heading(),
            origin=self.origin,
            size=2 * self.path.stat().st_size,  # in UTF-8 it may be longer than it is
        )

    def _heading(self) -> Heading:
        line = self._first_line().strip("\r\n")
        return read_heading(line, origin=self.origin, delimiter=self.delimiter)

    def _first_line(self) -> str:
        encoding = self._encoding()
        try:
            with self.path.open(encoding=encoding) as file:
                return file.readline(_LONGEST_HEADING)
        except UnicodeError:
            self._require_decodable(encoding)
            raise

    def _encoding(self) -> str:
        try:
            with self.path.open("rb") as file:
                start = file.read(3)
        except OSError as error:
            raise SourceError(f"{self.origin} cannot be read: {error.strerror}.") from error
        if not start:
            raise SourceError(f"{self.origin} is empty: 0 bytes. Export it again.")
        if start == codecs.BOM_UTF8:
            return "utf-8-sig"
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        return self.encoding

    def _require_decodable(self, encoding: str) -> None:
        """Read the file once, and say where it first is not in its encoding."""
        decoder = codecs.getincrementaldecoder(encoding)()
        passed, line, held = 0, 1, b""
        with self.path.open("rb") as file:
            while True:
                chunk = file.read(_CHUNK_BYTES)
                held = decoder.getstate()[0]
                try:
                    decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError as error:
                    before = (held + chunk)[: error.start]
                    byte = (held + chunk)[error.start]
                    raise SourceError(
                        f"{self.origin} is not in {encoding}: byte 0x{byte:02X} at position "
                        f"{passed - len(held) + error.start:,}, in line "
                        f"{line + before.count(_LINE_END):,}. Save it as UTF-8, or name its "
                        "encoding in a mapping file, such as `encoding: cp950` (Big5) or "
                        "`encoding: cp1252` (Western European)."
                    ) from error
                if not chunk:
                    return
                passed += len(chunk)
                line += chunk.count(_LINE_END)


def _as_utf_8(path: Path, encoding: str) -> IO[bytes]:
    """Open a file as a stream of UTF-8, transcoding where it is something else."""
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig"):
        return path.open("rb")
    import pyarrow as pa

    return cast("IO[bytes]", pa.transcoding_input_stream(pa.OSFile(str(path)), encoding, "utf-8"))
