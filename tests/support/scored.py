"""Artifacts with scores that are live, visible in the test that asks for them."""

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from pipeline.release import Release, release
from pipeline.score_set import ScoreSet, write_score_set

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODEL = "customer_activity"
#: So few are held out at random that it is nobody.
NOBODY_HELD_OUT = {"control_share": 1e-12}


def store(artifacts, scores: Any, *, version="1", base: int | None = None, **given) -> ScoreSet:
    """Store scores: a dict of probabilities by customer, or rows."""
    if isinstance(scores, dict):
        scores = [{"customer_id": name, "probability": value} for name, value in scores.items()]
    frame = pd.DataFrame(scores)
    inputs = {
        "model": MODEL,
        "as_of": date(2026, 3, 1),
        "unit": "pair" if "product_id" in frame else "customer",
        "data_fingerprint": "c0ffee",
        "created_at": NOON,
    }
    base = frame["customer_id"].nunique() if base is None else base
    return write_score_set(
        frame, artifacts=artifacts, version=version, base=base, **{**inputs, **given}
    )


def go_live(artifacts, scores: Any, **given) -> Release:
    """Store scores and release them."""
    score_set = store(artifacts, scores, **given)
    return release(
        artifacts, score_set.model, version=score_set.version, score_set=score_set.id, at=NOON
    )


def many(count: int) -> dict[str, float]:
    """Scores of so many customers, the first the best."""
    return {f"c{number:05}": 1 - number / count for number in range(count)}
