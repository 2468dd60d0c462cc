"""Rows older than `retention.tables` keeps them are nowhere, and only they are gone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.cutoffs import Cutoffs
from pipeline.durable import write_json
from pipeline.erase_past import CACHE, count_past_stores, erase_past_rows, expired_cutoffs
from pipeline.forget.rows import is_parquet
from pipeline.ingest import ingest
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.kept_since import Kept, first_kept_day, kept_rows
from pipeline.live_tables import accept_tables, tables_folder
from pipeline.params import Params, ParamsError, Run, read_params
from pipeline.quality import Quality, TableQuality, as_html, read_quality, write_report
from pipeline.requirements import ContractError
from pipeline.run import ask
from pipeline.short_memory import short_memories, too_short
from pipeline.sifted_parts import SIFTED
from pipeline.validate import validate

NOW = datetime(2026, 10, 3, tzinfo=UTC)
ZONE = "Asia/Taipei"
#: In Taipei July begins eight hours before it does in UTC.
JULY = Kept({"transactions": date(2026, 7, 1)}, ZONE)
AUGUST = Kept({"transactions": date(2026, 8, 1)}, ZONE)
LINE = "SELECT '{0}' AS line_id, 'o' || line_id AS order_id, '{1}' AS customer_id, "
REST = "'p0' AS product_id, 1.0 AS quantity, 2.0 AS amount, 'sale' AS kind"


def line(name, event, known=None, customer="c0"):
    """Return a query for one receipt line."""
    known = "NULL::TIMESTAMPTZ" if known is None else f"TIMESTAMPTZ '{known}+00'"
    times = f"TIMESTAMPTZ '{event}+00' AS event_time, {known} AS available_time, "
    return LINE.format(name, customer) + times + REST


LINES = {
    "old": line("old", "2026-06-30 15:59"),
    "july": line("july", "2026-06-30 16:00"),
    "late": line("late", "2026-05-01 12:00", known="2026-07-02 12:00"),
    "odd": line("odd", "2026-07-05 12:00", known="1970-01-01 00:00"),
    "stray": line("stray", "2026-06-01 12:00", customer="nobody"),
    "august": line("august", "2026-08-20 12:00"),
}


def both(*rows):
    return " UNION ALL ".join(rows)


MONTHS = {
    "1": both(line("may", "2026-05-10 12:00"), line("june", "2026-06-10 12:00")),
    "2": both(line("june 2", "2026-06-29 12:00"), line("july", "2026-07-05 12:00")),
    "3": both(line("august", "2026-08-05 12:00"), line("x", "2026-08-06 12:00", None, "nobody")),
}
NEW_DAY = {**MONTHS, "4": line("september", "2026-09-01 12:00")}


def deliver(folder, *rows, **files):
    """Write a delivery whose receipts are one file, or several by name."""
    folder.mkdir(parents=True)
    (folder / "customers.csv").write_text("customer_id,joined_on\nc0,2020-01-01\n")
    (folder / "products.csv").write_text("product_id,name\np0,A\n")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        if rows:
            whole = " UNION ALL ".join(rows)
            connection.sql(whole).to_parquet(str(folder / "transactions.parquet"))
        for name, select in files.items():
            (folder / "transactions").mkdir(exist_ok=True)
            connection.sql(select).to_parquet(str(folder / "transactions" / f"{name}.parquet"))
    return folder


def take(delivery, artifacts, kept):
    """Ingest and validate a delivery; return what the report says of receipts."""
    ingest(str(delivery), artifacts / "ingested", kept=kept)
    quality = validate(
        artifacts / "ingested",
        artifacts,
        time_zone=kept.time_zone,
        now=NOW,
        delays=kept.delays,
        max_quarantined_share=1,
        memory=artifacts / SIFTED,
    )
    assert read_quality(artifacts / "quality") == quality
    return next(one for one in quality.tables if one.table == "transactions")


def lines_in(folder):
    """Return the lines of the receipts in any Parquet file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    found = set()
    for path in filter(is_parquet, files):
        rows = pq.read_table(path)
        if "line_id" in rows.schema.names:
            found |= {*rows["line_id"].to_pylist()}
    return found


def accepted(artifacts):
    return lines_in(artifacts / "tables")


@given(st.integers(62, 4000), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_no_row_is_kept_longer_than_the_limit_nor_more_than_a_month_less(days, today):
    since = first_kept_day(days, today)
    assert 0 <= days - (today - since).days < 31
    tomorrow = first_kept_day(days, today + timedelta(days=1))
    assert tomorrow == since or tomorrow.day == since.day == 1


def test_the_age_of_a_row_is_that_of_when_it_was_known_in_the_retailers_zone(tmp_path):
    told = take(deliver(tmp_path / "data", *LINES.values()), tmp_path / "artifacts", JULY)
    assert accepted(tmp_path / "artifacts") == {"july", "late", "august"}
    assert lines_in(tmp_path / "artifacts") == {"july", "late", "august", "odd"}
    assert (told.past_retention, told.kept_since) == (2, date(2026, 7, 1))
    assert (told.read, told.quarantined) == (4, 1)


def test_a_declared_delay_makes_rows_younger(tmp_path):
    kept = JULY._replace(delays={"transactions": timedelta(hours=6)})
    take(deliver(tmp_path / "data", *LINES.values()), tmp_path / "artifacts", kept)
    assert accepted(tmp_path / "artifacts") == {"old", "july", "late", "august"}


def test_texts_are_as_old_as_they_say_and_what_cannot_be_read_has_no_age(tmp_path):
    data = deliver(tmp_path / "data")
    rows = "line_id,order_id,customer_id,product_id,event_time,quantity,amount,kind\n" + "".join(
        f"{name},o,c0,p0,{event},1,2,sale\n"
        for name, event in (("old", "2026-06-30"), ("july", "2026-07-01"), ("odd", "last year"))
    )
    (data / "transactions.csv").write_text(rows)
    told = take(data, tmp_path / "artifacts", JULY)
    assert lines_in(tmp_path / "artifacts") == {"july", "odd"}
    (odd,) = pq.read_table(tmp_path / "artifacts/quarantine/transactions.parquet").to_pylist()
    assert (odd["line_id"], odd["_row"]) == ("odd", 4)  # the first line names the columns
    assert told.past_retention == 1


def test_a_refused_row_says_which_of_the_delivered_file_it_was(tmp_path):
    data = deliver(tmp_path / "data", LINES["old"], LINES["july"], LINES["odd"])
    take(data, tmp_path / "artifacts", JULY)
    (odd,) = pq.read_table(tmp_path / "artifacts/quarantine/transactions.parquet").to_pylist()
    assert odd["_row"] == 3


def test_without_a_limit_every_row_is_read_and_the_file_is_copied_as_it_is(tmp_path):
    data = deliver(tmp_path / "data", *LINES.values())
    told = take(data, tmp_path / "artifacts", Kept())
    copied = tmp_path / "artifacts" / "ingested" / "transactions.parquet"
    assert copied.read_bytes() == (data / "transactions.parquet").read_bytes()
    assert (told.read, told.past_retention, told.kept_since) == (6, 0, None)


def test_when_the_limit_moves_only_the_files_that_lose_rows_are_sifted_again(tmp_path):
    def files():
        found = sorted((tmp_path / "tables" / "transactions.parquet").glob("*"))
        return [path.stat().st_ino for path in found]

    take(deliver(tmp_path / "a", **MONTHS), tmp_path, JULY)
    assert lines_in(tmp_path / "tables") == {"july", "august"}
    first = files()
    take(deliver(tmp_path / "b", **NEW_DAY), tmp_path, JULY)
    assert files()[:2] == first
    told = take(tmp_path / "b", tmp_path, AUGUST)
    assert files()[0] == first[1]
    assert told.past_retention == 4
    stores = ("ingested", "tables", "quarantine", SIFTED)
    assert set().union(*(lines_in(tmp_path / one) for one in stores)) == {
        "august",
        "x",
        "september",
    }


def test_a_table_all_of_whose_rows_are_too_old_keeps_its_columns(tmp_path):
    data = deliver(tmp_path / "data", LINES["august"])
    columns = "customer_id,kind,subject,event_time"
    (data / "interactions.csv").write_text(f"{columns}\nc0,view,p0,2020-01-01T10:00:00Z\n")
    take(data, tmp_path, Kept({"interactions": date(2026, 1, 1)}, ZONE))
    rows = pq.read_table(tmp_path / "tables" / "interactions.parquet")
    assert (len(rows), "subject" in rows.column_names) == (0, True)


def test_a_required_table_all_of_whose_rows_are_too_old_is_refused_with_the_limit(tmp_path):
    data = deliver(tmp_path / "data", LINES["old"], LINES["stray"])
    with pytest.raises(ContractError, match=r"none of 2 rows is young.*retention\.tables\.trans"):
        take(data, tmp_path, JULY)


def project(folder):
    """Make a project with every store that holds receipts, taken in without a limit."""
    artifacts, data = folder / "artifacts", folder / "data"
    deliver(data, **MONTHS)
    take(data, artifacts, Kept())
    accept_tables(artifacts)
    for store in ("tables", "quarantine"):
        for path in (artifacts / store).rglob("*.parquet"):
            if path.is_file():
                to = artifacts / "validation" / path.relative_to(artifacts)
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(path.read_bytes())
    (artifacts / KEPT_GRAINS / "lines").mkdir(parents=True)
    cached(folder, "0a", artifacts / "ingested")
    young = deliver(folder / "young", august=LINES["august"])
    (young / "transactions").rename(young / "transactions.parquet")
    cached(folder, "0b", young)
    return artifacts


def cached(folder, name, outputs):
    """Put the files of an output into DVC's cache, as DVC does."""
    root, listed = folder / ".dvc" / "cache" / "files" / "md5", []
    for number, path in enumerate(sorted(outputs.rglob("*.parquet"))):
        if path.is_file():
            to = root / f"{number:02}" / f"{name}file"
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())
            relpath = str(path.relative_to(outputs))
            listed.append({"md5": f"{number:02}{name}file", "relpath": relpath})
    write_json(root / "ff" / f"{name}.dir", listed)


def test_every_store_lets_go_of_what_is_too_old_and_of_nothing_else(tmp_path):
    artifacts = project(tmp_path)
    shared = tables_folder(artifacts) / "transactions.parquet" / "part-00000.parquet"
    assert {"may", "june", "june 2"} <= lines_in(artifacts)
    counted = count_past_stores(tmp_path, JULY)
    assert counted == {"ingested": 3, "tables": 3, "validation": 3, CACHE: 3}
    assert "may" in lines_in(artifacts)

    assert erase_past_rows(tmp_path, JULY) == counted
    assert lines_in(artifacts) == {"july", "august", "x"}
    assert lines_in(tmp_path / ".dvc") == {"august", "x"}
    assert not count_past_stores(tmp_path, JULY)
    assert shared.samefile(artifacts / "tables" / "transactions.parquet" / "part-00000.parquet")
    assert not (artifacts / KEPT_GRAINS).exists()
    listings = {path.stem for path in (tmp_path / ".dvc").rglob("*.dir")}
    assert listings == {"0b"}


def stored(artifacts, *names):
    """Put receipts into the tables of a project, as if a run had taken them in."""
    to = artifacts / "tables"
    to.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = both(*(LINES[name] for name in names))
        connection.sql(rows).to_parquet(str(to / "transactions.parquet"))
    (artifacts / KEPT_GRAINS).mkdir(exist_ok=True)


def test_what_was_done_for_a_limit_is_not_looked_for_again_until_it_moves(tmp_path):
    artifacts = tmp_path / "artifacts"
    stored(artifacts, "old", "july", "august")
    erase_past_rows(tmp_path, JULY, only_if_moved=True)
    assert lines_in(artifacts) == {"july", "august"}
    (artifacts / KEPT_GRAINS).mkdir()
    erase_past_rows(tmp_path, JULY, only_if_moved=True)
    assert (artifacts / KEPT_GRAINS).is_dir()
    erase_past_rows(tmp_path, AUGUST, only_if_moved=True)
    assert not (artifacts / KEPT_GRAINS).exists()
    assert lines_in(artifacts) == {"august"}


def test_a_limit_that_was_lifted_for_a_while_is_enforced_again(tmp_path):
    artifacts = tmp_path / "artifacts"
    stored(artifacts, "july")
    erase_past_rows(tmp_path, JULY, only_if_moved=True)
    erase_past_rows(tmp_path, Kept(), only_if_moved=True)
    stored(artifacts, "old", "july")
    erase_past_rows(tmp_path, JULY, only_if_moved=True)
    assert lines_in(artifacts) == {"july"}


@pytest.mark.nightly
@settings(
    max_examples=25,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 400), st.none() | st.integers(-3, 60), st.sampled_from(["c0", "n"])
        ),
        min_size=1,
        max_size=12,
    ),
    parts=st.integers(1, 3),
    ages=st.tuples(st.integers(62, 400), st.integers(62, 400)),
)
def test_no_row_older_than_its_limit_survives_anywhere(tmp_path_factory, rows, parts, ages):
    folder = tmp_path_factory.mktemp("any")
    told = {}
    for n, (age, delay, customer) in enumerate(rows):
        event = datetime(2026, 10, 1, 20, tzinfo=UTC) - timedelta(days=age)
        known = None if delay is None else event + timedelta(days=delay)
        times = [one and f"{one:%Y-%m-%d %H:%M}" for one in (event, known)]
        told[f"l{n}"] = (max(event, known or event), line(f"l{n}", *times, customer))
    files = {f"f{n}": [one for _, one in [*told.values()][n::parts]] for n in range(parts)}
    files = {name: both(*own) for name, own in files.items() if own}
    delivery = deliver(folder / "data", **files, new=line("new", "2026-10-01 12:00"))
    sinces = sorted(date(2026, 10, 1) - timedelta(days=age) for age in ages)
    for since in sinces:
        kept = Kept({"transactions": since}, ZONE)
        erase_past_rows(folder, kept)
        first = datetime.combine(since, time.min, ZoneInfo(ZONE)).astimezone(UTC)
        young = {n for n, (at, _) in told.items() if at >= first}
        assert lines_in(folder / "artifacts") - {"new"} <= young
        take(delivery, folder / "artifacts", kept)
        accept_tables(folder / "artifacts")
        assert lines_in(folder / "artifacts") - {"new"} == young


MINIMAL = "time_zone: Asia/Taipei\ncurrency: TWD\nmodels: {}\n"


def limited(folder, **tables):
    (folder / "params.yaml").write_text(MINIMAL + yaml.safe_dump({"retention": {"tables": tables}}))
    return read_params(folder)


@pytest.mark.parametrize(
    ("table", "days", "said"),
    [
        ("receipts", 400, "receipts is no table whose rows have a time; use some of transactions"),
        ("customers", 400, "customers is no table whose rows have a time"),
        ("consents", 400, "rows of consents hold until others say otherwise"),
        ("transactions", 30, "greater than or equal to 62"),
    ],
)
def test_a_limit_that_cannot_be_held_is_refused_by_name(tmp_path, table, days, said):
    with pytest.raises(ParamsError, match=rf"retention\.tables.*{said}"):
        limited(tmp_path, **{table: days})


def test_a_run_is_asked_for_anew_when_its_limit_moves_and_not_before(tmp_path):
    limited(tmp_path, transactions=365, interactions=None)
    data = deliver(tmp_path / "data", LINES["august"])

    def asked(day):
        at = datetime.combine(day, time(12), UTC)
        return ask(tmp_path, data=str(data), as_of=None, overrides={}, clock=lambda: at).model_copy(
            update={"requested_at": NOW}
        )

    october = asked(date(2026, 10, 2))
    assert october.kept_since == {"transactions": date(2025, 11, 1)}
    assert asked(date(2026, 11, 1)) == october
    november = asked(date(2026, 11, 2))
    assert november.kept_since == {"transactions": date(2025, 12, 1)}
    assert november.fingerprint != october.fingerprint
    assert Run.model_validate(november.model_dump(mode="json")) == november


def test_the_limit_is_counted_in_days_of_the_retailer(tmp_path):
    params = limited(tmp_path, transactions=365)
    late = datetime(2026, 10, 1, 17, tzinfo=UTC)  # the second in Taipei
    assert kept_rows(params, at=late).since == {"transactions": date(2025, 11, 1)}
    assert kept_rows(params, at=late - timedelta(hours=2)).since == {
        "transactions": date(2025, 10, 1)
    }


def quality(folder, *, past):
    told = TableQuality(
        "transactions", "t", 10, 10, past_retention=past, kept_since=date(2025, 1, 1)
    )
    (folder / "quality").mkdir(exist_ok=True)
    write_report(Quality("data", NOW.isoformat(), 0.1, (told,)), folder / "quality")
    return told


PLANS = {
    "customer_activity": Cutoffs(
        (date(2025, 6, 1),), date(2025, 9, 1), date(2025, 12, 1), date(2026, 3, 1), date(2026, 6, 1)
    )
}
LIMITED = Params(
    time_zone=ZONE, currency="TWD", models={}, retention={"tables": {"transactions": 500}}
)


def test_a_limit_that_shortens_the_sight_of_earlier_cut_offs_is_told(tmp_path):
    quality(tmp_path, past=7)
    (said,) = short_memories(tmp_path, LIMITED, PLANS)
    assert "transactions are kept from 2025-01-01 on (`retention.tables`: 500 days)" in said
    assert "customer_activity learns from 2025-06-01 on" in said
    assert "761 days would do" in said
    assert "500 days) has left out what was known before 2025-01-01" in too_short(tmp_path, LIMITED)


def test_a_limit_that_leaves_nothing_out_costs_nothing(tmp_path):
    quality(tmp_path, past=0)
    assert [*short_memories(tmp_path, LIMITED, PLANS)] == []
    assert too_short(tmp_path, LIMITED) == ""


def test_the_report_says_how_many_rows_were_too_old(tmp_path):
    told = quality(tmp_path, past=1234)
    page = as_html(Quality("data", NOW.isoformat(), 0.1, (told,)))
    assert "1,234 rows were known before\n2025-01-01 and were not taken in" in page


def test_cut_offs_before_the_first_kept_day_go(tmp_path):
    folders = [tmp_path / f"as_of=2026-0{month}-01" for month in (6, 7, 8)]
    assert [*expired_cutoffs(iter([*folders, tmp_path / "other"]), date(2026, 7, 1))] == folders[:2]
