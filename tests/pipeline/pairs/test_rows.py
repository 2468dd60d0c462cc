"""Pairs to learn from stand for all pairs there are."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from pipeline.engine import engine
from pipeline.pairs.candidates import candidates
from pipeline.pairs.moment import moments
from pipeline.pairs.plan import read_bought
from pipeline.pairs.rows import launched_after, sampled_rows
from pipeline.project import read_cutoffs


@pytest.fixture(scope="module")
def opened(trained_pairs):
    """An engine, a moment of the training and what was bought after it."""
    project, model = trained_pairs
    with engine(project.artifacts, threads=1) as connection:
        day = read_cutoffs(project.artifacts, model.name).train[-1]
        (moment,) = moments(connection, project, model, [day])
        yield connection, moment, model, read_bought(project, model, moment)


def test_thinned_rows_stand_for_as_many_as_there_are(opened):
    connection, moment, model, bought = opened
    shares = []
    for seed in range(12):
        rows = sampled_rows(
            connection, moment, model, bought, most_rows=2000, seed=seed, launches=False
        )
        assert (rows.keep_rate < 1).any()
        everything = len(np.unique(rows.customer)) * moment.on_sale.sum()
        shares.append(np.where(rows.y == 1, 1, 1 / rows.keep_rate).sum() / everything)
    assert np.mean(shares) == pytest.approx(1, abs=0.02)


def test_every_purchase_of_a_drawn_customer_is_kept(opened):
    connection, moment, model, bought = opened
    rows = sampled_rows(connection, moment, model, bought, most_rows=3000, seed=1, launches=False)
    drawn = moment.customers.get_indexer(np.unique(rows.customer))
    expected = (np.isin(bought.customer, drawn) & moment.on_sale[bought.product]).sum()
    assert rows.y.sum() == expected


def test_products_about_to_be_launched_are_seen_as_they_are_before(opened):
    connection, moment, model, bought = opened
    new = launched_after(moment, bought)
    rows = sampled_rows(connection, moment, model, bought, most_rows=3000, seed=1, launches=True)
    own = np.isin(rows.product, moment.products[new])
    assert len(new) > 0
    assert own.any()
    assert (rows.X.loc[own, "days_since_launch"] == 0).all()
    assert (rows.X.loc[own, "sold_pieces_count_365d"] == 0).all()
    assert set(rows.X.loc[own, "pair_state"]) <= {"NEW", "UPGRADE"}


def test_the_same_seed_draws_the_same_rows(opened):
    connection, moment, model, bought = opened
    first, again = (
        sampled_rows(connection, moment, model, bought, most_rows=500, seed=7, launches=True)
        for _ in range(2)
    )
    assert first.X.equals(again.X)
    assert (first.y == again.y).all()


def test_a_large_catalogue_is_searched_by_routes(opened):
    _, moment, model, _bought = opened
    routed = candidates(moment, replace(model, grid=0), np.arange(len(moment.customers)))
    pairs = routed.customer.astype(np.int64) * len(moment.products) + routed.product
    assert (np.diff(pairs) > 0).all()
    assert moment.on_sale[routed.product].all()
    assert set(np.unique(routed.routes)) != {0}
    held = moment.held.customer.astype(np.int64) * len(moment.products) + moment.held.product
    still = held[moment.on_sale[moment.held.product]]
    assert np.isin(still, pairs).mean() > 0.95  # `own` is limited to the hundred best


def test_what_is_not_on_sale_is_no_candidate(opened):
    _, moment, model, _bought = opened
    found = candidates(moment, model, np.arange(10))
    assert len(found.customer) == 10 * moment.on_sale.sum()
    assert moment.on_sale[found.product].all()


def test_the_moment_is_that_of_the_cut_off(opened):
    _, moment, _model, bought = opened
    assert moment.as_of < date(2026, 7, 1)
    assert (moment.held.last_days >= 1).all()
    assert (bought.days >= 0).all()
