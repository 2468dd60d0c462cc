"""What sells best of late, in each segment of customers."""

import numpy as np

#: Days whose sales make a product popular.
POPULAR_DAYS = 90
#: Products of a segment.
MOST = 30
#: Customers of a segment below which it follows the crowd.
_FEW_CUSTOMERS = 50


def popular(
    customer: np.ndarray, product: np.ndarray, *, segment: np.ndarray, on_sale: np.ndarray
) -> np.ndarray:
    """Return the products that most customers of each segment bought.

    Parameters
    ----------
    customer, product : array of shape (n_rows,)
        Who bought what of late; a pair occurs once.
    segment : array of shape (n_customers,)
        Code of each customer's segment, from 0.
    on_sale : array of bool of shape (n_products,)
        Which products can be bought.

    Returns
    -------
    array of shape (n_segments, n)
        Products, best first; small segments follow the crowd, which also breaks ties.

    Examples
    --------
    >>> popular(
    ...     np.array([0, 1, 1]), np.array([0, 2, 0]),
    ...     segment=np.array([0, 0]), on_sale=np.array([True, True, True]),
    ... ).tolist()
    [[0, 2, 1]]
    """
    kept = on_sale[product]
    customer, product = customer[kept], product[kept]
    crowd = np.bincount(product, minlength=len(on_sale)).astype(np.float64)
    crowd[~on_sale] = -1
    most = min(MOST, int(on_sale.sum()))
    rows = []
    for code, size in enumerate(np.bincount(segment)):
        score = crowd
        if size >= _FEW_CUSTOMERS:
            own = np.bincount(product[segment[customer] == code], minlength=len(on_sale))
            score = np.where(on_sale, own + crowd / (crowd.max() + 1), -1)
        rows.append(np.argsort(-score, kind="stable")[:most])
    return np.asarray(rows, dtype=np.int32)
