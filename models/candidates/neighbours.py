"""What is held and what is near, as sparse rows: arrays that a million customers fit into."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike


class Holdings(NamedTuple):
    """What customers bought, customer by customer.

    Attributes
    ----------
    first : array of shape (n_customers + 1,)
        Where the rows of a customer begin; its last entry is the number of rows.
    product : array of shape (n_rows,)
        Code of the product, from 0.
    weight : array of shape (n_rows,)
        What the purchase counts today, above 0.
    """

    first: np.ndarray
    product: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(
        cls, customer: ArrayLike, product: ArrayLike, weight: ArrayLike, *, customers: int
    ) -> Self:
        """Return holdings from one entry per customer and product, in any order.

        Parameters
        ----------
        customer, product : array-like of shape (n_rows,)
            Codes from 0; a pair occurs once.
        weight : array-like of shape (n_rows,)
            What each counts.
        customers : int
            Number of customers, those without a row included.

        Examples
        --------
        >>> Holdings.of([1, 0, 1], [5, 5, 2], [1.0, 0.5, 0.2], customers=3).first.tolist()
        [0, 1, 3, 3]
        """
        who, what = np.asarray(customer, dtype=np.int64), np.asarray(product, dtype=np.int32)
        value = np.asarray(weight, dtype=np.float64)
        step = np.diff(who)
        if not ((step > 0) | ((step == 0) & (np.diff(what) > 0))).all():
            order = np.lexsort((what, who))
            what, value = what[order], value[order]
        first = np.zeros(customers + 1, dtype=np.int64)
        np.cumsum(np.bincount(who, minlength=customers), out=first[1:])
        return cls(first, what, value)

    def rows_of(self, customers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of some customers, and for each row which of them it belongs to.

        Examples
        --------
        >>> held = Holdings.of([0, 2, 2], [5, 1, 7], [1.0, 1.0, 1.0], customers=3)
        >>> rows, owner = held.rows_of(np.array([2, 0]))
        >>> rows.tolist(), owner.tolist()
        ([1, 2, 0], [0, 0, 1])
        """
        count = self.first[customers + 1] - self.first[customers]
        owner = np.repeat(np.arange(len(customers)), count)
        ends = np.cumsum(count)
        within = np.arange(len(owner)) - np.repeat(ends - count, count)
        return np.repeat(self.first[customers], count) + within, owner

    def at(self, customers: np.ndarray) -> Self:
        """Return the holdings of some customers, who become the first, the second, ..."""
        rows, owner = self.rows_of(customers)
        first = np.zeros(len(customers) + 1, dtype=np.int64)
        np.cumsum(np.bincount(owner, minlength=len(customers)), out=first[1:])
        return type(self)(first, self.product[rows], self.weight[rows])


class Neighbours(NamedTuple):
    """The products nearest to each product, product by product, nearest first.

    Attributes
    ----------
    first : array of shape (n_products + 1,)
        Where the neighbours of a product begin.
    product : array of shape (n_neighbours,)
        Code of the neighbour; never the product itself.
    nearness : array of shape (n_neighbours,)
        In (0, 1].
    """

    first: np.ndarray
    product: np.ndarray
    nearness: np.ndarray


def nearest(rows: np.ndarray, *, start: int, most: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Choose the nearest products from dense rows of nearness; those at 0 are none.

    Parameters
    ----------
    rows : array of shape (n_rows, n_products)
        Nearness of the products `start`, `start + 1`, ... to all; changed on the way.
    start : int
        Code of the first row's product.
    most : int
        Most neighbours of a product.

    Returns
    -------
    products, nearness, counts
        Neighbours one product after the other, and how many each has.
    """
    rows[np.arange(len(rows)), start + np.arange(len(rows))] = 0
    place = max(rows.shape[1] - most, 0)
    least = np.partition(rows, place, axis=1)[:, place]
    row, product = np.nonzero((rows >= least[:, None]) & (rows > 0))
    value = rows[row, product]
    # Ties go to the lower code, however the machine sorts.
    order = np.lexsort((product, -value, row))
    row, product, value = row[order], product[order], value[order]
    kept = np.arange(len(row)) - np.searchsorted(row, row) < most
    counts = np.bincount(row[kept], minlength=len(rows))
    return product[kept].astype(np.int32), value[kept], counts.tolist()


def stacked(parts: list[tuple[np.ndarray, np.ndarray, list[int]]]) -> Neighbours:
    """Put what `nearest` chose for blocks of products together."""
    counts = [count for part in parts for count in part[2]]
    empty = (np.empty(0, dtype=np.int32), np.empty(0))
    return Neighbours(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([empty[0], *(part[0] for part in parts)]),
        np.concatenate([empty[1], *(part[1] for part in parts)]),
    )
