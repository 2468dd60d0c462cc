"""A score set as an order of customers: who comes first, and by which row."""

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from campaigns.conditions.condition import Due
from campaigns.conditions.queries import due_rows
from campaigns.population import Population
from pipeline.duck import quoted
from pipeline.score_set import ScoreSet, parts

_BEST_ROW = "arg_min(row, (later, row)) AS row, arg_min(s.value, (later, row)) AS value"


class Ranking(NamedTuple):
    """Customers from best to worst, each once.

    Attributes
    ----------
    places : array of int32 of shape (n_ranked,)
        Their places in the population.
    positions : array of int32 of shape (n_customers,)
        The other way round: where in the ranking each customer stands; -1 without a score.
    value : array of float64 of shape (n_ranked,)
        Probability or effect of the row that each is ranked by.
    is_effect : bool
        Whether it is an effect.
    rows : array of int64 of shape (n_ranked,), optional
        The number of that row in the score set.
    columns : pyarrow.Table of n_ranked rows, optional
        What is told of each instead, where the scores were made for this request.
    """

    places: np.ndarray
    positions: np.ndarray
    value: np.ndarray
    is_effect: bool = False
    rows: np.ndarray | None = None
    columns: pa.Table | None = None

    @classmethod
    def of(
        cls,
        population: Population,
        artifacts: Any,
        score_set: ScoreSet,
        *,
        due: Sequence[Due] = (),
        **only: str | None,
    ) -> Self:
        """Rank by the best row of each customer; of equals, the one stored first.

        Parameters
        ----------
        population : Population
            Who the customers are.
        artifacts : Path
            The folder that holds everything produced.
        score_set : ScoreSet
            The scores.
        due : sequence of Due
            A customer who is due in any of these senses is ranked by the row that says so:
            a reminder names what runs out, not what they are likeliest to buy one day.
        **only : str
            Columns of which only rows with this value count: `product_id`, `arm`.
        """
        wanted = {name: value for name, value in only.items() if value is not None}
        held = " AND ".join(["true", *(f"{name} = ${name}" for name in wanted)])
        later = "(customer_id, category) NOT IN (FROM due)" if due else "false"
        files, start = [], 0
        for file, path in zip(score_set.files, parts(artifacts, score_set), strict=True):
            files.append(
                f"SELECT customer_id, {score_set.value} AS value, {later} AS later, "  # noqa: S608 - ours
                f"file_row_number + {start} AS row "
                f"FROM read_parquet({quoted(path)}, file_row_number = true) WHERE {held}"
            )
            start += file.rows
        once = score_set.rows == score_set.customers
        best, of_each = ("row, s.value", "") if once else (_BEST_ROW, "GROUP BY e.place")
        query = (
            f"SELECT e.place, {best} FROM ({' UNION ALL '.join(files)}) s "  # noqa: S608 - ours
            f"JOIN everybody e USING (customer_id) {of_each} ORDER BY row"
        )
        tables = {"due": _due_in(population, due)} if due else {}
        found = population.query(query, wanted, **tables)
        places = found["place"].to_numpy()
        return cls(
            places,
            positions_of(places, len(population)),
            found["value"].to_numpy(),
            score_set.value == "effect",
            found["row"].to_numpy(),
        )

    @classmethod
    def made(cls, population: Population, scores: pa.Table) -> Self:
        """Rank by scores that were made for this request, best first, one row a customer."""
        place = pc.index_in(scores["customer_id"], value_set=population.customers)
        known = scores.append_column("place", place).filter(pc.is_valid(place))
        places = known["place"].to_numpy()
        return cls(
            places,
            positions_of(places, len(population)),
            known["probability"].to_numpy(),
            columns=known.drop_columns(["place"]),
        )

    @classmethod
    def at_random(cls, population: Population, *, seed: int) -> Self:
        """Put everybody known into a random order, the same for the same seed."""
        places = np.random.default_rng(seed).permutation(len(population)).astype(np.int32)
        columns = pa.table({"customer_id": population.customers.take(pa.array(places))})
        nothing = np.zeros(len(places))
        return cls(places, positions_of(places, len(population)), nothing, columns=columns)


def _due_in(population: Population, due: Sequence[Due]) -> pa.Table:
    rows = [due_rows(one, population.facts).select("customer_id", "category") for one in due]
    return reduce(lambda one, other: one.union(other), rows).to_pyarrow()


def positions_of(places: np.ndarray, customers: int) -> np.ndarray:
    """Return where each customer stands in an order of places; -1 who does not.

    Examples
    --------
    >>> positions_of(np.array([2, 0]), 4)
    array([ 1, -1,  0, -1], dtype=int32)
    """
    found = np.full(customers, -1, dtype=np.int32)
    found[places] = np.arange(len(places), dtype=np.int32)
    return found
