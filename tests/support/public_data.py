"""Where the public data sets lie, if they do."""

import os
from pathlib import Path

import pytest

PLACE = Path(os.environ.get("SHORTLIST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def public(name: str) -> Path:
    """Return the path of a public data set, or skip the test."""
    path = PLACE / name
    if not path.exists():
        pytest.skip(f"the public data {name} are not here; SHORTLIST_DATA says where to look")
    return path
