"""The mapping file: which of the retailer's files and columns are which of ours."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from features.tables import TABLE_BY_NAME


class MappingError(ValueError):
    """A mapping file cannot be used: where, why, and what to write instead."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ColumnMap(_Strict):
    """Where one of our columns comes from.

    Attributes
    ----------
    source : tuple of str
        The retailer's columns; several are joined by `-`, as an id made of two numbers.
    constant : str, int, float or bool
        The same value in every row, in place of a source.
    sign_of : str
        A column of quantities, in place of a source: `return` below 0, otherwise `sale`.
    values : dict
        The retailer's codes and ours; a value that is not listed stays as it is.
    format : str
        How dates or times are written, as in `%d.%m.%Y %H:%M`; or `epoch_s`, `epoch_ms`.
    time_zone : str
        Zone of times that carry none; that of the whole file where it is left out.
    """

    source: tuple[str, ...] = Field(default=(), alias="from")
    constant: str | int | float | bool | None = None
    sign_of: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    format: str | None = None
    time_zone: str | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _several(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @field_validator("values", mode="before")
    @classmethod
    def _codes_are_texts(cls, given: Any) -> Any:
        return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum((bool(self.source), self.constant is not None, self.sign_of is not None)) != 1:
            raise ValueError("give exactly one of `from`, `constant` and `sign_of`")
        return self


class TableMap(_Strict):
    """Where one of our tables comes from.

    Attributes
    ----------
    source : str
        The retailer's name of the file (without suffix) or table.
    columns : dict
        By our name of the column, the retailer's name or more.
    """

    source: str = Field(alias="from")
    columns: dict[str, ColumnMap]

    @field_validator("columns", mode="before")
    @classmethod
    def _names_alone(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {
            ours: {"from": theirs} if isinstance(theirs, str | list) else theirs
            for ours, theirs in given.items()
        }


class Mapping(_Strict):
    """A whole mapping file.

    Attributes
    ----------
    tables : dict
        By our name of the table.
    title : str
        What the data are called.
    time_zone : str
        Business time zone, and the zone of times that carry none.
    currency : str
        Currency code of all money.
    encoding : str
        Of CSV files, as Python calls it.
    delimiter : str
        Of CSV files; found from the heading where it is left out.
    decimal : str
        Decimal mark of numbers written as texts: `.` or `,`; the other one groups thousands.
    missing : tuple of str
        Texts that mean "no value", beside the empty one.
    """

    tables: dict[str, TableMap]
    title: str = "the retailer's tables"
    time_zone: str = "UTC"
    currency: str | None = None
    encoding: str = "utf-8"
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    decimal: str = Field(default=".", pattern=r"^[.,]$")
    missing: tuple[str, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{name} is no time zone; write one as Asia/Taipei") from error
        return name

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, name: str) -> str:
        try:
            "".encode(name)
        except LookupError as error:
            raise ValueError(f"{name} is no encoding; write one as utf-8 or cp950") from error
        return name

    @field_validator("tables")
    @classmethod
    def _are_declared(cls, tables: dict[str, TableMap], _: ValidationInfo) -> dict[str, TableMap]:
        for name, table in tables.items():
            if name not in TABLE_BY_NAME:
                raise ValueError(_unknown("table", name, list(TABLE_BY_NAME)))
            declared = list(TABLE_BY_NAME[name].schema())
            for column in table.columns:
                if column not in declared:
                    raise ValueError(f"{name}: {_unknown('column', column, declared)}")
        return tables


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises
    ------
    MappingError
        If it is missing, is no YAML, or says something that it cannot; the message names the
        place in the file.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MappingError(
            f"{path}: no such file. `shortlist import tables DIR --suggest` drafts one."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 1}" if place else ""
        raise MappingError(f"{path}{line}: not valid YAML in UTF-8.") from error
    try:
        return Mapping.model_validate(document)
    except ValidationError as error:
        problems = [
            f"{path}: {'.'.join(str(part) for part in one['loc']) or 'the file'}: "
            f"{one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        ]
        raise MappingError("\n".join(problems)) from error


def _unknown(what: str, name: str, declared: list[str]) -> str:
    close = get_close_matches(name, declared, n=1)
    hint = f"Did you mean {close[0]}? " if close else ""
    return f"we have no {what} {name}. {hint}There are: {', '.join(declared)}"
