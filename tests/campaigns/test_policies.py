"""Whatever a list is asked for, everybody has one outcome and no control is contacted."""

import json
from datetime import timedelta

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scored import MODEL, NOON, go_live

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.ledger import OUTCOMES
from campaigns.list_spec import ListSpec
from campaigns.loop.reports import CONSENTS, CONTACTS, SUPPRESSIONS, receive
from campaigns.members import control_path, members_path, outcomes_path, read_members
from campaigns.state.database import open_state
from features.tables import Customers
from pipeline.release import read_release

PEOPLE = 300
NAMES = [f"c{number:03}" for number in range(PEOPLE)]


def body(rows):
    return "\n".join(map(json.dumps, rows)).encode()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """300 customers in 120 households and 3 regions, with consents, suppressions, contacts."""
    artifacts = tmp_path_factory.mktemp("artifacts")
    random = np.random.default_rng(7)
    go_live(artifacts, dict(zip(NAMES, random.random(PEOPLE), strict=True)), base=PEOPLE + 20)
    people = pd.DataFrame(
        {
            "customer_id": NAMES,
            "region": random.choice(["north", "south", "east"], PEOPLE),
            "household_id": [f"h{n}" if n < 100 else None for n in random.integers(0, 120, PEOPLE)],
        }
    )
    declared = ibis.schema(Customers.schema()).to_pyarrow()
    columns = {
        name: pa.array(people[name], kind, from_pandas=True)
        if name in people
        else pa.nulls(PEOPLE, kind)
        for name, kind in zip(declared.names, declared.types, strict=True)
    }
    (artifacts / "tables").mkdir()
    pq.write_table(pa.table(columns), artifacts / "tables" / "customers.parquet")
    state = open_state(artifacts)
    agreed = [{"customer_id": one, "channel": "email", "granted": True} for one in NAMES[::2]]
    receive(state, body(agreed), CONSENTS, at=NOON - timedelta(days=9))
    barred = [{"customer_id": one} for one in NAMES[::11]]
    barred += [{"customer_id": one, "channel": "email"} for one in NAMES[::7]]
    receive(state, body(barred), SUPPRESSIONS, at=NOON)
    sent = {"campaign_id": "winter", "channel": "email", "status": "sent"}
    contacts = [
        {**sent, "customer_id": one, "event_time": (NOON - timedelta(days=day)).isoformat()}
        for day in (3, 20)
        for one in NAMES[:: day + 2]
    ]
    receive(state, body(contacts), CONTACTS, at=NOON)
    with Desk(artifacts) as desk:
        yield artifacts, state, desk
    state.dispose()


CONDITIONS = st.recursive(
    st.one_of(
        st.sampled_from(["north", "south", "east"]).map(
            lambda region: {"customer": "region", "in": [region]}
        ),
        st.just({"customer": "household_id", "known": True}),
    ),
    lambda inner: st.one_of(
        st.builds(lambda a, b: {"any": [a, b]}, inner, inner),
        st.builds(lambda a: {"not": a}, inner),
    ),
    max_leaves=4,
)
ENDS = st.one_of(
    st.builds(lambda size: {"size": size}, st.integers(1, PEOPLE)),
    st.builds(lambda least: {"at_least": least}, st.floats(0, 1)),
    st.builds(
        lambda budget, cost: {"budget": budget, "value": {"margin": 10.0, "contact_cost": cost}},
        st.floats(1, 500),
        st.floats(0.5, 5),
    ),
    st.builds(
        lambda cost: {"profitable": True, "value": {"margin": 10.0, "contact_cost": cost}},
        st.floats(0, 12),
    ),
)
POLICIES = st.fixed_dictionaries(
    {
        "control_share": st.floats(0.01, 0.99),
        "seed": st.integers(0, 2**40),
        "one_a_household": st.booleans(),
    },
    optional={
        "where": CONDITIONS,
        "channel": st.just("email"),
        "contact_cap": st.builds(
            lambda times, days: {"times": times, "within_days": days},
            st.integers(1, 2),
            st.integers(1, 30),
        ),
    },
)


@settings(max_examples=80)
@given(policy=POLICIES, ends=ENDS, global_control=st.sampled_from([0.0, 0.1, 0.5]))
def test_everybody_has_one_outcome_and_no_control_is_a_member(shop, policy, ends, global_control):
    artifacts, state, desk = shop
    spec = ListSpec.model_validate({"model": MODEL, **policy, **ends})
    found = build_list(
        spec,
        read_release(artifacts),
        desk=desk,
        state=state,
        at=NOON,
        global_control=global_control,
    ).list
    ledger = found.ledger
    assert ledger.base == ledger.selected + ledger.control + sum(ledger.excluded.values())
    assert set(ledger.excluded) <= set(OUTCOMES)

    members = pq.read_table(members_path(artifacts, found.id)).to_pandas()
    control = pq.read_table(control_path(artifacts, found.id)).to_pandas()
    everybody = pq.read_table(outcomes_path(artifacts, found.id)).to_pandas()
    outcome = everybody.set_index("customer_id")["outcome"].astype(str)
    assert outcome.index.is_unique
    assert len(outcome) == PEOPLE
    assert set(members["customer_id"]) == set(outcome.index[outcome == "selected"])
    assert set(control["customer_id"]) == set(outcome.index[outcome == "control"])
    counts = outcome.value_counts().to_dict()
    unknown = ledger.base - PEOPLE  # known by number only: they have no score
    told = {"selected": ledger.selected, "control": ledger.control, **ledger.excluded}
    told["not_eligible"] -= unknown
    assert counts == {name: number for name, number in told.items() if number}

    assert not set(members["customer_id"]) & set(control["customer_id"])
    assert not {*members["customer_id"], *control["customer_id"]} & set(NAMES[::11])
    if spec.channel:
        assert set(members["customer_id"]) <= set(NAMES[::2]) - set(NAMES[::7])
    assert set(members["arm"]) <= {"treated"}
    assert set(control["arm"]) <= {"control"}
    assert set(members["arm_probability"]) <= {1 - spec.control_share}
    assert set(control["arm_probability"]) <= {spec.control_share}
    page = read_members(artifacts, found.id, found.members, after=0, limit=PEOPLE)
    assert page["customer_id"].to_pylist() == members["customer_id"].tolist()
    assert members["probability"].is_monotonic_decreasing
    if spec.size is not None:
        assert len(members) <= spec.size
    if spec.size is not None and "below_cut_off" in ledger.excluded:
        # The list ended before its candidates did: who was held out would have been a member.
        assert not (control["probability"] < members["probability"].min()).any()


@settings(max_examples=20)
@given(policy=POLICIES, ends=ENDS, global_control=st.sampled_from([0.1, 0.5]))
def test_no_list_reaches_the_global_control(shop, policy, ends, global_control):
    artifacts, state, desk = shop
    reached = []
    for own in ({}, policy):
        spec = ListSpec.model_validate({"model": MODEL, **own, **ends})
        release = read_release(artifacts)
        with desk.opened(spec, release) as (_, population, _):
            bits = population.drawn("2026Q1", share=global_control)
        built = build_list(
            spec, release, desk=desk, state=state, at=NOON, global_control=global_control
        )
        if not built.new:  # built before, maybe beside another global control
            continue
        held = np.unpackbits(bits, count=PEOPLE).view(bool)
        known = population.customers.to_pandas()[held]
        rows = pq.read_table(members_path(artifacts, built.list.id))["customer_id"].to_pylist()
        reached += sorted(set(rows) & set(known))
    assert reached == []
