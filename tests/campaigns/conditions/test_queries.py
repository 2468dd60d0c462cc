"""What each condition means, on tables that are visible here."""

import pytest
from known import AS_OF, deliver, who_meets
from scored import go_live
from shop import Row, at, contact, fact, look, member, product, returned, sale

from campaigns.conditions.errors import ConditionError


@pytest.fixture
def people(tmp_path):
    deliver(
        tmp_path,
        member("ann", "2020-06-03", region="North", birth_year=1990, interests="photo|food"),
        member("bob", "2024-05-30", region="South", birth_year=1950),
        member("cat", "2022-02-28"),
        fact("card_events", "ann", "2024-01-01", step="applied"),
        fact("card_events", "ann", "2024-02-01", step="activated"),
        fact("card_events", "ann", "2024-02-01", step="approved"),  # at the same moment
        fact("card_events", "bob", "2024-02-01", step="applied"),
        fact("card_events", "bob", "2024-05-31", step="activated", known="2024-06-01"),
    )
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"customer": "region", "in": ["North", "East"]}, ["ann"]),
        ({"customer": "region", "not_in": ["North"]}, ["bob", "cat"]),
        ({"not": {"customer": "region", "in": ["North"]}}, ["bob", "cat"]),
        ({"customer": "region", "known": False}, ["cat"]),
        ({"customer": "age", "at_least": 34}, ["ann", "bob"]),
        ({"customer": "age", "at_least": 35}, ["bob"]),
        ({"customer": "joined_on", "at_most": "2022-02-28"}, ["ann", "cat"]),
        ({"customer": "member_days", "at_most": 2}, ["bob"]),
        ({"customer": "interests", "in": "food"}, ["ann"]),
        ({"customer": "interests", "not_in": "food"}, ["bob", "cat"]),
        ({"customer": "interests", "known": False}, ["bob", "cat"]),
        ({"customer": "card", "in": "activated"}, ["ann"]),
        ({"customer": "card", "in": "applied"}, ["bob"]),  # activated, but not known yet
        ({"anniversary": "joined_on", "within_days": 3}, ["ann"]),
        ({"anniversary": "joined_on", "within_days": 2}, []),
    ],
)
def test_what_is_asked_of_a_person(people, asked, expected):
    assert who_meets(people, asked) == expected


@pytest.fixture
def buyers(tmp_path):
    deliver(
        tmp_path,
        *(member(name) for name in ("ann", "bob", "cat", "dan")),
        product("tv2", family="tv", version="2.0", language="en", category_2="screens"),
        product("tv3", family="tv", version="3.0", language="en", category_2="screens"),
        product("mug", brand="Acme", list_price=9.0),
        sale("ann", "2023-01-01", product="tv2", order="a1"),
        sale("ann", "2024-05-01", product="mug", order="a2", store_id="s1"),
        sale("ann", "2024-05-01", product="mug", order="a2", quantity=2.0),
        sale("bob", "2024-05-02", product="tv2", channel="web"),
        sale("bob", "2024-05-31 10:00", product="tv3", known="2024-06-01"),  # too late
        sale("cat", "2024-05-31", product="tv2"),
        returned("cat", "2024-05-31 13:00", product="tv2"),
        sale("cat", "2024-05-02", product="tv3"),
    )
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"bought": {}}, ["ann", "bob", "cat"]),
        ({"not": {"bought": {}}}, ["dan"]),
        ({"bought": {"version": "2.0"}}, ["ann", "bob", "cat"]),
        ({"all": [{"bought": {"version": "2.0"}}, {"not": {"bought": {"version": "3.0"}}}]},
         ["ann", "bob"]),
        ({"bought": {"category": "screens"}, "within_days": 365}, ["bob", "cat"]),
        ({"bought": {"category": "screens"}, "since": "2024-05-02", "until": "2024-05-03"},
         ["bob", "cat"]),
        ({"bought": {"version": "2.0"}, "pieces": {"at_least": 1}}, ["ann", "bob"]),
        ({"bought": {"product_id": "mug"}, "pieces": {"at_least": 3}}, ["ann"]),
        ({"bought": {"product_id": "mug"}, "times": {"at_least": 2}}, []),  # one receipt
        ({"bought": {"product_id": "mug"}, "times": {"at_most": 0}}, ["bob", "cat", "dan"]),
        ({"bought": {}, "amount": {"at_most": 100}}, ["bob", "cat"]),
        ({"bought": {}, "amount": {"at_most": 100}, "times": {"at_least": 0}},
         ["bob", "cat", "dan"]),
        ({"bought": {"list_price": {"at_most": 10}}}, ["ann"]),
        ({"bought": {}, "store": "s1"}, ["ann"]),
        ({"bought": {}, "channel": ["web"]}, ["bob"]),
    ],
)  # fmt: skip
def test_what_is_asked_of_purchases(buyers, asked, expected):
    assert who_meets(buyers, asked) == expected


def test_gifts_are_owed_for_what_was_kept_and_not_yet_sent(tmp_path):
    deliver(
        tmp_path,
        *(member(name) for name in ("ann", "bob", "cat", "dan")),
        product("box"),
        product("gift"),
        sale("ann", "2024-01-01", product="box", quantity=3.0),  # owed 1
        sale("bob", "2024-01-01", product="box", quantity=7.0),  # earned 2, sent 1
        sale("bob", "2024-02-01", product="gift", amount=0.0),
        sale("cat", "2024-01-01", product="box", quantity=3.0),  # brought one back
        returned("cat", "2024-01-02", product="box"),
        sale("dan", "2024-01-01", product="box", quantity=3.0),  # sent
        sale("dan", "2024-02-01", product="gift", amount=0.0),
    )
    asked = {"owed": {"product_id": "box"}, "for_every": 3, "gift": {"product_id": "gift"}}
    assert who_meets(tmp_path, asked) == ["ann", "bob"]
    assert who_meets(tmp_path, asked | {"at_least": 2}) == []


def test_supplies_bought_early_are_used_after_what_is_left(tmp_path):
    deliver(
        tmp_path,
        *(member(name) for name in ("ann", "bob", "cat", "dan", "eve")),
        product("box", days_of_supply=28.0),
        product("big", days_of_supply=56.0),
        product("mug"),
        sale("ann", "2024-05-08", product="box"),  # lasts until 5 June
        sale("bob", "2024-04-01", product="box"),
        sale("bob", "2024-04-10", product="box"),  # together until 27 May
        sale("cat", "2024-01-01", product="box"),
        sale("cat", "2024-05-20", product="box"),  # the gap between is not made up for
        sale("dan", "2024-05-31", product="mug"),
        sale("eve", "2024-04-10", product="big"),  # until 5 June
    )
    assert who_meets(tmp_path, {"runs_out": {}, "within_days": 7}) == ["ann", "eve"]
    assert who_meets(tmp_path, {"runs_out": {"product_id": "big"}, "within_days": 7}) == ["eve"]
    assert who_meets(tmp_path, {"runs_out": {}, "within_days": 4}) == []
    late = {"runs_out": {}, "within_days": 1, "overdue_days": 5}
    assert who_meets(tmp_path, late) == ["bob"]


def test_the_latest_word_on_a_consent_counts_if_it_was_known(tmp_path):
    def word(who, when, granted, **given):
        return fact(
            "consents", who, when, channel="email", purpose="marketing", granted=granted, **given
        )

    deliver(
        tmp_path,
        *(member(name) for name in ("ann", "bob", "cat")),
        word("ann", "2023-01-01", granted=False),
        word("ann", "2024-01-01", granted=True),
        word("bob", "2024-01-01", granted=True),
        word("bob", "2024-05-31", granted=False, known="2024-06-01"),
    )
    assert who_meets(tmp_path, {"consent": "email"}) == ["ann", "bob"]
    assert who_meets(tmp_path, {"consent": "email", "purpose": "health"}) == []


def test_contacts_interactions_and_answers_are_counted(tmp_path):
    deliver(
        tmp_path,
        *(member(name) for name in ("ann", "bob", "cat")),
        contact("ann", "2024-05-30", "email"),
        contact("ann", "2024-05-29", "email"),
        contact("bob", "2024-01-01", "sms", status="bounced"),
        look("bob", "2024-05-01", "view", "kettles"),
        fact("surveys", "ann", "2024-01-01", kind="taste", answer="tea"),
        fact("surveys", "ann", "2024-03-01", kind="taste", answer="coffee"),
    )
    twice = {"contacted": {"channel": "email"}, "times": {"at_least": 2}, "within_days": 7}
    seldom = {"contacted": {}, "times": {"at_most": 1}}
    assert who_meets(tmp_path, twice) == ["ann"]
    assert who_meets(tmp_path, seldom) == ["bob", "cat"]
    assert who_meets(tmp_path, {"contacted": {"status": "bounced"}}) == ["bob"]
    assert who_meets(tmp_path, {"interacted": {"subject": "kettles"}}) == ["bob"]
    assert who_meets(tmp_path, {"answered": "taste"}) == ["ann"]
    assert who_meets(tmp_path, {"answered": "taste", "in": ["tea"]}) == []


def test_scores_of_live_models_are_asked_for_by_value_or_place(tmp_path):
    people = [f"c{number}" for number in range(10)]
    deliver(tmp_path, *(member(name) for name in people))
    go_live(
        tmp_path,
        {name: 0.05 * place for place, name in enumerate(people)},
        model="card_uptake",
        as_of=AS_OF,
    )
    assert who_meets(tmp_path, {"score": "card_uptake", "at_least": 0.4}) == ["c8", "c9"]
    assert who_meets(tmp_path, {"score": "card_uptake", "best_share": 0.3}) == ["c7", "c8", "c9"]
    assert who_meets(tmp_path, {"score": "customer_activity"}) == people


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"customer": "shoe_size", "at_least": 40}, "There are: joined_on, "),
        ({"customer": "email", "known": True}, "or lists may not use it"),
        ({"customer": "region", "at_least": 3}, "compare"),
        ({"customer": "joined_on", "at_least": 3}, "a date with a date"),
        ({"bought": {"family": "radio"}}, "no product has family"),
        ({"feature": "days_since_last_purchase", "at_least": 3}, "no snapshot"),
        ({"consent": "email"}, "the data hold no consents"),
        ({"score": "nobody"}, "no version of nobody is live. Live models: customer_activity"),
        ({"due": {}, "within_days": 7}, "no version of repurchase_timing"),
        ({"in_list": "list_0"}, "no list of this id"),
        ({"anniversary": "region", "within_days": 7}, "no date region"),
    ],
)
def test_what_there_is_not_is_named_with_what_there_is(buyers, asked, message):
    with pytest.raises(ConditionError, match=message) as caught:
        who_meets(buyers, {"all": [{"bought": {}}, {"not": asked}]})
    assert caught.value.pointer == "/all/1/not"


def test_an_illness_is_told_only_where_consent_is_to_just_that(tmp_path):
    deliver(
        tmp_path,
        member("ann"),
        member("bob"),
        product("pill", purpose="health", family="pills"),
        product("mug"),
        sale("ann", "2024-01-01", product="pill"),
        sale("bob", "2024-01-01", product="mug"),
    )
    with pytest.raises(ConditionError, match="tells of an illness"):
        who_meets(tmp_path, {"bought": {"family": "pills"}})
    assert who_meets(tmp_path, {"bought": {}}) == ["bob"]
    assert who_meets(tmp_path, {"bought": {"family": "pills"}}, health=True) == ["ann"]


def test_nor_do_contacts_and_interactions_tell_of_an_illness(tmp_path):
    plan = {"starts_at": at("2024-01-01")}
    deliver(
        tmp_path,
        *map(member, ("ann", "bob", "cat")),
        product("pill", purpose="health", category="prescription"),
        product("mug", category="kitchen"),
        Row("campaigns", {"campaign_id": "refill", "product_id": "pill", **plan}, {}),
        Row("campaigns", {"campaign_id": "sale", "product_id": "mug", **plan}, {}),
        contact("ann", "2024-02-01", "mail", campaign_id="refill"),
        contact("bob", "2024-02-01", "mail", campaign_id="sale"),
        contact("cat", "2024-02-01", "mail"),
        look("ann", "2024-02-01", "view", "pill"),
        look("ann", "2024-02-01", "search", "prescription"),
        look("bob", "2024-02-01", "view", "mug"),
    )
    refill = {"contacted": {"campaign": "refill"}}
    assert who_meets(tmp_path, refill) == []
    assert who_meets(tmp_path, {"contacted": {}}) == ["bob", "cat"]
    assert who_meets(tmp_path, {"interacted": {}}) == ["bob"]
    assert who_meets(tmp_path, refill, health=True) == ["ann"]
    assert who_meets(tmp_path, {"interacted": {}}, health=True) == ["ann", "bob"]


def test_days_begin_at_midnight_of_the_business(tmp_path):
    deliver(
        tmp_path,
        member("ann"),
        member("bob"),
        sale("ann", "2024-05-31 15:59"),  # 23:59 in Taipei
        sale("bob", "2024-05-31 16:00"),  # 1 June there: not known yet
        time_zone="Asia/Taipei",
    )
    assert who_meets(tmp_path, {"bought": {}}) == ["ann"]
