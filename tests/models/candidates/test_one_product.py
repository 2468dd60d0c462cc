"""What customers hold draws a product: the same for one product as for many."""

import numpy as np

from models.candidates import Holdings, Neighbours, pulls

HELD = Holdings.of([0, 0, 0, 2], [0, 1, 2, 1], [0.7, 0.3, 0.1, 1.0], customers=3)
NEAR = Neighbours(
    np.array([0, 2, 4, 5, 5]), np.array([3, 1, 3, 0, 3]), np.array([0.9, 0.5, 0.3, 0.2, 0.1])
)


def test_one_product_for_all_customers_is_drawn_as_it_is_among_many():
    customers = np.repeat(np.arange(3), 4)
    products = np.tile(np.arange(4), 3)

    among_many = pulls(HELD, NEAR, customers, products)[products == 3]
    alone = pulls(HELD, NEAR, np.arange(3), np.full(3, 3))

    np.testing.assert_array_equal(alone, among_many)
    np.testing.assert_allclose(alone, [0.7 * 0.9 + 0.3 * 0.3 + 0.1 * 0.1, 0.0, 0.3])


def test_no_pairs_are_drawn_to_nothing():
    assert len(pulls(HELD, NEAR, np.empty(0, dtype=int), np.empty(0, dtype=int))) == 0
