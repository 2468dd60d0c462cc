"""Train what offers change: check every design first, learn, and decide what is shipped."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from rich.console import Console

from models.definition import LiftModel
from models.learners.trial import TrialError
from pipeline.durable import whole_folder, write_json
from pipeline.engine import engine
from pipeline.fingerprint import definition_digest, folder_digest
from pipeline.lift.cutoffs import LiftCutoffs, read_lift_cutoffs
from pipeline.lift.design import DesignError, check_campaigns, usable
from pipeline.lift.learn import learn
from pipeline.lift.observational import comparable, observed
from pipeline.lift.rows import LiftRows, read_rows
from pipeline.project import Project, trained_folder

#: Of one campaign only, this share of the customers is held out to judge by.
TESTED_SHARE = 0.3


class Split(NamedTuple):
    """Rows to learn from, and untouched ones to judge by.

    Attributes
    ----------
    learning, test : LiftRows
        The rows.
    how : str
        Which customers are held out, in words.
    apart : dict of str to int
        By part, customers who are left out because nobody like them was in some arm; always
        none where the draw is on record.
    """

    learning: LiftRows
    test: LiftRows
    how: str
    apart: dict[str, int]


def train(project: Project, model: LiftModel) -> None:
    """Write `artifacts/trained/MODEL`: what was learned, the design checks, how it came about.

    Raises
    ------
    DesignError
        If no campaign can be learned from.
    """
    cutoffs = read_lift_cutoffs(project.artifacts, model.name)
    console = Console(stderr=True)
    seed = project.params.models[model.name].seed
    with engine(project.artifacts) as connection:
        rows = read_rows(connection, project.artifacts, model, cutoffs)
    with console.status(f"{model.name}: checking {len(cutoffs.campaigns)} campaigns"):
        designs = check_campaigns(rows, model, seed=seed)
    for one in designs.values():
        if one.refusal is not None:
            console.print(f"[red]left out: {one.refusal}", highlight=False)
    kept = usable(designs)
    split = split_rows(rows, kept, cutoffs, seed=seed)
    with console.status(f"{model.name}: training on {len(split.learning.facts):,} rows"):
        try:
            learned = learn(split.learning, model, seed=seed)
        except TrialError as error:
            raise DesignError(f"campaigns up to {kept[-1]}: {error}") from error
    for offer in learned.offers.values():
        console.print(f"{model.name}: {offer.says()}", highlight=False)
    tested = tuple(split.test.facts["campaign_id"].drop_duplicates())
    with whole_folder(trained_folder(project.artifacts, model.name)) as folder:
        learned.save(folder)
        write_json(folder / "designs.json", [one._asdict() for one in designs.values()])
        parts = {"train": split.learning, "test": split.test}
        write_json(
            folder / "training.json",
            {
                "model": model.name,
                "seed": seed,
                "cutoffs": {
                    "train": _days(cutoffs, split.learning),
                    "test": max(day for name in tested for day in cutoffs.campaigns[name]),
                    "score": cutoffs.score,
                },
                "campaigns": {
                    name: sorted(set(p.facts["campaign_id"])) for name, p in parts.items()
                },
                "split": split.how,
                "observational": _observational(split, model, project.params.gate.level),
                "rows": {name: len(part.facts) for name, part in parts.items()},
                "positives": {name: int(part.y.sum()) for name, part in parts.items()},
                "features": list(rows.X.columns),
                "texts": _texts(rows.X),
                "parameters": {},
                "left_out": [one.name for one in model.features if one.name not in rows.X],
                "definitions": {one.name: definition_digest(one) for one in model.features},
                "data": project.run.fingerprint,
                "learner": folder_digest(folder / "learner"),
            },
        )


def split_rows(rows: LiftRows, kept: Sequence[str], cutoffs: LiftCutoffs, *, seed: int) -> Split:
    """Hold out the newest campaign to judge by; of a single one, a part of its customers.

    Campaigns whose outcomes were not all known when the newest assigned its arms are not
    learned from: they would know a part of its future. Offers that only one side has are
    left out, since they cannot be judged. Where nobody drew lots, so are customers who had
    almost no chance of some arm.

    Raises
    ------
    DesignError
        If no offer is on both sides, or no customers can be compared.
    """
    newest = kept[-1]
    opens = min(cutoffs.campaigns[newest])
    earlier = [name for name in kept[:-1] if cutoffs.closed_on[name] <= opens]
    if earlier:
        learning, test = rows.of(earlier), rows.of([newest])
        how = f"the newest campaign, {newest}"
    else:
        only = rows.of([newest])
        held_out = _held_out(only.facts["customer_id"], seed=seed)
        learning, test = only.where(~held_out), only.where(held_out)
        how = f"{TESTED_SHARE:.0%} of the customers of {newest}, the only campaign there is"
    if not learning.randomised or not test.randomised:
        # Some draws are on record and some are not: those that are teach without assumptions.
        known = learning.chance.notna().all(axis=1)
        if known.any() and test.randomised:
            learning = learning.where(known)
    arms = sorted(set(learning.arm) & set(test.arm))
    if len(arms) < 2:  # noqa: PLR2004 - the control and an offer
        raise DesignError(
            f"campaign {newest} has the arms {', '.join(sorted(set(test.arm)))}, and earlier ones "
            f"{', '.join(sorted(set(learning.arm)))}: no offer is on both sides, so none can be "
            "judged. Give the same offer the same name in every campaign"
        )
    try:
        learning, learning_apart = comparable(learning.among(arms))
        test, test_apart = comparable(test.among(arms))
    except TrialError as error:
        raise DesignError(f"campaigns up to {newest}: {error}") from error
    return Split(learning, test, how, {"train": learning_apart, "test": test_apart})


def read_split(project: Project, model: LiftModel, campaigns: dict[str, Any], seed: int) -> Split:
    """Return the rows of a finished training, split as it did."""
    cutoffs = read_lift_cutoffs(project.artifacts, model.name)
    with engine(project.artifacts) as connection:
        rows = read_rows(connection, project.artifacts, model, cutoffs)
    used = {*campaigns["train"], *campaigns["test"]}
    kept = [name for name in cutoffs.campaigns if name in used]
    return split_rows(rows, kept, cutoffs, seed=seed)


def _observational(split: Split, model: LiftModel, level: float) -> dict[str, Any] | None:
    """Return what has to be said where a draw is not on record; none where all are."""
    if split.learning.randomised:
        return None if split.test.randomised else {"apart": split.apart}
    return {
        "apart": split.apart,
        **observed(split.learning, control=model.control, level=level),
    }


def _days(cutoffs: LiftCutoffs, rows: LiftRows) -> list[date]:
    return sorted(
        {day for name in set(rows.facts["campaign_id"]) for day in cutoffs.campaigns[name]}
    )


def _held_out(customers: pd.Series, *, seed: int) -> np.ndarray:
    """Choose customers at random, whole, and the same ones whatever the order of the rows."""
    unique = np.sort(customers.unique())
    chosen = unique[np.random.default_rng(seed).random(len(unique)) < TESTED_SHARE]
    return np.asarray(customers.isin(chosen))


def _texts(X: pd.DataFrame) -> list[str]:
    """Return the columns that hold texts; one without a single value is taken for a number."""
    kinds = X.dtypes.items()
    return [str(n) for n, kind in kinds if not is_numeric_dtype(kind) and X[n].notna().any()]
