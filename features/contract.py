"""What a feature must keep to, checked before it is computed: refusals say how to mend it."""

from functools import cache
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from features.definition import KEYS, Feature, Grain, View
from features.lineage import lineage, rows_of
from features.portable import differences
from features.tables import TABLE_BY_NAME
from features.units import UNITS, carries_its_unit

REASONS = {
    "contact": "identifies a person: who somebody is reachable as says nothing of what they want",
    "health": "tells of an illness, and needs written consent for any use",
}
_FLAG_OR_NUMBER = "a number or a flag"


class FeatureError(ValueError):
    """A feature was declared in a way that the contract does not allow."""


@cache
def check(feature: Feature) -> Feature:
    """Return the feature if it keeps the contract.

    Checked are the tables it reads, the columns it depends on and their purpose, that it is
    one value for each customer, its type, that all engines agree on it, its unit, and that it
    is labelled and documented.

    Raises
    ------
    FeatureError
        If it does not; the message says what to change.
    """
    name = feature.name
    _check_tables(name, feature.grain)
    value = _aggregate_of(feature)
    _check_shape(name, value)
    _check_rows(feature, value)
    _check_columns(feature)
    _check_type(feature, value)
    _check_engines(feature, value)
    _check_words(feature)
    return feature


def _check_tables(name: str, source: Grain | View) -> None:
    for table in source.sources:
        if table not in TABLE_BY_NAME:
            raise FeatureError(
                f"{name} reads the table {table}, which is not declared. Name the parameters "
                f"of {source.name} after declared tables ({', '.join(sorted(TABLE_BY_NAME))}), "
                "or declare the table in features/tables.py."
            )
    wanted = {*KEYS[source.unit], "as_of", "days_before"}
    wanted -= {"days_before"} if isinstance(source, View) else set()
    missing = sorted(wanted - set(_rows(name, source).columns))
    if missing:
        raise FeatureError(
            f"the rows of {source.name}, which {name} counts, lack {', '.join(missing)}. Keep "
            "them when you group or select: a feature is one value for each of them."
        )


def _rows(name: str, source: Grain | View) -> ir.Table:
    try:
        return rows_of(source)
    except AttributeError as error:
        if "available_on" in str(error) or "event_on" in str(error):
            raise FeatureError(
                f"{name}: {_grain(source).name} loses event_on or available_on, without which "
                "nobody can tell what was known at a cut-off. Keep both when you group or select."
            ) from error
        raise _unknown_column(name, source, error) from error
    except ibis.common.exceptions.IbisInputError as error:
        raise FeatureError(f"{name}: {source.name} cannot be built: {error}") from error


def _grain(source: Grain | View) -> Grain:
    return _grain(source.base) if isinstance(source, View) else source


def _unknown_column(name: str, source: Grain | View, error: AttributeError) -> FeatureError:
    tables = "; ".join(
        f"{table}: {', '.join(c.name for c in TABLE_BY_NAME[table].columns())}"
        for table in source.sources
    )
    return FeatureError(f"{name}: {error}. The declared columns are {tables}.")


def _aggregate_of(feature: Feature) -> Any:
    rows = _rows(feature.name, feature.grain)
    try:
        return feature.aggregate(rows)
    except AttributeError as error:
        raise FeatureError(
            f"{feature.name}: {error}. The rows of {feature.grain.name} have the columns "
            f"{', '.join(rows.columns)}."
        ) from error


def _check_shape(name: str, value: Any) -> None:
    if not isinstance(value, ir.Value):
        raise FeatureError(
            f"{name} returns {type(value).__name__}, not an Ibis value. Return an aggregate of "
            "the rows, such as `rows.amount.sum()`."
        )
    if not isinstance(value, ir.Scalar) or _has_no_aggregate(value):
        raise FeatureError(
            f"{name} returns one value for each row instead of one for each customer. Reduce "
            "it, as in `rows.days_before.min()`, `.max()`, `.sum()` or `.mean()`."
        )


def _check_rows(feature: Feature, value: ir.Value) -> None:
    """Refuse what looks past the rows that were cut off at `as_of`, at any other table."""
    rows = rows_of(feature.grain)
    found = value.op().find(ops.Field, filter=ops.Value)
    others = {one.rel for one in found} - {rows.op()}
    if others:
        raise FeatureError(
            f"{feature.name} looks at other rows than those of {feature.grain.name}, which are all "
            "that it is given. Use only its argument `rows`; what it needs beside belongs into a "
            f"view of {feature.grain.name}, whose further parameters are declared tables."
        )


def _has_no_aggregate(value: ir.Value) -> bool:
    return not value.op().find(ops.Reduction)


def _check_columns(feature: Feature) -> None:
    for table, columns in lineage(feature).items():
        for column in columns:
            purpose = _purpose(table, column)
            if purpose != "general":
                raise FeatureError(
                    f"{feature.name} uses {table}.{column}, of the purpose class {purpose}: it "
                    f"{REASONS[purpose]}. Drop it from the feature and from {feature.grain.name}."
                )


def _purpose(table: str, column: str) -> str:
    try:
        return TABLE_BY_NAME[table].column(column).purpose
    except KeyError:  # `event_on` and `available_on` stand for the declared times
        times = [c for c in TABLE_BY_NAME[table].columns() if c.name == "event_time"]
        return times[0].purpose if times else "general"


def _check_type(feature: Feature, value: ir.Value) -> None:
    found = value.type()
    is_text = feature.unit == "text"
    fits = found.is_string() if is_text else found.is_numeric() or found.is_boolean()
    if not fits:
        wanted = "text" if is_text else _FLAG_OR_NUMBER
        hint = (
            "Count the days instead: `rows.days_before.min()`."
            if found.is_temporal()
            else "Cast the value, or declare another unit."
        )
        raise FeatureError(
            f"{feature.name} returns {found}, but its unit {feature.unit!r} needs {wanted}. {hint}"
        )


def _check_engines(feature: Feature, value: ir.Value) -> None:
    for one in differences(value):
        raise FeatureError(
            f"{feature.name}, or the rows that it counts, {one.says}. Instead {one.instead}: a "
            "feature has the same value on every engine."
        )


def _check_words(feature: Feature) -> None:
    if feature.unit not in UNITS:
        raise FeatureError(
            f"{feature.name} has the unit {feature.unit!r}, which features/units.py does not "
            f"know. Take one of {', '.join(sorted(UNITS))}, or add it there."
        )
    if not carries_its_unit(feature.name, feature.unit):
        raise FeatureError(
            f"the name {feature.name} does not say that it is in {feature.unit}. Put one of "
            f"{', '.join(UNITS[feature.unit])} into it."
        )
    missing = [language for language in ("en", "zh-TW") if not feature.label.get(language)]
    if missing:
        raise FeatureError(f"{feature.name} has no label in {', '.join(missing)}. Add one.")
    if feature.empty is None and "null" not in feature.description.lower():
        raise FeatureError(
            f"the docstring of {feature.name} does not say what null means. Add a sentence: "
            "who has none, and what is excluded."
        )
