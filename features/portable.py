"""What may not stand in a feature, because engines disagree on it; and what to write instead."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ibis.expr.operations as ops
import ibis.expr.types as ir


class Difference(NamedTuple):
    """One expression that DuckDB and Spark do not compute alike.

    Attributes
    ----------
    says : str
        What differs, in a sentence without its subject.
    instead : str
        What to write.
    """

    says: str
    instead: str


def differences(value: ir.Value) -> list[Difference]:
    """Return what in an expression, or in the rows behind it, depends on the engine.

    Examples
    --------
    >>> import ibis
    >>> rows = ibis.table({"amount": "float64", "pieces": "int64"}, name="rows")
    >>> [one.instead for one in differences((rows.amount.sum() / rows.pieces.sum()))]
    ['divide by `x.nullif(0)`']
    >>> differences(rows.amount.sum() / rows.pieces.sum().nullif(0))
    []
    """
    return list(dict.fromkeys(_found(value.op())))


def _found(node: ops.Node) -> Iterator[Difference]:
    for kinds, differs, difference in _RULES:
        if any(differs(one) for one in node.find(kinds)):
            yield difference


def _always(_node: Any) -> bool:
    return True


def _may_be_zero(node: Any) -> bool:
    constant = isinstance(node.right, ops.Literal) and node.right.value != 0
    return not constant and not isinstance(node.right, ops.NullIf)


def _drops_decimals(node: Any) -> bool:
    whole = isinstance(node.arg, ops.Floor | ops.Ceil)
    return node.arg.dtype.is_floating() and node.to.is_integer() and not whole


def _may_be_negative(node: Any) -> bool:
    return not isinstance(node.arg, ops.IfElse | ops.SearchedCase | ops.Greatest)


def _nearest(node: Any) -> bool:
    return bool(node.how == "asof")


Rule = tuple[tuple[type, ...], Callable[[Any], bool], Difference]

_RULES: tuple[Rule, ...] = (
    (
        (ops.Divide, ops.FloorDivide, ops.Modulus),
        _may_be_zero,
        Difference("is null on DuckDB and an error on Spark when it divides by zero",
                   "divide by `x.nullif(0)`"),
    ),
    (
        (ops.Cast,),
        _drops_decimals,
        Difference("rounds on DuckDB and truncates on Spark when it makes a whole number",
                   "write `x.floor().cast(...)`"),
    ),
    (
        (ops.Round,),
        _always,
        Difference("rounds halves to different sides", "write `(x + 0.5).floor()`"),
    ),
    (
        (ops.TimestampDelta,),
        _always,
        Difference("counts boundaries crossed on DuckDB and time elapsed on Spark",
                   "take `.date()` of both first"),
    ),
    (
        (ops.Ln, ops.Log, ops.Log2, ops.Log10),
        _may_be_negative,
        Difference("is an error on DuckDB and null on Spark for the logarithm of zero or less",
                   "write `(x > 0).ifelse(x, None).ln()`"),
    ),
    (
        (ops.Median,),
        _always,
        Difference("has no median with a condition on Spark",
                   "write `x.quantile(0.5)` of rows that a view has filtered"),
    ),
    (
        (ops.First, ops.Last, ops.Arbitrary),
        _always,
        Difference("takes any row, or fails, where the order of rows decides",
                   "write `x.argmin(time)` or `x.argmax(time)`"),
    ),
    (
        (ops.Mode,),
        _always,
        Difference("has no mode on Spark", "write `x.argmax(n)` over a view that counts `n`"),
    ),
    (
        (ops.BitAnd, ops.BitOr, ops.BitXor),
        _always,
        Difference("has no bitwise aggregates on Spark", "take the `max()` of one flag a bit"),
    ),
    (
        (
            ops.ApproxCountDistinct,
            ops.ApproxMedian,
            ops.ApproxMultiQuantile,
            ops.ApproxQuantile,
            ops.Hash,
            ops.HashBytes,
        ),
        _always,
        Difference("gives numbers of its own on every engine", "write the exact form"),
    ),
    (
        (ops.IsNan, ops.IsInf),
        _always,
        Difference("sees NaN on Spark where DuckDB sees none", "test for null: data hold no NaN"),
    ),
    (
        (ops.JoinLink,),
        _nearest,
        Difference("has no join with the nearest earlier row on Spark",
                   "join a view that takes `x.argmax(time)` of the earlier rows"),
    ),
    (
        (ops.RandomScalar, ops.RandomUUID, ops.TimestampNow, ops.DateNow),
        _always,
        Difference("differs from one run to the next", "count from the cut-off, `as_of`"),
    ),
)  # fmt: skip
