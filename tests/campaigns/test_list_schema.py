"""The language is published as JSON Schema, and means the same there."""

import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from campaigns.conditions.condition import KINDS
from campaigns.list_spec import ListSpec, json_schema

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.json"))


def test_the_published_schema_is_that_of_the_code():
    published = json.loads((ROOT / "docs" / "list.schema.json").read_text(encoding="utf-8"))
    assert published == json_schema(), "shortlist list schema > docs/list.schema.json"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_follows_the_schema(path):
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), json_schema())


@pytest.mark.parametrize(
    "document",
    [
        {"size": 10},
        {"model": "m", "size": 0},
        {"model": "m", "size": 1, "sise": 2},
        {"model": "m", "size": 1, "control_share": 1},
        {"model": "m", "size": 1, "where": {"colour": "red"}},
    ],
)
def test_what_the_code_refuses_the_schema_refuses(document):
    with pytest.raises(ValidationError):
        ListSpec.model_validate(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_schema())


def test_the_page_explains_every_kind_of_condition():
    page = (ROOT / "docs" / "lists.md").read_text(encoding="utf-8")
    assert [verb for verb in KINDS if f'"{verb}"' not in page] == []
