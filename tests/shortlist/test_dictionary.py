"""The data dictionary is what the declarations say."""

from pathlib import Path

from features.tables import TABLES
from shortlist.dictionary import dictionary

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def test_the_page_is_what_the_declarations_say():
    assert PAGE.read_text(encoding="utf-8") == dictionary(), "run python -m shortlist.dictionary"


def test_every_column_has_a_line():
    lines = dictionary().splitlines()
    for table in TABLES:
        start = lines.index(f"## {table.table_name}")
        for column in table.columns():
            assert any(line.startswith(f"| `{column.name}` |") for line in lines[start:])
