"""Who has ever bought which product, held in memory: four bytes a customer and product."""

from collections.abc import Iterable
from typing import Self

import ibis
import numpy as np
import pyarrow as pa

from campaigns.conditions.facts import Facts
from campaigns.conditions.parts import Products

#: Of a product that one customer in so many has bought, the bits are kept as well.
_POPULAR = 32


class HeldPurchases:
    """The buyers of each product, as places in the order of all customers.

    Parameters
    ----------
    products : sequence of str
        The products, ascending.
    edges : array of int64 of shape (n_products + 1,)
        Where the buyers of each begin among all.
    places : array of int32 of shape (n_pairs,)
        Buyers, ascending within a product.
    customers : int
        How many customers there are.
    """

    def __init__(
        self, products: list[str], edges: np.ndarray, places: np.ndarray, *, customers: int
    ) -> None:
        self._number = {product: number for number, product in enumerate(products)}
        self._edges = edges
        self._places = places
        self._customers = customers
        popular = np.flatnonzero(np.diff(edges) * _POPULAR > customers)
        self._bits = {int(one): self._packed([int(one)]) for one in popular}

    @classmethod
    def read(cls, facts: Facts, customers: pa.Array) -> Self:
        """Read every sale that was known before the cut-off; returns do not undo one."""
        products = facts.catalogue.ids
        numbers = np.arange(len(products), dtype=np.int64)
        places = np.arange(len(customers), dtype=np.int64)
        product = ibis.memtable(pa.table({"product_id": products, "number": numbers}))
        customer = ibis.memtable(pa.table({"customer_id": customers, "place": places}))
        lines = facts.lines(Products())
        pairs = (
            lines.filter(lines.kind == "sale")
            .select("customer_id", "product_id")
            .join(product, "product_id")
            .join(customer, "customer_id")
            .select(key=lambda row: row.number * max(len(customers), 1) + row.place)
        )
        key = np.sort(facts.connection.to_pyarrow(pairs)["key"].to_numpy())
        if len(key):
            key = key[np.append(True, key[1:] != key[:-1])]
        number, place = np.divmod(key, max(len(customers), 1))
        edges = np.searchsorted(number, np.arange(len(products) + 1))
        return cls(products, edges, place.astype(np.int32), customers=len(customers))

    def bits(self, products: Iterable[str]) -> np.ndarray:
        """Return who has bought any of some products, one bit a customer."""
        numbers = [self._number[one] for one in products if one in self._number]
        kept = [self._bits[one] for one in numbers if one in self._bits]
        found = self._packed([one for one in numbers if one not in self._bits])
        for one in kept:
            found |= one
        return found

    def _packed(self, numbers: list[int]) -> np.ndarray:
        found = np.zeros(self._customers, dtype=bool)
        for one in numbers:
            found[self._places[self._edges[one] : self._edges[one + 1]]] = True
        return np.packbits(found)
