"""Products bought by the same customers, those of late counting most."""

import numpy as np

from models.candidates.neighbours import Holdings, Neighbours, nearest, stacked

#: Nearness that one pair of purchases too few costs: products hardly sold are near to nothing.
SHRINK = 5.0
#: Cells of nearness that are worked out at once: 160 MB.
_CELLS = 20_000_000


def together(holdings: Holdings, *, products: int, most: int = 100) -> Neighbours:
    r"""Return for each product those that the same customers buy.

    .. math:: s_{ij} = \frac{\sum_c w_{ci} w_{cj}}
        {\sqrt{\sum_c w_{ci}^2 \sum_c w_{cj}^2} + \lambda}

    a cosine that is drawn towards 0 where it rests on few purchases (:math:`\lambda` is 5).

    Parameters
    ----------
    holdings : Holdings
        What customers bought; recent purchases weigh up to 1, old ones less.
    products : int
        Number of products, those never bought included.
    most : int
        Most neighbours of a product.

    References
    ----------
    .. [1] Sarwar, B., Karypis, G., Konstan, J. and Riedl, J. (2001). Item-based collaborative
       filtering recommendation algorithms. WWW, 285-295.

    Examples
    --------
    Two customers bought tea (0) with a pot (1), one of them a book (2).

    >>> bought = Holdings.of([0, 0, 1, 1, 1], [0, 1, 0, 1, 2], [1.0] * 5, customers=2)
    >>> near = together(bought, products=3)
    >>> near.product[near.first[0] : near.first[1]].tolist()
    [1, 2]
    """
    from scipy.sparse import csr_array

    customers = len(holdings.first) - 1
    matrix = csr_array(
        (holdings.weight, holdings.product, holdings.first), shape=(customers, products)
    )
    by_product = matrix.T.tocsr()
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel())
    parts = []
    step = max(1, _CELLS // max(products, 1))
    for start in range(0, products, step):
        stop = min(start + step, products)
        joint = (by_product[start:stop] @ matrix).toarray()
        joint /= np.outer(length[start:stop], length) + SHRINK
        parts.append(nearest(joint, start=start, most=most))
    return stacked(parts)
