"""What is shipped for each offer: effects one by one, a rule by segment, or the average."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd

from models.definition import LiftModel
from models.effects.heterogeneity import Kind, SegmentRule
from models.learning import Classifier, LiftLearning

DESCRIPTION = "offers.json"


class Effects(NamedTuple):
    """Effects of some customers: frames of shape (n, n_offers), one column an offer."""

    value: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame


@dataclass(frozen=True)
class Offer:
    """What is known of one offer.

    Attributes
    ----------
    arm : str
        Its name.
    kind : str
        What is shipped: `individual`, `segments` or `average`.
    average, low, high : float
        Average effect on the rows of training, with its interval.
    slope_p_value : float
        Of the question whether effects rise with their prediction, on held-out rows.
    rule : SegmentRule, optional
        The effects by segment, where these are shipped.
    contact_cost : float
        Money per customer contacted.
    redemption_rate, redemption_cost : float
        Share of the customers offered it who redeemed, and money for each.
    """

    arm: str
    kind: Kind
    average: float
    low: float
    high: float
    slope_p_value: float
    rule: SegmentRule | None
    contact_cost: float
    redemption_rate: float
    redemption_cost: float

    @property
    def cost(self) -> float:
        """Money that making the offer to one customer is expected to cost."""
        return self.contact_cost + self.redemption_rate * self.redemption_cost

    def says(self) -> str:
        """Return in words what was found, and what is shipped."""
        found = f"{self.average:+.4f} [{self.low:+.4f}, {self.high:+.4f}] on average"
        if self.kind == "individual":
            return (
                f"{self.arm}: {found}; customers surely differ (p = {self.slope_p_value:.2g}): "
                "each has an effect of their own"
            )
        if self.kind == "segments" and self.rule is not None:
            return (
                f"{self.arm}: {found}; customers differ by {self.rule.column} "
                f"(p = {self.rule.p_value:.2g}) and not surely beyond: each group has its effect"
            )
        return (
            f"{self.arm}: {found}; no difference between customers was found "
            f"(p = {self.slope_p_value:.2g}): all have the average effect"
        )


@dataclass(frozen=True)
class Learned:
    """Everything that a training leaves.

    Attributes
    ----------
    learner : LiftLearning
        Ranks customers by effect, whether or not the ranking is shipped.
    response : Classifier
        Probability of the outcome, whatever the arm.
    offers : dict of Offer
        By arm, sorted.
    value : float
        Money that one more outcome leaves, before the costs of the offer.
    randomised : bool
        Whether the draw's probabilities were known; if not, effects are observational.
    columns : tuple of str
        Features, in the order of training.
    """

    learner: LiftLearning
    response: Classifier
    offers: dict[str, Offer]
    value: float
    randomised: bool
    columns: tuple[str, ...]

    @property
    def arms(self) -> tuple[str, ...]:
        """The offers, sorted."""
        return tuple(self.offers)

    def effects(self, X: pd.DataFrame) -> Effects:
        """Return what is shipped of some customers, with its interval.

        The interval is of the average effect of customers who look like each row.
        """
        columns = X[list(self.columns)]
        value = self.learner.predict_effect(columns)
        low, high = self.learner.predict_effect_interval(columns)
        for arm, offer in self.offers.items():
            if offer.kind == "average":
                value[arm], low[arm], high[arm] = offer.average, offer.low, offer.high
            elif offer.kind == "segments" and offer.rule is not None:
                value[arm], low[arm], high[arm] = offer.rule.effects(columns)
        return Effects(*(frame[list(self.arms)] for frame in (value, low, high)))

    def ranking(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return what the learner itself says, which ranks even where nothing was found."""
        return self.learner.predict_effect(X[list(self.columns)])[list(self.arms)]

    def probability(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probability of the outcome, whatever the arm."""
        names = [name for name in self.columns if name in X]
        return self.response.predict_proba(X[names])[:, 1]

    def save(self, folder: Path) -> None:
        """Write everything as text."""
        self.learner.save(folder / "learner")
        self.response.save(folder / "response")
        document = {
            "value": self.value,
            "randomised": self.randomised,
            "columns": self.columns,
            "offers": {
                arm: {**offer.__dict__, "rule": offer.rule and offer.rule.to_json()}
                for arm, offer in self.offers.items()
            },
        }
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, model: LiftModel) -> Self:
        """Read back what `save` wrote."""
        document = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        return cls(
            type(model.learner(0)).load(folder / "learner"),
            type(model.response.learner(0)).load(folder / "response"),
            {arm: _offer(one) for arm, one in document["offers"].items()},
            document["value"],
            document["randomised"],
            tuple(document["columns"]),
        )


def _offer(document: Mapping[str, Any]) -> Offer:
    rule = document["rule"]
    return Offer(**{**document, "rule": None if rule is None else SegmentRule.from_json(rule)})
