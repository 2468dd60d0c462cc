"""The products that conditions may name, held in memory: a choice of them takes microseconds."""

import numpy as np
import pyarrow as pa

from campaigns.conditions.held_columns import HeldColumn
from campaigns.conditions.parts import Compared, Products, Range

_LEVELS = ("category", "category_2", "category_3")


class Catalogue:
    """Products as delivered.

    Parameters
    ----------
    products : pyarrow.Table
        The table `products`, a row each.
    """

    def __init__(self, products: pa.Table) -> None:
        self._ids = np.array(products["product_id"].to_pylist(), dtype=object)
        columns = {*Products.model_fields, *_LEVELS}
        self._columns = {name: HeldColumn.of(products[name].combine_chunks()) for name in columns}
        purpose = HeldColumn.of(products["purpose"].combine_chunks())
        self.of_illness = purpose.is_one_of(("health",))

    @property
    def ids(self) -> list[str]:
        """Every product."""
        return list(self._ids)

    def chosen(self, products: Products) -> np.ndarray:
        """Return to which products all that is named applies.

        Returns
        -------
        array of bool of shape (n_products,)
        """
        kept = np.ones(len(self._ids), dtype=bool)
        for name, value in products:
            if isinstance(value, Range):
                kept &= self._within(name, value)
            elif name == "category" and value is not None:
                kept &= np.logical_or.reduce([self._one_of(level, value) for level in _LEVELS])
            elif value is not None:
                kept &= self._one_of(name, value)
        return kept

    def ids_of(self, chosen: np.ndarray) -> list[str]:
        """Return the ids of some products."""
        return list(self._ids[chosen])

    def _one_of(self, name: str, texts: tuple[str, ...]) -> np.ndarray:
        return self._columns[name].is_one_of(texts)

    def _within(self, name: str, range_: Range) -> np.ndarray:
        if range_ == Range():
            return np.ones(len(self._ids), dtype=bool)
        found = self._columns[name].compares(
            Compared(at_least=range_.at_least, at_most=range_.at_most)
        )
        assert found is not None  # noqa: S101 - ranges are of columns of numbers
        return found
