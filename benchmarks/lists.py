"""The best thousand of a million members with conditions, beside the same question in PostgreSQL.

Run `python benchmarks/lists.py`. Tables are drawn as for `feature_catalogue.py`: 20,000 products of
very different popularity, 50 lines a member. PostgreSQL holds integers only, each pair of customer
and product once, and every index that the question can use; both answer the same questions in turn
and must return the same members. What is stated besides: start-up, memory, a preview from nothing,
and a whole list with its ledger, frozen.
"""

import argparse
import resource
import tempfile
import time
import warnings
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import psycopg
from feature_catalogue import AS_OF, draw
from pydantic import TypeAdapter
from record import absent, record, sized, table

from campaigns.building import build_list
from campaigns.choosing import Step, first, remaining
from campaigns.conditions.condition import Condition
from campaigns.desk import Desk
from campaigns.list_spec import ListSpec
from campaigns.population import Population
from campaigns.preview import preview
from campaigns.ranking import Ranking
from campaigns.state.database import open_state
from pipeline.release import read_release, release
from pipeline.score_set import write_score_set

TITLE = "Lists: the best thousand with conditions"
SIZE, QUESTIONS, ASKED_PRODUCTS = 1000, 120, 500
NOW = datetime(2026, 1, 2, tzinfo=UTC)
CONDITION: TypeAdapter[Any] = TypeAdapter(Condition)


class Question(NamedTuple):
    """Four filters, a product bought and one not bought."""

    regions: tuple[int, int]
    born: tuple[int, int]
    children: int
    joined: date
    bought: int
    not_bought: int

    def condition(self) -> Any:
        """Return the question in the list language."""
        return CONDITION.validate_python(
            {
                "all": [
                    {"customer": "region", "in": [f"R{one}" for one in self.regions]},
                    {"customer": "birth_year", "at_least": self.born[0], "at_most": self.born[1]},
                    {"customer": "children", "at_least": self.children},
                    {"customer": "joined_on", "at_least": self.joined.isoformat()},
                    {"bought": {"product_id": f"P{self.bought:05}"}},
                    {"not": {"bought": {"product_id": f"P{self.not_bought:05}"}}},
                ]
            }
        )

    def statement(self) -> tuple[str, tuple[Any, ...]]:
        """Return the question in SQL."""
        return _SQL, (
            *self.regions,
            *self.born,
            self.children,
            self.joined,
            self.bought,
            self.not_bought,
        )


_SQL = """
SELECT c.id FROM customers c
WHERE c.region IN (%s, %s) AND c.birth_year BETWEEN %s AND %s AND c.children >= %s
  AND c.joined_on >= %s
  AND EXISTS (SELECT 1 FROM bought b WHERE b.product = %s AND b.customer = c.id)
  AND NOT EXISTS (SELECT 1 FROM bought n WHERE n.product = %s AND n.customer = c.id)
ORDER BY c.rank LIMIT 1000
"""


def main() -> None:
    """Draw, ask both, record."""
    options = _options()
    if not options.without_postgresql and find_spec("pgserver") is None:
        absent("pgserver has no wheel for this Python; --without-postgresql asks us alone")
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        artifacts = Path(folder) / "artifacts"
        artifacts.mkdir()
        draw(artifacts / "tables", options.customers, options.lines_each)
        _go_live(artifacts, options.customers)
        facts = _from_nothing(artifacts)
        ours, answers, started = _ours(artifacts)
        facts |= started | _whole(artifacts)
        rows = [("in process, asked the first time", ours["first"]),
                ("in process, asked before", ours["again"])]  # fmt: skip
        if not options.without_postgresql:
            theirs = _postgresql(artifacts, answers, Path(folder))
            rows += [("PostgreSQL, ids only", theirs)]
    body = _body(rows, facts, options)
    print(body)
    if options.record:
        record("lists", TITLE, body, packages=("duckdb", "numpy", "ibis-framework"))


def _go_live(artifacts: Path, customers: int) -> None:
    random = np.random.default_rng(11)
    ids = duckdb.sql(f"SELECT format('M{{:08d}}', i) customer_id FROM range({customers}) t(i)")  # noqa: S608 - a number
    scores = ids.to_arrow_table().append_column("probability", [random.random(customers)])
    made = write_score_set(
        scores,
        artifacts=artifacts,
        model="customer_activity",
        version="1",
        as_of=AS_OF,
        unit="customer",
        base=customers,
        data_fingerprint="drawn",
        created_at=NOW,
        time_zone="Asia/Taipei",
    )
    release(artifacts, made.model, version="1", score_set=made.id, at=NOW)


def _from_nothing(artifacts: Path) -> dict[str, float]:
    """Preview has-A-and-not-B with nothing held in memory."""
    spec = ListSpec(
        model="customer_activity",
        size=SIZE,
        where=CONDITION.validate_python(
            {
                "all": [
                    {"bought": {"product_id": "P00007"}},
                    {"not": {"bought": {"product_id": "P00009"}}},
                ]
            }
        ),
    )
    state = open_state(artifacts)
    taken = {}
    with Desk(artifacts) as desk:
        for name in ("preview, nothing held", "the same preview again"):
            with clock() as seconds:
                preview(spec, read_release(artifacts), desk=desk, state=state, at=NOW)
            taken[name] = seconds[0]
    state.dispose()
    return taken


def _ours(artifacts: Path) -> tuple[dict[str, np.ndarray], list[Any], dict[str, float]]:
    live = read_release(artifacts)
    spec = ListSpec(model="customer_activity", size=SIZE)
    with Desk(artifacts) as desk, desk.opened(spec, live) as held:
        _, population, ranking = held
        for question in questions()[:1]:
            ask(population, ranking, question.condition())  # reads the columns
        with clock() as buyers:
            population.hold_purchases()
        taken: dict[str, list[float]] = {"first": [], "again": []}
        asked = [one.condition() for one in questions(seed=2)]
        answers = []
        for turn, times in taken.items():
            for condition in asked:
                begin = time.perf_counter()
                found = ask(population, ranking, condition)
                times.append(time.perf_counter() - begin)
                if turn == "first":
                    answers.append(found[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    facts = {"start-up: who bought what, into memory": buyers[0]}
    return (
        {name: np.array(times) for name, times in taken.items()},
        answers,
        facts | {"peak memory so far, GiB": peak},
    )


def ask(
    population: Population, ranking: Ranking, condition: Any
) -> tuple[list[str], dict[str, int]]:
    """Return the ids of the best thousand, and how many each reason left out."""
    steps = [Step("condition", population.meets(condition))]
    left = remaining(population, steps)
    best = first(ranking, left.may, SIZE)
    return population.customers.take(ranking.places[best]).to_pylist(), left.excluded


def questions(*, seed: int = 1) -> list[Question]:
    """Draw questions, the same for both."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(QUESTIONS):
        one, other = random.choice(8, size=2, replace=False)
        born = int(random.integers(1940, 1985))
        has, has_not = random.choice(ASKED_PRODUCTS, size=2, replace=False)
        found.append(
            Question(
                (int(one), int(other)),
                (born, born + int(random.integers(10, 30))),
                int(random.integers(0, 2)),
                date(2022, 1, 1) + timedelta(days=int(random.integers(0, 500))),
                int(has),
                int(has_not),
            )
        )
    return found


def _whole(artifacts: Path) -> dict[str, float]:
    """Build lists with everything: ledger, control, permissions, frozen."""
    state = open_state(artifacts)
    where = questions()[0].condition()
    taken = {}
    with Desk(artifacts) as desk:
        for name, seed in (("whole list of 1,000, nothing held", 1), ("the next one", 2)):
            spec = ListSpec(model="customer_activity", size=SIZE, where=where, seed=seed)
            with clock() as seconds:
                build_list(spec, read_release(artifacts), desk=desk, state=state, at=NOW)
            taken[name] = seconds[0]
    state.dispose()
    return taken


def _postgresql(artifacts: Path, answers: list[Any], folder: Path) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pgserver
    server = pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in _SETTINGS:
                connection.execute(f"ALTER SYSTEM SET {setting}")
        server.cleanup()
        server = pgserver.get_server(folder / "pg", cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            _load(connection, artifacts)
            times = []
            asked = questions(seed=2)
            for turn in range(2):  # the first warms its caches and plans
                for number, question in enumerate(asked):
                    begin = time.perf_counter()
                    rows = connection.execute(*question.statement()).fetchall()
                    if turn:
                        times.append(time.perf_counter() - begin)
                    ids = [f"M{row[0]:08}" for row in rows]
                    assert ids == answers[number], "both must give the same members"  # noqa: S101
    finally:
        server.cleanup()
    return np.array(times)


_SETTINGS = (
    "shared_buffers = '2GB'",
    "work_mem = '256MB'",
    "maintenance_work_mem = '1GB'",
    "jit = off",
    "fsync = off",
    "random_page_cost = 1.1",
    "effective_cache_size = '6GB'",
)


_FILTERED = "region, birth_year, children, joined_on"


def _load(connection: Any, artifacts: Path) -> None:
    """Load integers; index what the question can use."""
    (scores,) = (artifacts / "scores").rglob("part-*.parquet")
    tables = artifacts / "tables"
    people = duckdb.sql(
        f"SELECT CAST(substr(s.customer_id, 2) AS INTEGER), s.file_row_number + 1, "  # noqa: S608 - ours
        "CAST(substr(region, 2) AS SMALLINT), birth_year, children, joined_on "
        f"FROM read_parquet('{scores}', file_row_number = true) s "
        f"JOIN '{tables}/customers.parquet' USING (customer_id)"
    )
    pairs = duckdb.sql(
        "SELECT DISTINCT CAST(substr(product_id, 2) AS INTEGER) p, "  # noqa: S608 - ours
        f"CAST(substr(customer_id, 2) AS INTEGER) c FROM '{tables}/transactions.parquet' "
        f"WHERE kind = 'sale' AND product_id < 'P{ASKED_PRODUCTS:05}' "
        f"AND available_time < TIMESTAMPTZ '{AS_OF} 00:00:00+08' ORDER BY p, c"
    )
    connection.execute(
        "CREATE UNLOGGED TABLE customers (id int PRIMARY KEY, rank int, region smallint, "
        "birth_year smallint, children smallint, joined_on date)"
    )
    connection.execute("CREATE UNLOGGED TABLE bought (product int, customer int)")
    for name, rows in (("customers", people), ("bought", pairs)):
        file = artifacts / f"{name}.csv"
        rows.write_csv(str(file), header=False)
        with (
            file.open("rb") as given,
            connection.cursor() as cursor,
            cursor.copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy,
        ):
            while block := given.read(1_000_000):
                copy.write(block)
    for statement in (
        "ALTER TABLE bought ADD PRIMARY KEY (product, customer)",
        "CREATE INDEX ON bought (customer, product)",
        f"CREATE UNIQUE INDEX ON customers (rank) INCLUDE (id, {_FILTERED})",
        f"CREATE INDEX ON customers ({_FILTERED}) INCLUDE (rank, id)",
        "VACUUM ANALYZE customers",
        "VACUUM ANALYZE bought",
    ):
        connection.execute(statement)


class clock:  # noqa: N801 - a context that is used like a word
    """Seconds that a block took, in the first item of a list."""

    def __enter__(self) -> list[float]:
        self._begin, self._taken = time.perf_counter(), [0.0]
        return self._taken

    def __exit__(self, *_: object) -> None:
        self._taken[0] = time.perf_counter() - self._begin


def _body(rows: list[tuple[str, np.ndarray]], facts: dict[str, float], options: Any) -> str:
    header = ["", "p50", "p95", "p99"]
    cells = [
        [name, *(f"{1000 * np.quantile(times, at):.2f}" for at in (0.5, 0.95, 0.99))]
        for name, times in rows
    ]
    if not options.without_postgresql:
        header.append("times PostgreSQL's p50")
        slowest = np.median(rows[-1][1])
        for cell, (_, times) in zip(cells, rows, strict=True):
            cell.append(f"{slowest / np.median(times):.1f}")
    lines = options.customers * options.lines_each
    about = (
        f"{options.customers:,} members, {lines:,} receipt lines, {QUESTIONS} questions with four "
        "filters, one product bought and one not bought: milliseconds. Ours answers ids and the "
        "counts of the ledger"
    )
    both = ", PostgreSQL ids alone; both gave the same members"
    about += "." if options.without_postgresql else f"{both}."
    return "\n\n".join(
        [
            about,
            table(header, cells),
            table(["", "seconds"], [(name, f"{value:.2f}") for name, value in facts.items()]),
        ]
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=sized(1_000_000, small=20_000))
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--scratch", type=Path, default=None)
    parser.add_argument("--without-postgresql", action="store_true")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
