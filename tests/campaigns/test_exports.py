"""An export holds the members who may still be contacted, nobody else, whole or not at all."""

import csv
import hashlib
import json
from datetime import timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scored import MODEL, NOBODY_HELD_OUT, NOON, go_live, many
from sqlalchemy.orm import Session

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.exports import (
    ExportSpec,
    UnknownExportError,
    UnknownFieldError,
    export_folder,
    read_export,
    write_export,
)
from campaigns.list_spec import ListSpec
from campaigns.members import DamagedListError, control_path, members_path
from campaigns.state.database import open_state
from campaigns.state.tables import ConsentChange, ContactEvent, Suppression
from pipeline.durable import PARTIAL
from pipeline.release import read_release

LATER = NOON + timedelta(days=1)


def built(artifacts, state, **spec):
    wanted = ListSpec(**{"model": MODEL, "size": 10, **NOBODY_HELD_OUT, **spec})
    with Desk(artifacts) as desk:
        return build_list(wanted, read_release(artifacts), desk=desk, state=state, at=NOON).list


def exported(artifacts, state, found, **spec):
    return write_export(
        found,
        ExportSpec(**{"format": "parquet", **spec}),
        artifacts=artifacts,
        state=state,
        at=LATER,
        identity="export_a",
    )


def content(artifacts, made, number=0):
    return export_folder(artifacts, made.list_id, made.id) / made.files[number].name


def ids(artifacts, made):
    return pq.read_table(content(artifacts, made))["customer_id"].to_pylist()


def report(state, *rows):
    with Session(state) as session, session.begin():
        session.add_all(rows)


def consent(customer, *, granted, at=NOON - timedelta(days=9)):
    return ConsentChange(
        customer_id=customer,
        channel="email",
        purpose="marketing",
        event_time=at,
        granted=granted,
        received_at=at,
    )


def contact(customer, day):
    at = NOON - timedelta(days=day)
    return ContactEvent(
        campaign_id=f"of day {day}",
        customer_id=customer,
        channel="email",
        event_time=at,
        status="sent",
        received_at=at,
    )


def suppression(customer, channel=""):
    return Suppression(customer_id=customer, channel=channel, reason="asked", since=NOON)


def test_the_manifest_describes_what_was_written(tmp_path, state):
    go_live(tmp_path, many(30))
    found = built(tmp_path, state)
    made = exported(tmp_path, state, found)
    assert (made.members, made.rows, made.removed) == (10, 10, {})
    assert ids(tmp_path, made) == [f"c{number:05}" for number in range(10)]
    (file,) = made.files
    data = content(tmp_path, made).read_bytes()
    assert (file.rows, file.bytes) == (10, len(data))
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert read_export(tmp_path, found.id, "export_a") == made


def test_who_was_suppressed_since_the_build_is_removed_and_counted(tmp_path, state):
    go_live(tmp_path, many(30))
    found = built(tmp_path, state)
    report(state, suppression("c00003"), suppression("c00004", "phone"), suppression("c00020"))
    made = exported(tmp_path, state, found)
    assert made.removed == {"suppressed": 2}
    assert {"c00003", "c00004"}.isdisjoint(ids(tmp_path, made))
    ranks = pq.read_table(content(tmp_path, made))["rank"].to_pylist()
    assert ranks == [1, 2, 3, 6, 7, 8, 9, 10]


def test_who_withdrew_or_had_enough_since_the_build_is_removed_by_the_first_reason(tmp_path, state):
    go_live(tmp_path, many(6))
    report(state, *(consent(f"c{number:05}", granted=True) for number in range(6)))
    cap = {"times": 2, "within_days": 30}
    found = built(tmp_path, state, size=6, channel="email", contact_cap=cap)
    withdrawn = NOON + timedelta(hours=1)
    report(
        state,
        consent("c00000", granted=False, at=withdrawn),
        consent("c00001", granted=False, at=withdrawn),
        suppression("c00001"),
        suppression("c00002", "email"),
        suppression("c00003", "phone"),
        *(contact("c00004", day) for day in (1, 2)),
        contact("c00005", 3),
    )
    made = exported(tmp_path, state, found)
    assert made.removed == {"no_consent": 2, "suppressed": 1, "contact_cap": 1}
    assert ids(tmp_path, made) == ["c00003", "c00005"]


def test_a_refusal_of_the_future_does_not_count_yet(tmp_path, state):
    go_live(tmp_path, many(2))
    report(state, consent("c00000", granted=True), consent("c00001", granted=True))
    found = built(tmp_path, state, size=2, channel="email")
    report(state, consent("c00001", granted=False, at=LATER + timedelta(days=1)))
    assert exported(tmp_path, state, found).rows == 2


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """400 scored customers, all of whom agree to e-mails, some of whom were contacted."""
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, many(400), base=450)
    state = open_state(artifacts)
    report(state, *(consent(f"c{number:05}", granted=True) for number in range(400)))
    report(state, *(contact(f"c{number:05}", day) for number in range(0, 400, 7) for day in (1, 2)))
    yield artifacts, state
    state.dispose()


POLICIES = st.fixed_dictionaries(
    {
        "size": st.integers(1, 400),
        "control_share": st.floats(0.01, 0.95),
        "seed": st.integers(0, 2**40),
    },
    optional={
        "channel": st.just("email"),
        "at_least": st.floats(0, 0.9),
        "contact_cap": st.fixed_dictionaries(
            {"times": st.integers(1, 3), "within_days": st.integers(1, 30)}
        ),
    },
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=POLICIES, form=st.sampled_from(["parquet", "csv", "ndjson"]))
def test_nobody_who_was_held_out_is_ever_exported(crowd, policy, form):
    artifacts, state = crowd
    found = built(artifacts, state, **policy)
    held_out = set(pq.read_table(control_path(artifacts, found.id))["customer_id"].to_pylist())
    assert len(held_out) == found.ledger.control
    made = exported(artifacts, state, found, format=form, fields=("customer_id",))
    text = content(artifacts, made)
    names = set(
        pq.read_table(text)["customer_id"].to_pylist()
        if form == "parquet"
        else text.read_text().translate(str.maketrans('{}:",', "     ")).split()
    ) - {"customer_id"}
    assert len(names) == made.rows == found.ledger.selected
    assert not names & held_out


def test_members_that_say_they_are_control_are_refused(tmp_path, state):
    go_live(tmp_path, many(30))
    found = built(tmp_path, state, control_share=0.5)
    members_path(tmp_path, found.id).write_bytes(control_path(tmp_path, found.id).read_bytes())
    with pytest.raises(DamagedListError, match="missing or damaged"):
        exported(tmp_path, state, found)
    assert not list(export_folder(tmp_path, found.id, "x").parent.rglob("*.parquet"))


def customers(artifacts, *rows):
    columns = ["customer_id", "valid_from", "address", "city", "region", "postal_code", "email"]
    path = artifacts / "tables" / "customers.parquet"
    path.parent.mkdir()
    frame = pd.DataFrame(rows, columns=columns)
    frame["valid_from"] = pd.to_datetime(frame["valid_from"]).dt.date
    frame.to_parquet(path)


ROWS = [
    ("c00000", "2020-01-01", "1 Old Street", "Taipei", "North", "100001", "old@x.tw"),
    ("c00000", "2024-01-01", "2 New Street", "Taipei", "North", " 106017 ", "=new@x.tw"),
    ("c00001", None, "3 Sea Road", "Hualien", "East", None, None),
    ("c00002", None, "4 Sea Road", "Hualien", "East", "97050", None),
    ("c00003", None, "", "Hualien", "East", "970501", None),
    ("c00004", None, "5 Sea Road", "Hualien", "East", "\uff10\uff17\uff10\uff15\uff10\uff11", None),
]


def read_csv(path, encoding="utf-8"):
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def test_labels_have_the_newest_address_and_who_has_none_is_listed(tmp_path, state):
    go_live(tmp_path, many(6))
    customers(tmp_path, *ROWS)
    made = exported(tmp_path, state, built(tmp_path, state, size=6), format="labels")
    assert read_csv(content(tmp_path, made)) == [
        {
            "customer_id": "c00000",
            "address": "2 New Street",
            "city": "Taipei",
            "region": "North",
            "postal_code": "106017",
        }
    ]
    told = {one["customer_id"]: one["problem"] for one in read_csv(content(tmp_path, made, 1))}
    assert told == {
        "c00001": "missing_code",
        "c00002": "malformed_code",
        "c00003": "missing_address",
        "c00004": "malformed_code",
        "c00005": "missing_address",
    }
    assert made.rows + sum(made.without_label.values()) == made.members == 6


def test_columns_come_in_the_order_asked_for_and_formulas_are_text(tmp_path, state):
    go_live(tmp_path, many(3))
    customers(tmp_path, *ROWS)
    found = built(tmp_path, state, size=2)
    fields = ("email", "city", "customer_id", "probability")
    made = exported(tmp_path, state, found, format="csv", fields=fields, bom=True)
    path = content(tmp_path, made)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = read_csv(path, "utf-8-sig")
    assert list(rows[0]) == list(fields)
    assert [row["email"] for row in rows] == ["'=new@x.tw", ""]
    assert float(rows[1]["probability"]) == pytest.approx(2 / 3)


def test_lines_of_json_hold_the_values_as_they_are(tmp_path, state):
    go_live(tmp_path, {'=1, "ann"': 0.75, "王小明": 0.5})
    made = exported(tmp_path, state, built(tmp_path, state, size=2), format="ndjson")
    lines = [json.loads(line) for line in content(tmp_path, made).read_text("utf-8").splitlines()]
    assert [(one["rank"], one["customer_id"], one["probability"]) for one in lines] == [
        (1, '=1, "ann"', 0.75),
        (2, "王小明", 0.5),
    ]


@pytest.mark.parametrize(
    "spec",
    [
        {"format": "csv", "fields": ("rank", "pasword")},
        {"format": "csv", "fields": ("rank", "rank")},
        {"format": "csv", "fields": ("name",)},
        {"format": "labels", "fields": ("rank",)},
    ],
)
def test_fields_that_there_are_not_are_refused(tmp_path, state, spec):
    go_live(tmp_path, many(3))
    with pytest.raises(UnknownFieldError):
        exported(tmp_path, state, built(tmp_path, state, size=2), **spec)


def test_an_export_that_breaks_off_leaves_nothing(tmp_path, state):
    go_live(tmp_path, many(3))
    found = built(tmp_path, state, size=2)

    def told(share):
        if share == 0.9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_export(
            found,
            ExportSpec(format="csv"),
            artifacts=tmp_path,
            state=state,
            at=LATER,
            identity="export_a",
            told=told,
        )
    assert not list(tmp_path.rglob("*.csv"))
    assert not list(tmp_path.rglob(f"{PARTIAL}*"))
    with pytest.raises(UnknownExportError):
        read_export(tmp_path, found.id, "export_a")


def test_an_export_is_not_read_from_elsewhere(tmp_path, state):
    go_live(tmp_path, many(3))
    found = built(tmp_path, state, size=2)
    exported(tmp_path, state, found)
    with pytest.raises(UnknownExportError):
        read_export(tmp_path, found.id, "export_/../export_a")
