"""What docs/standing_lists.md shows is what is taken."""

import json
import re
from pathlib import Path
from typing import get_args

from pydantic import TypeAdapter

from campaigns.standing.requests import Festival, StandingList, When

PAGE = (Path(__file__).parents[3] / "docs" / "standing_lists.md").read_text(encoding="utf-8")


def test_the_sample_of_the_page_is_a_standing_list():
    (sample,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    document = json.loads(sample)
    assert StandingList.model_validate(document).document() == document


def test_every_cadence_of_the_page_is_one():
    shown = re.findall(r"^\| `(\{.*?\})` \|", PAGE, flags=re.MULTILINE)
    taken = {type(TypeAdapter(When).validate_json(one)) for one in shown}
    assert taken == set(get_args(When))


def test_the_page_names_every_festival():
    assert all(f"`{name}`" in PAGE for name in get_args(Festival))
