"""When a model is due."""

from datetime import date

import pytest

from pipeline.retraining.cadence import due


def asked(as_of, **given):
    usual = {"cadence": "monthly", "rescore": "daily", "trained": None, "scored": None}
    return due(date.fromisoformat(as_of), **{**usual, **given})


TRAINED = {"trained": date(2026, 1, 31), "scored": date(2026, 1, 31)}


@pytest.mark.parametrize(
    ("as_of", "given", "train", "rescore", "missed"),
    [
        ("2026-01-31", {}, True, False, 0),
        ("2026-02-01", TRAINED, True, False, 0),
        ("2026-05-01", TRAINED, True, False, 3),
        ("2026-01-31", TRAINED, False, True, 0),
        ("2026-02-01", {**TRAINED, "cadence": "weekly"}, False, True, 0),  # a Sunday
        ("2026-02-02", {**TRAINED, "cadence": "weekly"}, True, False, 0),
        ("2026-02-01", {**TRAINED, "cadence": "daily"}, True, False, 0),
        ("2026-01-31", {**TRAINED, "cadence": "daily"}, False, True, 0),
        ("2026-01-30", TRAINED, False, True, 0),
        ("2026-01-31", {**TRAINED, "rescore": "weekly"}, False, False, 0),
        ("2026-01-31", {**TRAINED, "scored": None}, False, False, 0),
    ],
)
def test_what_is_due(as_of, given, train, rescore, missed):
    found = asked(as_of, **given)
    assert (found.train, found.rescore, found.missed) == (train, rescore, missed)


def test_a_model_that_is_not_due_is_laid_from_its_last_training():
    assert asked("2026-01-31", **TRAINED).laid_from == date(2026, 1, 31)
