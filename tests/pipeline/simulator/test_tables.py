"""What the simulator writes is what `features.tables` declares."""

import ibis
import pyarrow.parquet as pq
import pytest

from features.tables import TABLE_BY_NAME, TABLES
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.storage import declared_schema


def written(folder):
    return sorted(path.stem for path in folder.glob("*.parquet"))


@pytest.fixture(scope="module", params=sorted(PRESETS))
def folder(request, simulated):
    return simulated(request.param)


@pytest.fixture(scope="module")
def tables(folder):
    return read(folder)


@pytest.fixture(scope="module")
def retail(simulated):
    return read(simulated("retail"))


def read(folder):
    connection = ibis.duckdb.connect()
    return {
        name: connection.read_parquet(folder / f"{name}.parquet", table_name=name)
        for name in written(folder)
    }


def test_every_file_is_a_declared_table_in_its_exact_schema(folder):
    for name in written(folder):
        stored = pq.read_schema(folder / f"{name}.parquet")
        assert stored.equals(declared_schema(TABLE_BY_NAME[name])), name


def test_keys_are_unique(tables):
    for name, rows in tables.items():
        key = TABLE_BY_NAME[name].key
        assert rows.select(*key).distinct().count().execute() == rows.count().execute(), name


def test_every_reference_finds_its_row(tables):
    for name, rows in tables.items():
        for column in TABLE_BY_NAME[name].columns():
            if column.references is None:
                continue
            table, _, target = column.references.partition(".")
            if table not in tables:
                assert rows[column.name].notnull().sum().execute() in (0, None), (name, column.name)
                continue
            known = tables[table].select(target).distinct()
            lost = rows.filter(rows[column.name].notnull()).anti_join(
                known, [(column.name, target)]
            )
            assert lost.count().execute() == 0, (name, column.name)


def test_every_rule_limit_and_choice_holds(tables):
    for name, rows in tables.items():
        table = TABLE_BY_NAME[name]
        for rule in table.rules:
            assert rows.filter(~rule.holds(rows)).count().execute() == 0, (name, rule.name)
        for column in table.columns():
            value = rows[column.name]
            broken = [value.isnull()] if not column.nullable else []
            if column.minimum is not None:
                broken.append(value < column.minimum)
            if column.maximum is not None:
                broken.append(value > column.maximum)
            if column.choices:
                broken.append(value.notin(column.choices))
            if column.kind in ("number", "money"):
                broken.append(value.isnan())
            for condition in broken:
                assert rows.filter(condition).count().execute() == 0, (name, column.name)


def test_amounts_are_whole_dollars(retail):
    lines = retail["transactions"]
    assert lines.filter(lines.amount != lines.amount.round()).count().execute() == 0


def test_stores_sell_within_local_opening_hours(retail):
    lines = retail["transactions"]
    hour = (lines.event_time + ibis.interval(hours=8)).hour()
    in_store = lines.filter(lines.channel == "store")
    assert in_store.aggregate(first=hour.min(), last=hour.max()).execute().iloc[0].tolist() == [
        11,
        21,
    ]


def test_nothing_happens_before_joining_or_after_the_end(tables):
    members = tables["customers"].select("customer_id", "joined_on").distinct()
    lines = tables["transactions"].join(members, "customer_id")
    day = (lines.event_time + ibis.interval(hours=8)).date()
    assert lines.filter(day < lines.joined_on).count().execute() == 0
    assert day.max().execute().date().isoformat() == "2026-10-31"


def test_nothing_is_sold_before_its_launch_or_after_its_withdrawal(tables):
    lines = tables["transactions"].filter(lambda t: t.kind == "sale")
    sold = lines.join(tables["products"], "product_id")
    day = (sold.event_time + ibis.interval(hours=8)).date()
    assert sold.filter(day < sold.launched_on).count().execute() == 0
    assert sold.filter(day >= sold.withdrawn_on).count().execute() == 0


def test_some_rows_are_known_days_late(tables):
    lines = tables["transactions"]
    late = lines.available_time - lines.event_time > ibis.interval(seconds=86_400)
    assert 0.003 < late.mean().execute() < 0.010


def test_the_chain_fills_every_table_but_the_doctors(retail):
    assert set(retail) == {t.table_name for t in TABLES} - {"visits"}


def test_who_moved_has_one_row_for_each_address(retail):
    rows = retail["customers"]
    past = rows.filter(rows.valid_to.notnull())
    now = rows.filter(rows.valid_to.isnull())
    assert past.count().execute() > 50
    assert now.count().execute() == now.customer_id.nunique().execute() == 2500
    joined = past.join(now, "customer_id")
    assert joined.filter(joined.valid_to != joined.valid_from_right).count().execute() == 0


def test_required_tables_are_there(tables):
    assert {t.table_name for t in TABLES if t.required} <= set(tables)
