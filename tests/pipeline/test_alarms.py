"""Each leak is caught by its own alarm, by name; without a leak none rings."""

from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import pytest
from line import alarms_of, lined_up
from public_data import public

from models.card_uptake import card_uptake
from pipeline.alarms import (
    Alarm,
    columns_alarm,
    dominance_alarm,
    gap_alarm,
    late_alarm,
    periods_alarm,
    permuted_alarm,
    sampled,
)
from pipeline.customers.train import fit
from pipeline.durable import write_json
from pipeline.evaluation import Evaluation, Figure
from pipeline.examples import Examples, together
from pipeline.gate import decide
from pipeline.labels import label_folder
from pipeline.params import GateParams
from pipeline.project import OutcomeWindow, find_model, read_cutoffs
from pipeline.snapshot_store import read_manifest, snapshot_folder

MODEL = "customer_activity"


def customers(count, seed, **columns):
    """Rows whose outcome depends on one column, with a few more that say nothing."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame({f"noise_{n}": random.normal(size=count) for n in range(3)})
    X["spend_amount"] = random.gamma(2.0, 100.0, size=count)
    chance = 1 / (1 + np.exp(2 - X.spend_amount / 150))
    y = (random.random(count) < chance).to_numpy(dtype=np.int8)
    keys = pd.DataFrame({"customer_id": [f"c{n}" for n in range(count)]})
    made = X.assign(**{name: make(y) for name, make in columns.items()})
    return Examples(keys, made, y, np.ones(len(y)))


def test_a_column_that_has_seen_the_outcome_is_caught_by_name():
    def leak(y):
        return y + np.random.default_rng(5).normal(scale=0.4, size=len(y))

    caught = columns_alarm(customers(2000, 1, card_closed_days=leak), limit=0.9, seed=1)
    assert caught.rings
    assert list(caught.suspects) == ["card_closed_days"]
    assert caught.title().startswith("leak check columns: card_closed_days (0.9")


@pytest.mark.parametrize("seed", range(20))
def test_columns_that_have_not_seen_it_never_ring(seed):
    alarm = columns_alarm(customers(2000, seed), limit=0.9, seed=seed)
    assert not alarm.rings
    assert not alarm.suspects


def test_the_days_to_a_festival_tell_no_rows_apart():
    learned = customers(2000, 1, days_to_christmas=lambda y: np.full(len(y), 90))
    scored = customers(2000, 2, days_to_christmas=lambda y: np.full(len(y), 60))
    alarm = periods_alarm(
        learned, scored=scored.X, customers=scored.keys["customer_id"], limit=0.95, seed=1
    )
    assert not alarm.rings
    assert "days_to_christmas" not in alarm.suspects


def test_a_column_that_is_filled_in_later_is_caught_by_name():
    learned = customers(2000, 1, status_days=lambda y: y * 1.0)
    scored = customers(2000, 2, status_days=lambda y: y * np.nan)
    alarm = periods_alarm(
        learned, scored=scored.X, customers=scored.keys["customer_id"], limit=0.95, seed=1
    )
    assert alarm.rings
    assert next(iter(alarm.suspects)) == "status_days"


def test_how_long_the_call_lasted_is_caught_by_name():
    """UCI Bank Marketing: `duration` is known only when the call, and with it the answer, is."""
    frame = pd.read_csv(public("bank-additional-full.csv.gz"), sep=";")
    frame = frame.sample(6000, random_state=1, ignore_index=True)
    y = (frame.pop("y") == "yes").to_numpy(dtype=np.int8)
    keys = pd.DataFrame({"customer_id": [f"c{n}" for n in range(len(y))]})

    def alarm(X):
        parts = np.array_split(np.arange(len(y)), 4)
        rows = [Examples(keys, X, y, np.ones(len(y))).at(part) for part in parts]
        learning = dict(zip(("train", "tune", "calibrate"), rows[:3], strict=True))
        return dominance_alarm(
            partial(fit, card_uptake), learning=learning, test=rows[3], limit=0.1, seed=1
        )

    caught = alarm(frame)
    assert caught.rings
    assert list(caught.suspects) == ["duration"]
    assert not alarm(frame.drop(columns="duration")).rings


def test_a_model_of_one_column_is_not_judged_by_what_is_left_without_it():
    def one_column(seed):
        rows = customers(400, seed)
        return rows._replace(X=rows.X[["spend_amount"]])

    learning = dict(zip(("train", "tune", "calibrate"), map(one_column, (1, 2, 3)), strict=True))
    alarm = dominance_alarm(
        partial(fit, card_uptake), learning=learning, test=one_column(4), limit=0.1, seed=1
    )
    assert (alarm.found, alarm.rings) == (0.0, False)


class Memory:
    """A learner that knows by heart what it was taught, and guesses the rest."""

    def fit(self, rows):
        self.known = {tuple(x): y for x, y in zip(rows.X.to_numpy(), rows.y, strict=True)}
        return self

    def predict_proba(self, X):
        said = np.array([self.known.get(tuple(x), 0.5) for x in X.to_numpy()], dtype=float)
        return np.column_stack([1 - said, said])


def teach(train, seed):
    """Teach a memory, as training teaches its learner."""
    del seed  # it has nothing to draw
    return Memory().fit(train)


def permuted(train, test):
    return permuted_alarm(teach, learning={"train": train}, test=test, level=0.999, seed=3)


def test_test_rows_among_the_training_rows_are_caught():
    alarm = permuted(customers(500, 1), customers(500, 1))
    assert alarm.rings
    assert alarm.found == 1.0


def test_a_few_shared_rows_are_caught_as_well():
    own, shared = customers(500, 1), customers(500, 2)
    mixed = together(own, shared.at(np.arange(150)))
    assert permuted(mixed, shared).rings


@pytest.mark.parametrize("seed", range(5))
def test_a_learner_of_shuffled_labels_that_shares_no_row_knows_nothing(seed):
    assert not permuted(customers(500, seed), customers(500, seed + 100)).rings


DAY = date(2026, 1, 1)


def evaluation(*alarms):
    figure = Figure(value=1.0, low=0.99, high=1.01)
    return Evaluation(
        model=MODEL,
        as_of=DAY,
        rows=10,
        positives=5,
        list_size=10,
        level=0.95,
        measures={"observed_over_expected": figure, "calibration_slope": figure},
        baselines={},
        differences={},
        alarms=alarms,
    )


def test_the_gate_refuses_a_leak_by_name_and_lets_silent_alarms_pass():
    silent = Alarm(name="periods", found=0.7, high=0.95, suspects={"tenure_days": 0.6})
    ringing = Alarm(name="columns", found=0.97, high=0.9, suspects={"card_closed_days": 0.97})
    passed = decide(evaluation(silent), kind="first", rivals={}, params=GateParams())
    assert passed.passed
    refused = decide(evaluation(silent, ringing), kind="first", rivals={}, params=GateParams())
    assert refused.refusals() == [
        "leak check columns: card_closed_days (0.97): 0.97 [0.97, 0.97], expected at most 0.9"
    ]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return lined_up(tmp_path_factory.mktemp("alarms"), seed=1)


def test_no_alarm_rings_on_simulated_members(project):
    found = alarms_of(project, MODEL)
    assert set(found) == {
        "columns",
        "dominance",
        "periods",
        "permuted labels",
        "late rows",
        "gap",
    }
    assert [alarm.title() for alarm in found.values() if alarm.rings] == []


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 22))
def test_no_alarm_rings_in_twenty_simulated_worlds(tmp_path, seed):
    ringing = [
        alarm for alarm in alarms_of(lined_up(tmp_path, seed=seed), MODEL).values() if alarm.rings
    ]
    assert [(alarm.title(), alarm.found) for alarm in ringing] == []


def test_a_leak_planted_in_the_snapshots_is_caught_by_name(tmp_path_factory):
    project = lined_up(tmp_path_factory.mktemp("leak"), seed=2)
    days = read_cutoffs(project.artifacts, MODEL)
    for day in days.labelled:
        path = snapshot_folder(project.artifacts, "customer", day) / "part-0.parquet"
        labels = label_folder(project.artifacts, MODEL, day) / "part-0.parquet"
        rows = pd.read_parquet(path).merge(pd.read_parquet(labels), how="left", on="customer_id")
        rows.assign(tenure_days=rows.pop("label")).to_parquet(path)
    found = alarms_of(project, MODEL)
    assert found["columns"].rings
    assert list(found["columns"].suspects) == ["tenure_days"]
    assert found["periods"].rings
    assert next(iter(found["periods"].suspects)) == "tenure_days"
    assert not found["permuted labels"].rings


def test_a_snapshot_that_sees_its_own_day_is_caught(project):
    days = read_cutoffs(project.artifacts, MODEL)
    model = find_model(MODEL)
    assert late_alarm(project.artifacts, model.unit, days).found >= 1
    path = snapshot_folder(project.artifacts, "customer", days.test) / "manifest.json"
    manifest = read_manifest(project.artifacts, "customer", days.test)
    late = {**manifest, "newest": {**manifest["newest"], "baskets": days.test}}
    write_json(path, late)
    try:
        alarm = late_alarm(project.artifacts, model.unit, days)
    finally:
        write_json(path, manifest)
    assert alarm.rings
    assert alarm.suspects == {f"baskets at {days.test}": 0.0}


def test_a_window_that_reaches_into_the_next_role_is_caught(project):
    days = read_cutoffs(project.artifacts, MODEL)
    artifacts, model = project.artifacts, find_model(MODEL)
    assert not gap_alarm(artifacts, model, days, OutcomeWindow(0, 30)).rings
    longer = gap_alarm(artifacts, model, days, OutcomeWindow(0, 31))
    assert longer.rings
    assert f"window of {days.test}" in longer.suspects
    later = gap_alarm(artifacts, model, days, OutcomeWindow(7, 23))
    assert any(name.startswith("first outcome after") for name in later.suspects)


def test_a_sample_keeps_rows_labels_and_customers_together():
    rows = customers(1000, 1)
    some = sampled(rows, most=100, seed=1)
    assert len(some.y) == 100
    again = rows.keys.join(rows.X).assign(y=rows.y).merge(some.keys.assign(seen=some.y))
    assert (again.y == again.seen).all()
    assert sampled(rows, most=1000, seed=1) is rows
