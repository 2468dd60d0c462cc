"""One product is scored from less of the state, and comes out the same."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from pipeline.engine import engine
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import moments
from pipeline.pairs.one_product import about_product
from pipeline.project import read_cutoffs


@pytest.fixture(scope="module")
def opened(trained_pairs):
    project, model = trained_pairs
    with engine(project.artifacts, threads=1) as connection:
        day = read_cutoffs(project.artifacts, model.name).score
        (moment,) = moments(connection, project, model, [day])
        yield connection, moment, model


def test_what_is_near_one_product_gives_the_features_that_the_whole_state_gives(opened):
    connection, moment, model = opened
    places = np.arange(0, len(moment.products), len(moment.products) // 6)
    families = moment.families["product"].to_numpy()
    youngest = np.argsort(np.where(moment.on_sale, moment.first_sale_days, np.inf))[:2]
    places = np.unique([*places, *families[:: max(1, len(families) // 4)], *youngest])
    places = places.astype(np.int32)
    everybody = np.arange(len(moment.customers))
    whole = features_of(
        connection, moment, model,
        np.repeat(everybody, len(places)), np.tile(places, len(everybody)),
    )  # fmt: skip
    assert set(whole["pair_state"]) == {"REPEAT", "UPGRADE", "CROSS", "NEW"}
    assert {"interest_share", "co_purchase_lift_ratio"} <= set(whole.columns[whole.notna().any()])
    for column, place in enumerate(places):
        product = np.full(len(everybody), place, dtype=np.int32)
        with about_product(connection, moment, place) as near:
            one = features_of(connection, near, model, everybody, product)
        expected = whole.iloc[column :: len(places)].reset_index(drop=True)
        assert_frame_equal(one, expected, check_exact=True, check_dtype=False)


def test_less_of_the_state_is_held_for_one_product(opened):
    connection, moment, _model = opened
    place = int(np.bincount(moment.held.product).argmax())
    before = connection.raw_sql("SELECT count(*) FROM duckdb_tables()").fetchall()
    with about_product(connection, moment, place) as near:
        for name in ("holdings", "tastes"):
            kept = getattr(near.state, name).count().execute()
            assert 0 < kept < getattr(moment.state, name).count().execute() / 2
        assert near.offers.count().execute() == 1
    assert connection.raw_sql("SELECT count(*) FROM duckdb_tables()").fetchall() == before
