"""A condition is one JSON document with one verb; nonsense is refused where it stands."""

import json

import pytest
from known import CONDITION
from pydantic import ValidationError

from campaigns.conditions.condition import KINDS, Leaf, depth, leaves
from campaigns.conditions.contradictions import refuse_contradictions
from campaigns.conditions.errors import ConditionError
from campaigns.conditions.queries import _ASKED
from campaigns.conditions.told import told

UPGRADE = {
    "all": [
        {"customer": "region", "in": "Europe"},
        {"not": {"customer": "city", "in": "France"}},
        {"bought": {"version": "2.0", "language": "en"}},
        {"not": {"bought": {"version": "3.0"}}},
    ]
}

EVERY = [
    {"customer": "region", "in": ["North"]},
    {"feature": "days_since_last_purchase", "at_least": 90},
    {"bought": {"category": "phones"}, "pieces": {"at_least": 2}, "within_days": 365},
    {"owed": {"product_id": "box"}, "for_every": 3, "gift": {"product_id": "cup"}},
    {"runs_out": {}, "within_days": 7},
    {"due": {}, "within_days": 7},
    {"anniversary": "joined_on", "within_days": 7},
    {"consent": "email"},
    {"contacted": {"channel": "email"}, "times": {"at_most": 2}, "within_days": 30},
    {"interacted": {"kind": "view"}, "since": "2024-01-01"},
    {"answered": "satisfaction", "in": ["5"]},
    {"score": "card_uptake", "best_share": 0.1},
    {"in_list": "list_1"},
]


def test_every_kind_of_condition_is_asked_and_told():
    verbs = {CONDITION.validate_python(one).verb for one in EVERY}
    assert verbs == set(KINDS) - {"all", "any", "not"}
    assert set(_ASKED) == set(Leaf.__args__)


@pytest.mark.parametrize("document", EVERY, ids=lambda one: next(iter(one)))
def test_a_condition_written_and_read_again_is_the_same(document):
    condition = CONDITION.validate_python(document)
    assert CONDITION.validate_json(json.dumps(condition.document())) == condition


@pytest.mark.parametrize("document", EVERY, ids=lambda one: next(iter(one)))
def test_a_condition_is_told_in_both_languages(document):
    words = told(CONDITION.validate_python(document))
    assert words.en.isascii()
    assert any("一" <= letter <= "鿿" for letter in words.zh)


def test_words_read_like_the_question():
    words = told(CONDITION.validate_python(UPGRADE))
    assert words.en == (
        "region is Europe and not (city is France) and has bought version 2.0, language en "
        "and not (has bought version 3.0)"
    )
    assert words.zh == (
        "地區 為 Europe ，且非（城市 為 France ），且買過「版本為 2.0 、語言為 en 」，"
        "且非（買過「版本為 3.0 」）"
    )


def test_every_leaf_is_found_where_it_stands():
    condition = CONDITION.validate_python(UPGRADE)
    assert [place for place, _ in leaves(condition)] == [
        "/all/0",
        "/all/1/not",
        "/all/2",
        "/all/3/not",
    ]
    assert depth(condition) == 3


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "exactly one of the keys"),
        ({"colour": "red"}, "exactly one of the keys"),
        ({"all": [], "any": []}, "exactly one of the keys"),
        ({"all": []}, "at least 1 item"),
        ({"customer": "region"}, "say how it compares"),
        ({"customer": "age", "at_least": 40, "at_most": 30}, "nothing is at least 40"),
        ({"customer": "age", "at_least": "2024-01-01", "at_most": 30}, "two of a kind"),
        ({"customer": "region", "in": "North", "colour": 1}, "Extra inputs"),
        ({"bought": {"colour": "red"}}, "Extra inputs"),
        ({"consent": "pigeon"}, "Input should be 'store', 'web'"),
        ({"bought": {}, "within_days": 0}, "greater than or equal to 1"),
        ({"bought": {}, "since": "2024-02-01", "until": "2024-01-01"}, "no day lies from"),
        ({"bought": {}, "since": "0001-01-01"}, "greater than or equal to 1900-01-01"),
        ({"owed": {}, "gift": {}, "for_every": 0}, "greater than or equal to 1"),
        ({"score": "card_uptake", "best_share": 2}, "less than or equal to 1"),
    ],
)
def test_what_says_nothing_clear_is_refused(document, message):
    with pytest.raises(ValidationError, match=message):
        CONDITION.validate_python(document)


NORTH = {"customer": "region", "in": ["North"]}


@pytest.mark.parametrize(
    "together",
    [
        [NORTH, {"not": NORTH}],
        [NORTH, {"customer": "region", "in": ["South"]}],
        [NORTH, {"customer": "region", "not_in": ["North"]}],
        [NORTH, {"all": [{"bought": {}}, {"not": NORTH}]}],
        [{"bought": {"family": "tv"}}, {"not": {"bought": {"family": "tv"}}}],
        [{"customer": "age", "at_least": 40}, {"customer": "age", "at_most": 30}],
        [{"customer": "age", "known": True}, {"customer": "age", "known": False}],
    ],
)
def test_what_nobody_can_meet_is_refused(together):
    with pytest.raises(ConditionError, match="nobody can meet"):
        refuse_contradictions(CONDITION.validate_python({"all": together}))


@pytest.mark.parametrize(
    "fine",
    [
        {"any": [NORTH, {"not": NORTH}]},
        {"all": [NORTH, {"customer": "city", "in": ["South"]}]},
        {"all": [{"bought": {"family": "tv"}}, {"not": {"bought": {"version": "3.0"}}}]},
        {
            "all": [
                {"customer": "interests", "in": "photo"},
                {"customer": "interests", "in": "food"},
            ]
        },
        {"all": [{"customer": "age", "at_least": 30}, {"customer": "age", "at_most": 30}]},
    ],
)
def test_what_somebody_can_meet_is_not_refused(fine):
    refuse_contradictions(CONDITION.validate_python(fine))
