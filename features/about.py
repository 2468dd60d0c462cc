"""What a person is told about a feature, whatever shows it."""

import inspect
import re
import sys
from collections.abc import Mapping
from typing import NamedTuple

from features.contract import check
from features.definition import Coded, Feature, Unit, View
from features.lineage import lineage
from features.tables import TABLE_BY_NAME

_PURPOSES = ("general", "contact", "health")


class About(NamedTuple):
    """A feature described.

    Attributes
    ----------
    name, unit : str
        The column and the unit of its values.
    label : mapping
        What a marketer reads, by language.
    description : str
        What it says, and what is excluded.
    null : str
        The sentences that say what null, or the value without a row, means.
    counts : str
        The rows it aggregates: the grain, and the view in between.
    reads : mapping
        Columns by table.
    purpose : str
        The strictest purpose class among those columns; always `general`.
    theme : str
        The first line of the module that declares it.
    """

    name: str
    unit: str
    label: Mapping[str, str]
    description: str
    null: str
    counts: str
    reads: Mapping[str, tuple[str, ...]]
    purpose: str
    theme: str


def about(feature: Feature | Coded) -> About:
    """Describe a feature or a column of a coding; what breaks the contract is refused."""
    if isinstance(feature, Coded):
        return About(
            name=feature.name,
            unit=feature.unit,
            label=feature.label,
            description=feature.description,
            null=feature.description,
            counts=f"columns of the snapshot, through the coding {feature.coding.name}",
            reads={},
            purpose="general",
            theme=theme_of(feature),
        )
    reads = lineage(check(feature))
    return About(
        name=feature.name,
        unit=feature.unit,
        label=feature.label,
        description=feature.description,
        null=meaning_of_null(feature),
        counts=_chain(feature),
        reads=reads,
        purpose=_strictest(reads),
        theme=theme_of(feature),
    )


def meaning_of_null(feature: Feature) -> str:
    """Return the sentences of the description that speak of null.

    Examples
    --------
    >>> from features.returns import days_since_last_return
    >>> meaning_of_null(days_since_last_return)
    'null without a return.'
    """
    if feature.empty is not None:
        return f"never null: {feature.empty} for a customer without a row"
    text = " ".join(feature.description.split())
    clauses = re.split(r"(?<=[.;]) ", text)
    said = " ".join(clause for clause in clauses if "null" in clause.lower())
    return said.rstrip(";")


def unit_of(feature: Feature | Coded) -> Unit:
    """Return what one value belongs to: a customer, a product or a moment."""
    return "customer" if isinstance(feature, Coded) else feature.grain.unit


def theme_of(feature: Feature | Coded) -> str:
    """Return the first line of the module that declares a feature, or the coding it is of."""
    code = feature.coding.fit if isinstance(feature, Coded) else feature.aggregate
    module = sys.modules[inspect.unwrap(code).__module__]
    return (inspect.getdoc(module) or "").splitlines()[0]


def _chain(feature: Feature) -> str:
    names, source = [], feature.grain
    while isinstance(source, View):
        names.append(source.name)
        source = source.base
    return " of ".join([*names, source.name])


def _strictest(reads: Mapping[str, tuple[str, ...]]) -> str:
    found = {"general"}
    for table, columns in reads.items():
        declared = {one.name: one.purpose for one in TABLE_BY_NAME[table].columns()}
        found |= {declared[name] for name in columns if name in declared}
    return max(found, key=_PURPOSES.index)
