"""What codings learn from, as frames: sorted by customer, so that the same rows give the same."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ibis import _

from features.definition import Known

if TYPE_CHECKING:
    import pandas as pd

#: More customers than these teach a coding nothing new.
ENOUGH = 50_000
NOT_KNOWN = "unknown"


def customers_frame(known: Known, columns: Sequence[str]) -> "pd.DataFrame":
    """Return some features as float64 or text, by customer; a column that is absent is null."""
    import pandas as pd

    there = [name for name in columns if name in known.customers.columns]
    rows = known.customers.select("customer_id", *there).order_by("customer_id")
    frame: pd.DataFrame = rows.to_pandas().set_index("customer_id").reindex(columns=list(columns))
    for name in columns:
        if name not in there:
            frame[name] = pd.Series(pd.NA, index=frame.index, dtype="object")
    return frame


def everybody(known: Known) -> "pd.Index[str]":
    """Return the ids of all customers, sorted."""
    import pandas as pd

    ids = known.customers.select("customer_id").order_by("customer_id").to_pandas()
    index: pd.Index[str] = pd.Index(ids["customer_id"], name="customer_id")
    return index


def purchases_frame(known: Known, attribute: str) -> "pd.DataFrame":
    """Return purchase days by customer and value of an attribute: customer_id, value, purchases."""
    bought: pd.DataFrame = (
        known.tastes.filter(_.attribute == attribute, _.purchases > 0)
        .select("customer_id", "value", "purchases")
        .order_by("customer_id", "value")
        .to_pandas()
    )
    return bought


def thinned(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return at most `ENOUGH` rows, evenly spread over the sorted customers."""
    step = -(-len(frame) // ENOUGH)
    return frame if step <= 1 else frame.iloc[::step]
