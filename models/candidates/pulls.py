"""How strongly what customers hold draws each product, and the products it draws most."""

from typing import NamedTuple

import numpy as np

from models.candidates.neighbours import Holdings, Neighbours


class Retrieved(NamedTuple):
    """Candidates, customer by customer.

    Attributes
    ----------
    customer, product : array of shape (n_rows,)
        Codes; ordered by customer and product, a pair occurs once.
    pull : array of shape (n_rows,)
        How strongly what the customer holds draws the product.
    """

    customer: np.ndarray
    product: np.ndarray
    pull: np.ndarray


def pulls(
    holdings: Holdings, near: Neighbours, customer: np.ndarray, product: np.ndarray
) -> np.ndarray:
    r"""Return how strongly what each customer holds draws each product.

    .. math:: \sum_{i \text{ held}} w_{ci}\, s_{ij}

    Parameters
    ----------
    holdings : Holdings
        What customers hold; weights are those of today.
    near : Neighbours
        The neighbours of each product.
    customer : array of shape (n_pairs,)
        Codes, ascending.
    product : array of shape (n_pairs,)
        Codes.

    Returns
    -------
    array of shape (n_pairs,)
        0 where nothing draws it. A product does not draw itself.

    Examples
    --------
    >>> held = Holdings.of([0], [0], [0.5], customers=2)
    >>> near = Neighbours(np.array([0, 1, 1]), np.array([1]), np.array([0.8]))
    >>> pulls(held, near, np.array([0, 0, 1]), np.array([0, 1, 1])).tolist()
    [0.0, 0.4, 0.0]
    """
    from models.candidates.pulls_kernel import gather, gather_one

    out = np.zeros(len(customer))
    products = len(near.first) - 1
    customer, product = np.asarray(customer, np.int64), np.asarray(product, np.int32)
    if len(product) and (product == product[0]).all():
        gather_one(*holdings, _towards(near, product[0]), customer, out)
    else:
        gather(*holdings, *near, customer, product, products, out)
    return out


def _towards(near: Neighbours, product: int) -> np.ndarray:
    """Return how near each product counts this one, shape (n_products,)."""
    edges = np.flatnonzero(near.product == product)
    towards = np.zeros(len(near.first) - 1)
    towards[np.searchsorted(near.first, edges, side="right") - 1] = near.nearness[edges]
    return towards


def retrieve(holdings: Holdings, near: Neighbours, *, most: int, allowed: np.ndarray) -> Retrieved:
    """Return the products that each customer is drawn to most.

    Parameters
    ----------
    holdings, near
        As for `pulls`.
    most : int
        Most products of a customer; ties at the end go to the lower code.
    allowed : array of bool of shape (n_products,)
        Products that may be retrieved.

    Examples
    --------
    >>> held = Holdings.of([0], [0], [0.5], customers=1)
    >>> near = Neighbours(np.array([0, 2, 2, 2]), np.array([1, 2]), np.array([0.8, 0.4]))
    >>> retrieve(held, near, most=1, allowed=np.array([True, True, True])).product.tolist()
    [1]
    """
    from models.candidates.pulls_kernel import strongest

    customers = len(holdings.first) - 1
    room = customers * most
    product, pull = np.empty(room, dtype=np.int32), np.empty(room)
    count = np.zeros(customers, dtype=np.int64)
    strongest(*holdings, *near, allowed, most, product, pull, count)
    customer = np.repeat(np.arange(customers), count)
    place = np.arange(most)[None, :] < count[:, None]
    return Retrieved(
        customer, product.reshape(customers, most)[place], pull.reshape(customers, most)[place]
    )
