"""`docs/features.md`: every feature, for a marketer and a statistician, with its examples.

`python tests/support/feature_page.py` writes it; a test fails when it is out of date.
"""

import importlib.util
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "features.md"
INTRODUCTION = """# What is known about customers, products and days

Generated from the code by `make docs`; do not edit. `shortlist features show NAME` adds what a
feature looks like on your own data.

**For a marketer.** Each line below is one column, known for every member on the day on which a
list is made. The two labels are what lists and reasons show. *Empty* says what it means that a
value is missing: "never bought" is a different customer from "bought long ago".

**For a statistician.** A feature sees exactly the rows that were known before its cut-off, a
local midnight. Windows are half open: `_30d` is `[cut-off - 30 days, cut-off)`, by the local
day of the event. *Days since* are at least 1. Shares are in [0, 1]; ratios and scores say their
range. Money is in the retailer's currency, `amount` what was paid after discount. Returns are
not purchases. Columns that identify a person or tell of an illness cannot be read, and products
of the purpose `health` are invisible. Examples are tests: the cut-off is 2024-06-01 unless they
say otherwise, a line is of 100.0 for one piece of `kettle`, and members joined in 2023.

To add one: a function in `features/`, an example in `tests/features/`, `make docs`.
"""


def page() -> str:
    """Return the whole page."""
    from features.catalogue import catalogue

    features = list(catalogue("customer", "time", "product").values())
    examples = {}
    for spec in specs():
        examples.setdefault(_stem(spec.feature), []).append(spec)
    # In the order of the themes' files, then as declared: neighbours belong together.
    themes = groupby(sorted(features, key=_place), key=_module)
    parts = [INTRODUCTION]
    for module, members in themes:
        parts.extend(_theme(module, list(members), examples))
    parts.extend(_codings())
    parts.extend(_pairs())
    return "\n".join(parts).rstrip() + "\n"


def _theme(module: str, members: list, examples: dict) -> Iterator[str]:
    about = sys.modules[module]
    title, *rest = inspect.getdoc(about).splitlines()
    name = module.removeprefix("features.").replace("_", " ")
    yield f"\n## {name.capitalize()}\n\n{title}\n"
    if any(rest):
        yield "\n".join(rest).strip() + "\n"
    families = [list(group) for _, group in groupby(members, key=_stem)]
    yield "| column | label | 標籤 | unit | empty |\n|---|---|---|---|---|"
    for family in families:
        yield _row(family)
    yield ""
    for family in families:
        yield from _details(family)
    shown = [spec for family in families for spec in examples.get(_stem(family[0]), [])]
    yield from _examples(shown)


def _codings() -> Iterator[str]:
    from features.codings import CODED

    yield (
        "\n## Profile codings\n\n"
        "Fitted once on the earliest training cut-off, kept by version under "
        "`artifacts/codings/`, named in the manifest of each snapshot, shared by all models. What "
        "each code means on your data is described there, in both languages.\n"
    )
    yield "| column | label | 標籤 | unit | says |\n|---|---|---|---|---|"
    for one in CODED.values():
        said = f"{one.unit} | {one.description}"
        yield f"| `{one.name}` | {one.label['en']} | {one.label['zh-TW']} | {said} |"


def _pairs() -> Iterator[str]:
    from features.pairs import PAIR_FEATURES
    from features.pulls import PULLS

    yield (
        "\n## Pairs\n\nWhat is known of a customer and a product together, for products that were "
        "sold as for one that is passed in and that nobody has seen.\n"
    )
    yield "| column | label | 標籤 | unit | says |\n|---|---|---|---|---|"
    for one in (*PAIR_FEATURES.values(), *PULLS):
        said = f"{one.unit} | {' '.join(inspect.getdoc(one.value).split())}"
        yield f"| `{one.name}` | {one.label['en']} | {one.label['zh-TW']} | {said} |"


def _row(family: list) -> str:
    from features.about import meaning_of_null

    one = family[0]
    names = f"`{one.name}`"
    if len(family) > 1:
        names += "".join(f", `_{other.name.rsplit('_', 1)[1]}`" for other in family[1:])
    cells = (names, _any_window(one.label["en"], family), _any_window(one.label["zh-TW"], family),
             one.unit, meaning_of_null(one))  # fmt: skip
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _any_window(label: str, family: list) -> str:
    """Return the label of a family with `N` for the length of its windows."""
    if len(family) == 1:
        return label
    days = re.search(r"_(\d+)d$", family[0].name).group(1)
    return re.sub(rf"\b{days}\b|(?<=近 ){days}(?= 天)", "N", label)


def _details(family: list) -> Iterator[str]:
    from features.about import about

    said = about(family[0])
    reads = "; ".join(f"{table} ({', '.join(names)})" for table, names in said.reads.items())
    yield f"**`{_stem(family[0])}`.** {said.description}\n"
    yield f"*Counts* {said.counts}. *Reads* {reads or 'the calendar'}.\n"


def _examples(specs: list) -> Iterator[str]:
    """Yield the examples of a theme; those of the same rows under one table."""
    alike: dict[str, list] = {}
    for spec in specs:
        alike.setdefault(_rows_of(spec), []).append(spec)
    for number, (rows, same) in enumerate(alike.items(), start=1):
        yield f"*Example {number}*\n\n{rows}\n"
        for spec in same:
            found = ", ".join(f"{name} {_value(value)}" for name, value in spec.expected.items())
            yield f"- `{spec.feature.name}`: {found} ({spec.says})"
        yield ""


def _rows_of(spec) -> str:
    when = "" if spec.as_of.isoformat() == "2024-06-01" else f"Cut-off {spec.as_of}.\n\n"
    blocks = []
    tables = {row.table for row in spec.rows} - {"customers"} or {"customers"}
    for table in sorted(tables, reverse=True):
        rows = [row.shown for row in spec.rows if row.table == table]
        columns = list(dict.fromkeys(key for row in rows for key in row))
        lines = [f"| {table}: {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
        lines.extend(f"| {' | '.join(_cell(row.get(key)) for key in columns)} |" for row in rows)
        blocks.append("\n".join(lines))
    return when + "\n\n".join(blocks)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|")


def _value(value: object) -> str:
    if value is None:
        return "null"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _module(feature) -> str:
    return inspect.unwrap(feature.aggregate).__module__


def _place(feature) -> tuple:
    window = re.search(r"_(\d+)d$", feature.name)
    line = inspect.getsourcelines(inspect.unwrap(feature.aggregate))[1]
    return _module(feature), line, _stem(feature), int(window.group(1)) if window else 0


def _stem(feature) -> str:
    partial = getattr(feature.aggregate, "keywords", {})
    return re.sub(r"_\d+d$", "_Nd", feature.name) if "days" in partial else feature.name


def specs() -> Iterable:
    """Return the examples of all tests."""
    for path in sorted((ROOT / "tests" / "features").glob("test_*.py")):
        if "SPECS" in path.read_text(encoding="utf-8"):
            spec = importlib.util.spec_from_file_location(f"examples_{path.stem}", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            yield from module.SPECS


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
