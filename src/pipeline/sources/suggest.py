"""Draft a mapping file from the names and values that a retailer delivers."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
import ibis.expr.types as ir
import yaml

from features.table import Column, Table
from features.tables import TABLES
from pipeline.casts import is_missing, read_as
from pipeline.duck import parsed_time
from pipeline.engine import engine
from pipeline.sources.definition import BOOKKEEPING, Delivery
from pipeline.sources.open import open_source
from pipeline.sources.synonyms import COLUMNS, words_of
from pipeline.sources.synonyms import TABLES as TABLE_WORDS

#: Below this, two names are no match; from the second on, they are one without a doubt.
POSSIBLE, SURE = 0.72, 0.9
_SAMPLE_ROWS = 2000
_READABLE = 0.95

DATE_FORMATS = ("%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y.%m.%d")
CLOCKS = ("", " %H:%M", " %H:%M:%S")

HEAD = """\
# Drafted by `shortlist import tables DIR --suggest`. Check every line, above all those marked
# UNSURE, and remove what is wrong. Then:
#   shortlist import tables DIR --mapping map.yaml --to data/imported
time_zone: UTC      # UNSURE: zone of times that carry none, such as Asia/Taipei
currency: XXX       # UNSURE: such as TWD
encoding: {encoding}
tables:
"""


@dataclass(frozen=True)
class Guess:
    """One of the retailer's columns for one of ours; `doubts` says what speaks against it."""

    ours: str
    theirs: str
    score: float
    format: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    doubts: tuple[str, ...] = ()


def suggest(location: str, *, encoding: str = "utf-8") -> str:
    """Return a mapping file for what lies at a location, with its doubts as comments.

    Raises
    ------
    SourceError
        If what is there cannot be read.
    """
    source = open_source(location, encoding=encoding)
    text = HEAD.format(encoding=encoding)
    taken: set[str] = set()
    with TemporaryDirectory() as scratch, engine(Path(scratch), in_order=True) as connection:
        for number, delivery in enumerate(source.deliveries):
            file = Path(scratch) / f"{number}.parquet"
            delivery.write(file)
            sample = connection.read_parquet(file).head(_SAMPLE_ROWS)
            sample = connection.create_table(f"sample_{number}", sample, temp=True)
            table, guesses = _best_table(connection, delivery, sample, taken)
            if table is None:
                text += f"  # UNSURE: {delivery.origin} looks like none of our tables\n"
                continue
            taken.add(table.table_name)
            text += "".join(_lines(delivery, table, guesses))
            file.unlink()
    missing = [t.table_name for t in TABLES if t.required and t.table_name not in taken]
    for name in missing:
        text += f"  # UNSURE: no file was found for {name}, which is required\n"
    return text if taken else text.replace("tables:\n", "tables: {}\n", 1)


def _best_table(
    connection: ibis.BaseBackend, delivery: Delivery, sample: ir.Table, taken: set[str]
) -> tuple[type[Table] | None, list[Guess]]:
    best: tuple[float, type[Table] | None] = (0.0, None)
    for table in TABLES:
        if table.table_name in taken:
            continue
        names = [guess.ours for guess in _match(delivery.columns(), table)]
        needed = [c.name for c in table.columns() if not c.nullable]
        share = sum(name in names for name in needed) / len(needed)
        named = _name_score(delivery.name, table)
        if named + share > max(best[0], 0.8):
            best = (named + share, table)
    if best[1] is None:
        return None, []
    guesses = _match(delivery.columns(), best[1])
    return best[1], [_examine(connection, sample, best[1], guess) for guess in guesses]


def _name_score(name: str, table: type[Table]) -> float:
    words = words_of(name).split()
    known = TABLE_WORDS.get(table.table_name, (table.table_name,))
    if any(word in known for word in words):
        return 1.0
    return SequenceMatcher(None, name.lower(), table.table_name).ratio() / 2


def _match(theirs: tuple[str, ...], table: type[Table]) -> list[Guess]:
    """Pair their columns with ours, the best pairs first, each column once."""
    pairs = sorted(
        (
            (-_alike(name, column, table), position, name, column.name)
            for position, name in enumerate(theirs)
            for column in table.columns()
            if name not in BOOKKEEPING
        ),
    )
    guesses: list[Guess] = []
    for cost, _, name, ours in pairs:
        if -cost < POSSIBLE:
            break
        if all(ours != guess.ours and name != guess.theirs for guess in guesses):
            doubts = () if -cost >= SURE else ("the names are only alike",)
            guesses.append(Guess(ours, name, -cost, doubts=doubts))
    order = list(table.schema())
    return sorted(guesses, key=lambda guess: order.index(guess.ours))


def _alike(name: str, column: Column, table: type[Table]) -> float:
    words = words_of(name)
    if name.lower() == column.name or words == words_of(column.name):
        return 1.0
    for meant in (COLUMNS.get(table.table_name, {}), COLUMNS[""]):
        if words in meant:
            return 0.95 if meant[words] == column.name else 0.0
    return 0.9 * SequenceMatcher(None, words, column.name.replace("_", " ")).ratio()


def _examine(
    connection: ibis.BaseBackend, sample: ir.Table, table: type[Table], guess: Guess
) -> Guess:
    """Read a sample as the kind that is declared; find a format or codes that make it fit."""
    column = table.column(guess.ours)
    value = sample[guess.theirs]
    doubts = list(guess.doubts)
    form = None
    if _unreadable_share(connection, value, column) > 1 - _READABLE:
        form = _format(connection, value, column)
        if form is None:
            doubts.append(f"many values are no {column.kind}")
        elif form.startswith(("%d/%m", "%m/%d")):
            doubts.append("day and month may be the other way round")
    if table.key == (column.name,) and _repeats(connection, value):
        doubts.append("its values repeat; an id has to be unique, such as [ORDER, LINE]")
    codes: tuple[tuple[str, str], ...] = ()
    if column.choices:
        codes = _codes(connection, value, column)
        if codes:
            doubts.append(f"translate the codes into {', '.join(column.choices)}")
    return Guess(guess.ours, guess.theirs, guess.score, form, codes, tuple(doubts))


def _unreadable_share(connection: ibis.BaseBackend, value: ir.Column, column: Column) -> float:
    bad = read_as(value, column.kind, time_zone="UTC").isnull() & ~is_missing(value, column.kind)
    share = connection.execute(bad.cast("float64").mean())
    return 0.0 if share is None or share != share else float(share)  # noqa: PLR0124  # NaN: no row


def _repeats(connection: ibis.BaseBackend, value: ir.Column) -> bool:
    return bool(connection.execute(value.count() > value.nunique()))


def _format(connection: ibis.BaseBackend, value: ir.Column, column: Column) -> str | None:
    if column.kind not in ("date", "time"):
        return None
    text = value.cast("string").strip()
    formats = [day + clock for day in DATE_FORMATS for clock in CLOCKS]
    fits = value.as_table().aggregate(
        [text.count().name("all"), *(parsed_time(text, f).count().name(f) for f in formats)]
    )
    counts = connection.to_pyarrow(fits).to_pylist()[0]
    best = max(formats, key=lambda f: counts[f])
    return best if counts["all"] and counts[best] >= _READABLE * counts["all"] else None


def _codes(
    connection: ibis.BaseBackend, value: ir.Column, column: Column
) -> tuple[tuple[str, str], ...]:
    text = value.cast("string").name("code")
    found = connection.to_pyarrow(text.as_table().distinct().limit(20)).column("code").to_pylist()
    foreign = sorted(code for code in found if code is not None and code not in column.choices)
    return tuple(
        (code, next((c for c in column.choices if c[:1] == code[:1].lower()), column.choices[0]))
        for code in foreign
    )


def _lines(delivery: Delivery, table: type[Table], guesses: list[Guess]) -> Iterator[str]:
    yield f"  {table.table_name}:\n    from: {_quoted(delivery.name)}\n    columns:\n"
    for guess in guesses:
        doubt = f"  # UNSURE: {'; '.join(guess.doubts)}" if guess.doubts else ""
        yield f"      {guess.ours}: {_column(guess)}{doubt}\n"
    mapped = {guess.ours for guess in guesses}
    for column in table.columns():
        if not column.nullable and column.name not in mapped:
            yield f"      # UNSURE: {column.name} is required ({column.description})\n"
            yield f"      # {column.name}: {_HINTS.get(column.name, 'YOUR_COLUMN')}\n"
    unused = set(delivery.columns()) - {guess.theirs for guess in guesses}
    if unused:
        yield f"    # not used: {', '.join(sorted(unused))}\n"


_HINTS = {
    "line_id": "[ORDER_COLUMN, LINE_COLUMN]   # several columns are joined",
    "kind": "{sign_of: QUANTITY_COLUMN}   # or {constant: sale}",
}


def _column(guess: Guess) -> str:
    if not guess.format and not guess.values:
        return _quoted(guess.theirs)
    parts = [f"from: {_quoted(guess.theirs)}"]
    if guess.format:
        parts.append(f'format: "{guess.format}"')
    if guess.values:
        codes = ", ".join(f"{_quoted(code)}: {ours}" for code, ours in guess.values)
        parts.append(f"values: {{{codes}}}")
    return f"{{{', '.join(parts)}}}"


def _quoted(name: str) -> str:
    """Write a name so that YAML reads it back as the same text."""
    text = yaml.safe_dump([name], default_flow_style=True, allow_unicode=True, width=10_000)
    return text.strip()[1:-1]
