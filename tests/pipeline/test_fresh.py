"""The score of one customer from the tables is the one that a batch of that day gives."""

from datetime import date

import pandas as pd
import pyarrow.parquet as pq
import pytest
from line import lined_up
from small_shop import AS_OF, NAMES, NEVER, small_shop, snapshot_of

from features.catalogue import catalogue
from models.customer_activity import customer_activity
from models.purchase_propensity import purchase_propensity
from models.repurchase_timing import repurchase_timing
from pipeline import by_customer, fresh
from pipeline.by_customer import tables_by_customer, write_by_customer
from pipeline.engine import engine
from pipeline.fresh import NotFreshError, UnknownCustomerError, _row, fresh_scores, load_fresh
from pipeline.lock import LockedError, exclusive
from pipeline.project import read_cutoffs
from pipeline.snapshot_store import read_columns
from pipeline.versions import UnknownVersionError


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return small_shop(tmp_path_factory.mktemp("shop"))


@pytest.mark.parametrize("as_of", [AS_OF, date(2024, 6, 20), date(2026, 1, 1)])
def test_a_fresh_score_is_that_of_a_batch_to_the_last_bit(shop, as_of):
    project, learner, columns = shop
    rows = snapshot_of(project, as_of)
    batch = dict(zip(rows["customer_id"], learner.predict_proba(rows[columns])[:, 1], strict=True))
    for name in NAMES[:40:8]:
        fresh = fresh_scores(project, customer_activity, "1", name, as_of=as_of)
        assert fresh["probability"].tolist() == [batch[name]]


def test_a_fresh_score_sees_what_has_become_known_since(shop):
    project, *_ = shop
    before, after = (
        fresh_scores(project, customer_activity, "1", "c003", as_of=day)["probability"].iloc[0]
        for day in (AS_OF, date(2024, 6, 6))
    )
    assert before != after


def test_who_is_not_eligible_has_no_fresh_score(shop):
    project, *_ = shop
    assert fresh_scores(project, customer_activity, "1", NEVER, as_of=AS_OF).empty


def test_who_was_not_known_yet_is_unknown(shop):
    project, *_ = shop
    for name, day in (("nobody", AS_OF), ("c003", date(2022, 1, 1))):
        with pytest.raises(UnknownCustomerError, match=f"known before {day}"):
            fresh_scores(project, customer_activity, "1", name, as_of=day)


@pytest.mark.parametrize("model", [purchase_propensity, repurchase_timing])
def test_a_model_that_compares_customers_says_that_it_is_never_fresh(shop, model):
    project, *_ = shop
    with pytest.raises(NotFreshError, match="stored scores"):
        fresh_scores(project, model, "1", "c003", as_of=AS_OF)
    with pytest.raises(NotFreshError, match="stored scores"):
        load_fresh(project, model, "1", as_of=AS_OF)


def test_what_is_loaded_ahead_leaves_nothing_behind_in_the_artefacts(shop):
    project, *_ = shop
    before = sorted(project.artifacts.rglob("*"))
    load_fresh(project, customer_activity, "1", as_of=AS_OF)
    assert sorted(project.artifacts.rglob("*")) == before


def test_a_version_that_cannot_be_loaded_is_named_ahead(shop):
    project, *_ = shop
    with pytest.raises(UnknownVersionError, match="no version 9"):
        load_fresh(project, customer_activity, "9", as_of=AS_OF)


@pytest.mark.nightly
def test_every_feature_of_one_customer_alone_is_that_of_the_snapshot(tmp_path):
    project = lined_up(tmp_path, seed=3, members=400, months=12)
    day = read_cutoffs(project.artifacts, "customer_activity").score
    with engine(project.artifacts) as connection:
        rows = read_columns(connection, project.artifacts, "customer", day)
        snapshot = connection.to_pandas(rows).set_index("customer_id")
    names = [name for name in catalogue("customer", "time") if name in snapshot.columns]
    assert len(names) > 100
    for customer in snapshot.index[::40]:
        alone = _row(project, customer_activity, names, customer, as_of=day, copies={}).iloc[0]
        expected = snapshot.loc[customer]
        different = [
            name
            for name in names
            if not (
                alone[name] == expected[name] or (pd.isna(alone[name]) and pd.isna(expected[name]))
            )
        ]
        assert different == []


def made(artifacts):
    write_by_customer(artifacts, least_bytes=1)
    return tables_by_customer(artifacts, least_bytes=1)


def test_a_copy_holds_the_rows_of_its_table_sorted_by_customer(shop):
    project, *_ = shop
    copies = made(project.artifacts)
    assert {"customers", "transactions"} <= set(copies)
    for name, path in copies.items():
        ours = pq.read_table(path)
        table = pq.read_table(project.artifacts / "tables" / f"{name}.parquet")
        ids = ours["customer_id"].to_pylist()
        assert ids == sorted(ids)
        assert ours.schema.types == table.schema.types
        assert sorted(map(str, ours.to_pylist())) == sorted(map(str, table.to_pylist()))


def test_a_fresh_score_is_the_same_to_the_last_bit_from_the_copies(shop, monkeypatch):
    project, *_ = shop

    def scores():
        return [
            fresh_scores(project, customer_activity, "1", name, as_of=AS_OF)["probability"].tolist()
            for name in NAMES[:2]
        ]

    plain = scores()
    copies = made(project.artifacts)
    monkeypatch.setattr(fresh, "tables_by_customer", lambda _artifacts: copies)
    assert scores() == plain


def test_a_table_that_is_replaced_has_no_copy_and_the_old_one_goes(shop):
    project, *_ = shop
    before = made(project.artifacts)
    table = project.artifacts / "tables" / "transactions.parquet"
    rows = pq.read_table(table)
    pq.write_table(rows.slice(1), table)
    try:
        now = made(project.artifacts)
    finally:
        pq.write_table(rows, table)
    assert not before["transactions"].exists()
    assert pq.read_metadata(now["transactions"]).num_rows == len(rows) - 1
    assert now["customers"] == before["customers"]


def test_small_tables_are_not_copied(shop):
    project, *_ = shop
    assert tables_by_customer(project.artifacts) == {}


def test_two_do_not_make_the_same_copies(shop):
    project, *_ = shop
    lock = project.artifacts / by_customer.LOOKUPS / "tables" / ".lock"
    with exclusive(lock), pytest.raises(LockedError):
        write_by_customer(project.artifacts, least_bytes=1)
