"""A feature by example: rows that everybody can see, and the column they give.

The examples of `SPECS` in `tests/features` are tests, and `docs/features.md` shows them.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

import pytest
from shop import AS_OF, Row, value_of

from features.definition import Feature


class Spec(NamedTuple):
    """What a feature is for some rows.

    Attributes
    ----------
    says : str
        The behaviour in a sentence.
    feature : Feature
        What is computed.
    rows : sequence of Row
        Rows of any tables.
    expected : mapping
        The value of each customer; None is null.
    as_of : date
        The cut-off.
    """

    says: str
    feature: Feature
    rows: Sequence[Row]
    expected: dict[str, Any]
    as_of: date = AS_OF


def check_specs(specs: Sequence[Spec]) -> Callable[[Spec], None]:
    """Return a test that runs through the examples."""

    @pytest.mark.parametrize("spec", specs, ids=lambda spec: spec.says.replace(" ", "-"))
    def test(spec: Spec) -> None:
        lines = [row for row in spec.rows if row.table == "transactions"]
        tables: dict[str, Any] = {}
        for row in spec.rows:
            if row.table != "transactions":
                tables.setdefault(row.table, []).append(row)
        for name in spec.feature.grain.sources:
            if name not in ("transactions", "customers"):
                tables.setdefault(name, [])
        if "customers" in tables:
            tables["members"] = tables.pop("customers")
        found = value_of(spec.feature, *lines, as_of=spec.as_of, **tables)
        assert {name: found.get(name) for name in spec.expected} == pytest.approx(spec.expected)

    return test
