"""What customers hold draws products: the kernel against dense arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.candidates import Holdings, likeness, pulls, retrieve, together

PRODUCTS = 6


@st.composite
def holdings(draw):
    customers = draw(st.integers(1, 5))
    cells = st.tuples(st.integers(0, customers - 1), st.integers(0, PRODUCTS - 1))
    held = sorted(draw(st.sets(cells, max_size=12)))
    weights = draw(st.lists(st.sampled_from((0.25, 0.5, 1.0)), min_size=12, max_size=12))
    who, what = [c for c, _ in held], [p for _, p in held]
    return Holdings.of(who, what, weights[: len(held)], customers=customers)


def dense(held):
    matrix = np.zeros((len(held.first) - 1, PRODUCTS))
    for customer in range(len(matrix)):
        for row in range(held.first[customer], held.first[customer + 1]):
            matrix[customer, held.product[row]] = held.weight[row]
    return matrix


def square(near):
    matrix = np.zeros((PRODUCTS, PRODUCTS))
    for product in range(PRODUCTS):
        for edge in range(near.first[product], near.first[product + 1]):
            matrix[product, near.product[edge]] = near.nearness[edge]
    return matrix


@given(holdings())
def test_nearness_is_a_cosine_drawn_to_zero(held):
    weights = dense(held)
    near = square(together(held, products=PRODUCTS))
    length = np.sqrt((weights**2).sum(axis=0))
    expected = weights.T @ weights / (np.outer(length, length) + 5.0)
    np.fill_diagonal(expected, 0)
    assert np.allclose(near, expected)


@given(holdings())
def test_a_pull_adds_up_what_all_that_is_held_draws(held):
    near = together(held, products=PRODUCTS)
    customers = len(held.first) - 1
    who = np.repeat(np.arange(customers), PRODUCTS)
    what = np.tile(np.arange(PRODUCTS), customers)
    expected = dense(held) @ square(near)
    assert np.allclose(pulls(held, near, who, what).reshape(customers, PRODUCTS), expected)


@given(holdings(), st.integers(1, PRODUCTS), st.sets(st.integers(0, PRODUCTS - 1)))
def test_the_strongest_pulls_are_retrieved_and_nothing_that_is_not_allowed(held, most, barred):
    near = together(held, products=PRODUCTS)
    allowed = np.array([product not in barred for product in range(PRODUCTS)])
    found = retrieve(held, near, most=most, allowed=allowed)
    drawn = dense(held) @ square(near)
    drawn[:, ~allowed] = 0
    for customer, row in enumerate(drawn):
        own = found.product[found.customer == customer]
        assert len(own) == min(most, (row > 0).sum())
        assert list(own) == sorted(own)
        assert np.allclose(np.sort(row[own]), np.sort(row)[len(row) - len(own) :])


def test_some_customers_keep_their_rows_in_the_order_asked_for():
    held = Holdings.of([0, 1, 1, 2], [3, 1, 2, 5], [1.0, 0.5, 0.25, 1.0], customers=3)
    part = held.at(np.array([1, 0]))
    assert part.first.tolist() == [0, 2, 3]
    assert part.product.tolist() == [1, 2, 3]


def test_products_without_a_word_are_alike_to_nothing():
    near = likeness(["", "", ""])
    assert near.first.tolist() == [0, 0, 0, 0]


def test_a_mark_outweighs_words_that_most_products_share():
    near = likeness(["tea set brand=Bo", "tea set brand=Al", "tea set brand=Bo", "tea pot"])
    assert near.product[near.first[0]] == 2


@pytest.mark.parametrize("most", [1, 2])
def test_no_product_has_more_neighbours_than_asked_for(most):
    near = likeness(["a1 b1", "a1 b1", "a1 b1", "a1"], most=most)
    assert np.diff(near.first).max() == most
