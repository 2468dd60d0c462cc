"""Members handed out over HTTP: to stores, salespeople and agents, in rank order."""

from datetime import UTC, datetime, timedelta

import ibis
import pytest
from jobs import done
from scored import MODEL, NOBODY_HELD_OUT, go_live
from service import running
from shop import Row, member, sale, store, table
from sqlalchemy.orm import Session

from campaigns.state.tables import Suppression

#: From the best to the worst; ann, bob and cat go to A, dan nowhere, eve lives in the east.
SCORES = {"ann": 0.9, "bob": 0.8, "cat": 0.7, "dan": 0.6, "eve": 0.5, "fay": 0.4}
STORES = [
    store("A", city="Taipei", region="North"),
    store("B", city="Keelung", region="North"),
    store("C", region="East"),
]
PEOPLE = [
    Row("salespeople", {"salesperson_id": name, "store_id": where}, {})
    for name, where in (("sam", "A"), ("sue", "A"), ("tom", "B"))
]
LIVES = {"dan": ("Keelung", "North"), "eve": (None, "East"), "fay": (None, None)}
SOLD = [
    *(
        sale(name, "2026-01-05", store_id="A", salesperson_id="sam")
        for name in ("ann", "bob", "cat")
    ),
    *(sale("ann", f"2026-01-0{day}", store_id="A", salesperson_id="sam") for day in (6, 7)),
    sale("ann", "2026-01-09", store_id="B", salesperson_id="tom"),
]


@pytest.fixture
def shop(tmp_path):
    """A service with a list of six, and a client that may do all."""
    go_live(tmp_path, SCORES)
    (tmp_path / "tables").mkdir()
    rows = {
        "stores": STORES,
        "salespeople": PEOPLE,
        "transactions": SOLD,
        "customers": [
            member(
                name, city=LIVES.get(name, (None, None))[0], region=LIVES.get(name, (None, None))[1]
            )
            for name in SCORES
        ],
    }
    connection = ibis.duckdb.connect()
    for name, given in rows.items():
        connection.to_parquet(table(name, given), tmp_path / "tables" / f"{name}.parquet")
    connection.disconnect()
    with running(tmp_path) as service, service.with_key("admin") as client:
        spec = {"model": MODEL, "size": 6, **NOBODY_HELD_OUT}
        yield service, client, client.post("/v1/lists", json=spec).headers["Location"]


def assigned(client, path, **spec):
    answer = client.post(f"{path}/assignments", json=spec, headers={"Prefer": "wait=20"})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"], answer.json()


def places(client, location):
    rows = client.get(f"{location}/members").json()["members"]
    return {one["customer_id"]: (one["place_id"], one["way"]) for one in rows}


def test_members_go_to_the_store_they_visit_most_or_one_nearby(shop):
    _, client, path = shop
    location, made = assigned(client, path, to="stores", capacity=2, capacities={"B": 1})
    assert places(client, location) == {
        "ann": ("A", "home"),
        "bob": ("A", "home"),
        "cat": ("B", "region"),
        "dan": (None, None),
        "eve": ("C", "region"),
        "fay": (None, None),
    }
    assert (made["assigned"], made["unassigned"], made["members"]) == (4, 2, 6)
    assert made["places"] == {"A": 2, "B": 1, "C": 1}
    assert made["ways"] == {"home": 2, "region": 2}
    assert client.get(location).json() == made


def test_salespeople_of_the_same_store_help_out_first(shop):
    _, client, path = shop
    location, _ = assigned(client, path, to="salespeople", capacity=1)
    found = places(client, location)
    assert [found[name] for name in ("ann", "bob", "cat", "dan")] == [
        ("sam", "home"),
        ("sue", "store"),
        ("tom", "region"),
        (None, None),
    ]


def test_agents_share_the_members_by_their_room(shop):
    _, client, path = shop
    location, made = assigned(client, path, to="agents", capacities={"kim": 1, "lee": 3})
    assert made["places"] == {"kim": 1, "lee": 3}
    assert [place for place, _ in places(client, location).values()] == [
        *("lee", "lee", "kim", "lee"),
        *(None, None),
    ]


def test_who_was_suppressed_since_the_build_is_not_handed_out(shop):
    service, client, path = shop
    since = datetime.now(UTC) - timedelta(seconds=1)
    with Session(service.state) as session, session.begin():
        session.add(Suppression(customer_id="ann", channel="", reason="asked", since=since))
    location, made = assigned(client, path, to="stores", capacity=9)
    assert made["removed"] == {"suppressed": 1}
    assert made["assigned"] + made["unassigned"] + 1 == made["members"]
    assert "ann" not in places(client, location)


def test_a_place_reads_its_own_members_page_after_page(shop):
    _, client, path = shop
    answer = client.post(f"{path}/assignments", json={"to": "agents", "capacities": {"kim": 5}})
    location = done(client, answer)["location"]
    query, seen = {"place": "kim", "limit": 2}, []
    while True:
        page = client.get(f"{location}/members", params=query).json()
        seen += [one["customer_id"] for one in page["members"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == ["ann", "bob", "cat", "dan", "eve"]
    foreign = client.get(f"{location}/members", params=query | {"place": "lee"})
    assert foreign.status_code == 422


@pytest.mark.parametrize(
    ("spec", "detail"),
    [
        ({"to": "stores"}, "say how many each takes"),
        ({"to": "agents", "capacity": 5}, "name the agents"),
        ({"to": "stores", "capacities": {"Z": 5}}, "the table stores has no store_id Z"),
        ({"to": "stores", "capacity": -1}, "greater than or equal to 0"),
        ({"to": "shops", "capacity": 1}, "Input should be"),
    ],
)
def test_what_cannot_be_handed_out_is_refused_at_once(shop, spec, detail):
    _, client, path = shop
    answer = client.post(f"{path}/assignments", json=spec)
    assert answer.status_code == 422
    assert detail in answer.json()["detail"]


def test_an_assignment_that_was_not_made_is_not_found(shop):
    _, client, path = shop
    for missing in ("assignment_0", "..%2Fexports", "export_0/members"):
        assert client.get(f"{path}/assignments/{missing}").status_code == 404
