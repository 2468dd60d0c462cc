"""The nearest products: the first of a full sort, ties to the lower code."""

import numpy as np

from models.candidates.neighbours import nearest


def test_of_equally_near_products_the_lower_codes_are_kept():
    rows = np.array([[9.0, 0.5, 0.8, 0.5, 0.5], [0.0, 9.0, 0.0, 0.1, 0.0]])

    products, nearness, counts = nearest(rows, start=0, most=2)

    assert products.tolist() == [2, 1, 3]
    assert nearness.tolist() == [0.8, 0.5, 0.1]
    assert counts == [2, 1]


def test_the_nearest_are_the_first_of_a_stable_sort():
    random = np.random.default_rng(0)
    rows = np.round(random.random((50, 300)), 2) * (random.random((50, 300)) < 0.5)
    sorted_rows = rows.copy()
    np.fill_diagonal(sorted_rows, 0)
    expected = np.argsort(-sorted_rows, axis=1, kind="stable")[:, :20]

    products, _, counts = nearest(rows, start=0, most=20)

    assert counts == [20] * 50
    np.testing.assert_array_equal(products.reshape(50, 20), expected)
