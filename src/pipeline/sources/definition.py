"""What a source is: a place that delivers tables under names of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.exit_codes import ExitCode

#: Bookkeeping that reading adds, so that a refused row can be found again in its file.
SOURCE_FILE = "_file"
SOURCE_ROW = "_row"
#: Why a line could not be split into cells, and the line itself; only where one could not.
SOURCE_PROBLEM = "_problem"
SOURCE_TEXT = "_text"

BOOKKEEPING = (SOURCE_FILE, SOURCE_ROW, SOURCE_PROBLEM, SOURCE_TEXT)


class SourceError(ValueError):
    """The data cannot be read as they lie: what was found, where, and how to fix it."""

    exit_code = ExitCode.UNUSABLE


class NoSourceError(SourceError):
    """There are no data where they were said to be, or nobody answers there."""

    exit_code = ExitCode.ERROR


class Delivery(Protocol):
    """One table as the retailer delivers it: own name, own columns, own types."""

    @property
    def name(self) -> str:
        """The retailer's name of the table."""

    @property
    def origin(self) -> str:
        """What a message calls it, such as `transactions.csv`."""

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns as delivered, in their order.

        Raises
        ------
        SourceError
            If they cannot be read.
        """

    def write(self, to: Path) -> None:
        """Copy every row into one Parquet file, values and types untouched.

        A file without the column `_row` keeps the source's own order, so that the position
        in the file is the row's number.

        Raises
        ------
        SourceError
            If the rows cannot be read.
        """


@dataclass(frozen=True)
class Source:
    """What lies at a location.

    Attributes
    ----------
    location : str
        As the user typed it, without a password.
    deliveries : tuple of Delivery
        The tables found, in order of their names.
    """

    location: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class Imported:
    """What an adapter wrote.

    Attributes
    ----------
    rows : dict
        Rows written, by table.
    notes : tuple of str
        What a reader should know about them.
    """

    rows: dict[str, int]
    notes: tuple[str, ...] = ()
