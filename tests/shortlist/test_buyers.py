"""`shortlist buyers`: what a person types, and what is said to a mistake."""

import pytest

from shortlist.commands.buyers import AttributesError, read_attributes


def test_attributes_are_one_json_object(tmp_path):
    path = tmp_path / "tv.json"
    path.write_text('{"product_id": "TV20", "list_price": 6990}', encoding="utf-8")
    assert read_attributes(path) == {"product_id": "TV20", "list_price": 6990}


@pytest.mark.parametrize("text", ["[1]", "{", ""])
def test_anything_else_is_refused_with_the_file_named(tmp_path, text):
    path = tmp_path / "tv.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AttributesError, match=r"tv\.json"):
        read_attributes(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(AttributesError, match=r"none\.json"):
        read_attributes(tmp_path / "none.json")
