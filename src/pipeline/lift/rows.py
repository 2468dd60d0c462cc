"""Rows to learn from: customers as they were when their arm was drawn, and what followed."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from models.definition import LiftModel
from pipeline.labels import label_folder
from pipeline.lift.cutoffs import LiftCutoffs
from pipeline.snapshot_store import read_snapshot

#: What a row holds beside the features; see `pipeline.lift.outcomes.outcome_table`.
FACTS = (
    "campaign_id",
    "customer_id",
    "arm",
    "probability",
    "label",
    "label_before",
    "amount",
    "amount_before",
    "margin",
    "redeemed",
    "contact_cost",
    "redemption_cost",
)


class LiftRows(NamedTuple):
    """Assignments of one or more campaigns.

    Attributes
    ----------
    facts : DataFrame of shape (n_rows, n_facts)
        Campaign, customer, arm, probability of the arm drawn, and what followed: `FACTS`.
    X : DataFrame of shape (n_rows, n_features)
        What was known of the customer on the day of the assignment.
    chance : DataFrame of shape (n_rows, n_arms)
        Probability of every arm for every row; missing where it is not known.
    """

    facts: pd.DataFrame
    X: pd.DataFrame
    chance: pd.DataFrame

    @property
    def y(self) -> np.ndarray:
        """The outcome, 0 or 1; shape (n_rows,)."""
        return self.facts["label"].to_numpy(dtype=np.float64)

    @property
    def arm(self) -> np.ndarray:
        """The arm drawn, by name; shape (n_rows,)."""
        return self.facts["arm"].to_numpy(dtype=str)

    @property
    def randomised(self) -> bool:
        """Whether the probability of every arm is known for every row."""
        return bool(self.chance.notna().all().all())

    def where(self, kept: "np.ndarray | pd.Series") -> Self:
        """Return some of the rows, numbered anew."""
        mask = np.asarray(kept, dtype=bool)
        return type(self)(*(part[mask].reset_index(drop=True) for part in self))

    def of(self, campaigns: Sequence[str]) -> Self:
        """Return the rows of some campaigns."""
        return self.where(self.facts["campaign_id"].isin(list(campaigns)))

    def among(self, arms: Sequence[str]) -> Self:
        """Return the rows that drew one of some arms, with the probabilities given that."""
        rows = self.where(np.isin(self.arm, list(arms)))
        chance = rows.chance[list(arms)]
        # Only what the other arms had is shared out: a total that is not one stays wrong.
        whole = rows.chance.sum(axis=1, skipna=False)
        return rows._replace(chance=chance.mul(whole / chance.sum(axis=1, skipna=False), axis=0))


def read_rows(
    connection: Backend, artifacts: Path, model: LiftModel, cutoffs: LiftCutoffs
) -> LiftRows:
    """Read every assignment of the chosen campaigns whose customer was eligible that day.

    Eligibility looks at the snapshot alone, so it leaves out as many of each arm.
    """
    frames = []
    for as_of in cutoffs.labelled:
        snapshot = read_snapshot(connection, artifacts, model.unit, as_of)
        names = [one.name for one in model.features if one.name in snapshot.columns]
        eligible = snapshot.filter(model.eligible(snapshot)).select("customer_id", *names)
        outcomes = connection.read_parquet(
            label_folder(artifacts, model.name, as_of) / "*.parquet"
        ).select(*FACTS)
        outcomes = outcomes.filter(outcomes.campaign_id.isin(list(cutoffs.campaigns)))
        joined = outcomes.inner_join(eligible, "customer_id").order_by(
            ["campaign_id", "customer_id", "arm"]
        )
        frames.append(joined.to_pandas())
    rows = pd.concat(frames, ignore_index=True)
    order = {name: number for number, name in enumerate(cutoffs.campaigns)}
    rows = rows.sort_values(
        "campaign_id", key=lambda column: column.map(order), kind="stable", ignore_index=True
    )
    facts = rows[list(FACTS)]
    return LiftRows(facts, rows.drop(columns=list(FACTS)), chances(facts))


def chances(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the probability of every arm for every row, campaign by campaign.

    Where all who drew an arm had the same probability, it is everybody's. Where strata drew
    with probabilities of their own, only that of the arm drawn is on record: the rest goes
    to the other arms as they share it in the campaign. An arm that a campaign did not have
    has the probability 0 in it.

    Examples
    --------
    >>> facts = pd.DataFrame(
    ...     {"campaign_id": "C1", "arm": ["control", "gift"], "probability": [0.2, 0.8]}
    ... )
    >>> chances(facts).to_numpy().tolist()
    [[0.2, 0.8], [0.2, 0.8]]
    """
    arms = sorted(set(facts["arm"]))
    table = pd.DataFrame(0.0, index=facts.index, columns=arms)
    for _, own in facts.groupby("campaign_id", sort=False):
        drew = sorted(set(own["arm"]))
        given = own.groupby("arm")["probability"]
        if own["probability"].isna().any():
            table.loc[own.index, drew] = np.nan
        elif (given.max() - given.min() < 1e-9).all():  # noqa: PLR2004 - rounding
            table.loc[own.index, drew] = given.first().reindex(drew).to_numpy(np.float64)
        else:
            table.loc[own.index, drew] = _of_strata(own, drew)
    return table


def _of_strata(own: pd.DataFrame, arms: list[str]) -> np.ndarray:
    share = own["arm"].value_counts(normalize=True).reindex(arms).to_numpy()
    code = pd.Index(arms).get_indexer(pd.Index(own["arm"]))
    drawn = own["probability"].to_numpy(np.float64)
    rest = (1 - drawn) / np.maximum(1 - share[code], 1e-12)
    table = share[None, :] * rest[:, None]
    table[np.arange(len(own)), code] = drawn
    return np.asarray(table)
