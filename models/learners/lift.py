"""What each offer changes for each customer."""

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from models.learners.arm_chances import fitted_chances
from models.learners.arm_effect import ArmEffect, stack_arm
from models.learners.effect_candidates import Candidates, fit_candidates
from models.learners.encoder import FrameEncoder
from models.learners.frame import as_frame
from models.learners.line_design import LineDesign
from models.learners.surfaces import Encoded, Shelf
from models.learners.trees import Growing
from models.learners.trial import Fold, Trial, TrialError, checked_trial

#: Raised when what is saved changes its shape.
FORMAT = 1
DESCRIPTION = "model.json"
#: From this number of rows on there are fewer folds: each part teaches enough by itself.
LARGE = 200_000


class LiftLearner(BaseEstimator):  # type: ignore[misc]
    """Effect of every treated arm against the control, from an experiment of any two or more.

    Outcomes under each arm are learned once on cross-fitted folds, by trees and by lines.
    S, T, X, R and DR learners and the response itself are built on top, compared on
    held-out doubly robust scores, and stacked with non-negative weights. What the stack
    says of a customer is drawn towards the average effect by as much as held-out rows show
    it to exaggerate; the ranking is kept even where they show nothing.

    Parameters
    ----------
    control : str
        Name of the arm that was left alone.
    trees, leaves, min_leaf : int
        Trees per model, leaves per tree and fewest rows of a leaf.
    learning_rate : float
        Step of each tree.
    folds : int, optional
        Parts for cross-fitting; 5, or 3 from 200,000 rows on, where left out.
    min_arm : int
        Fewest customers of an arm.
    clip : float
        Fitted probabilities below it are raised to it, and counted in `clipped_`. Known
        probabilities are used as they are.
    crossover : bool
        Whether a customer may be in several arms, as in rows of several campaigns.
    max_levels, min_rows : int
        See `FrameEncoder`.
    threads : int, optional
        All cores where left out.
    seed : int
        The same data and seed give the same model.

    Attributes
    ----------
    arms_ : tuple of str
        The treated arms, sorted.
    effects_ : dict of ArmEffect
        What was learned, by arm.
    standings_ : DataFrame
        Every candidate on held-out rows, in standard errors of chance, and its weight.
    randomized_ : bool
        Whether probabilities were known; if not, effects are observational.
    clipped_ : int
        Fitted probabilities that were raised to `clip`.
    scores_ : array of shape (n, n_treated)
        Doubly robust scores of the rows of training; they are not saved.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> X = pd.DataFrame({"recency_days": random.integers(0, 365, 4000)})
    >>> arm = random.choice(["none", "coupon"], 4000)
    >>> helped = (arm == "coupon") & (X["recency_days"] > 180)
    >>> y = random.random(4000) < np.where(helped, 0.5, 0.2)
    >>> learner = LiftLearner(control="none", seed=1).fit(X, y, arm, probability=0.5)
    >>> effect = learner.predict_effect(pd.DataFrame({"recency_days": [30, 330]}))["coupon"]
    >>> bool(effect[0] < 0.1 < effect[1])
    True
    """

    def __init__(
        self,
        *,
        control: str = "control",
        trees: int = 100,
        leaves: int = 8,
        min_leaf: int = 200,
        learning_rate: float = 0.05,
        folds: int | None = None,
        min_arm: int = 50,
        clip: float = 0.01,
        crossover: bool = False,
        max_levels: int = 250,
        min_rows: int = 10,
        threads: int | None = None,
        seed: int = 0,
    ) -> None:
        self.control = control
        self.trees = trees
        self.leaves = leaves
        self.min_leaf = min_leaf
        self.learning_rate = learning_rate
        self.folds = folds
        self.min_arm = min_arm
        self.clip = clip
        self.crossover = crossover
        self.max_levels = max_levels
        self.min_rows = min_rows
        self.threads = threads
        self.seed = seed

    def fit(
        self, X: Any, y: Any, arm: Any, *, probability: Any = None, cluster: Any = None
    ) -> Self:
        """Learn from customers, their outcomes and the arms they drew.

        Parameters
        ----------
        X : DataFrame of shape (n, n_columns)
            What was known before the draw: numbers, flags, dates, text, missing values.
        y : array-like of shape (n,)
            Outcomes: 0 and 1, or any numbers, such as money.
        arm : array-like of shape (n,)
            The arm of each row, by name.
        probability : optional
            Probabilities the draw used: of being treated (a number, with one treated arm);
            by arm (a mapping of numbers or arrays, or a frame with one column per arm); or
            of each row's own arm (an array of shape (n,)). Left out, they are fitted
            crosswise.
        cluster : array-like of shape (n,), optional
            The customer of each row, where one has several.

        Raises
        ------
        TrialError
            If the experiment cannot be learned from.
        """
        frame = as_frame(X)
        trial = checked_trial(
            y,
            arm,
            control=self.control,
            rows=len(frame),
            probability=probability,
            cluster=cluster,
            fewest=self.min_arm,
            crossover=self.crossover,
        )
        self.encoder_ = FrameEncoder(max_levels=self.max_levels, min_rows=self.min_rows)
        matrix = self.encoder_.fit(frame).transform(frame)
        self.design_ = LineDesign.fit(matrix, self.encoder_.columns)
        rows = Encoded(matrix, self.design_.transform(matrix))
        folds = trial.folds(self.folds or (5 if len(frame) < LARGE else 3), seed=self.seed)
        self.arms_ = trial.treated
        self.randomized_ = trial.chance is not None
        growing = self._growing()
        chance = trial.chance
        if chance is None:
            chance = fitted_chances(
                rows.line, trial.code, arms=len(trial.arms), folds=folds, seed=self.seed
            )
        self.clipped_ = 0 if self.randomized_ else int((chance < self.clip).sum())
        if not self.randomized_:
            chance = np.maximum(chance, self.clip)
        found = fit_candidates(rows, trial, chance, folds, growing)
        self.scores_ = found.scores
        self._stack(found, trial, folds)
        return self

    def _growing(self) -> Growing:
        return Growing(
            trees=self.trees,
            leaves=self.leaves,
            learning_rate=self.learning_rate,
            min_leaf=self.min_leaf,
            text=tuple(self.encoder_.text_positions),
            threads=self.threads or 0,
            seed=self.seed,
        )

    def _stack(self, found: Candidates, trial: Trial, folds: list[Fold]) -> None:
        stacked = {
            name: stack_arm(found, position, folds, cluster=trial.cluster)
            for position, name in enumerate(self.arms_)
        }
        self.effects_ = {name: effect for name, (effect, _) in stacked.items()}
        tables = [table.assign(arm=name) for name, (_, table) in stacked.items()]
        self.standings_ = pd.concat(tables, ignore_index=True)

    def predict_effect(self, X: Any) -> pd.DataFrame:
        """Return the effect of each treated arm against the control.

        Parameters
        ----------
        X : DataFrame of shape (n, n_columns)
            The columns of training, in any order.

        Returns
        -------
        DataFrame of shape (n, n_treated)
            Index of X, one column per treated arm, sorted; in the unit of the outcome.
        """
        rows, index = self._encoded(X)
        columns = {name: effect.values(rows) for name, effect in self.effects_.items()}
        return pd.DataFrame(columns, index=index)

    def predict_effect_interval(
        self, X: Any, *, level: float = 0.95
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the interval of the average effect of customers who look like each row.

        It covers the uncertainty of the average effect, of how much predicted differences
        are worth (the best linear predictor on held-out rows), and of the predicted
        difference itself (a jackknife that leaves out a fold at a time). It does not cover
        what the columns cannot tell: the effect on one person is never observed.

        Parameters
        ----------
        X : DataFrame of shape (n, n_columns)
            The columns of training.
        level : float
            Confidence level, in (0, 1).

        Returns
        -------
        pair of DataFrame
            Lower and upper ends, each as `predict_effect` returns effects.
        """
        rows, index = self._encoded(X)
        low, high = {}, {}
        for name, effect in self.effects_.items():
            low[name], high[name] = effect.interval(rows, level=level)
        return pd.DataFrame(low, index=index), pd.DataFrame(high, index=index)

    def explain(self, X: Any) -> pd.DataFrame:
        """Return what each column adds to each effect, in the unit of the outcome.

        Contributions of trees are SHAP values, those of lines the terms themselves; where
        outcomes are 0 and 1 the way from the base probability to the row's is shared out
        in proportion to the log-odds. Both are of effects, never of the response.

        Returns
        -------
        DataFrame of shape (n, n_treated * (n_columns + 1))
            Columns `(arm, column)`; `(arm, "average")` is the effect before the columns
            speak. Each arm's contributions add up to its predicted effect.
        """
        rows, index = self._encoded(X)
        names = [*self.encoder_.names, "average"]
        blocks = {
            name: pd.DataFrame(effect.parts(rows, self.design_.source), index=index, columns=names)
            for name, effect in self.effects_.items()
        }
        return pd.concat(blocks, axis=1, names=["arm", "column"])

    def save(self, folder: Path) -> None:
        """Write the model as LightGBM text files and one JSON file, which comes last.

        A folder without `model.json` is therefore not a model.
        """
        check_is_fitted(self, "effects_")
        folder.mkdir(parents=True, exist_ok=True)
        shelf = Shelf()
        effects = {name: effect.to_json(shelf) for name, effect in self.effects_.items()}
        files = [f"trees-{number}.txt" for number in range(len(shelf.boosters))]
        for file, booster in zip(files, shelf.boosters, strict=True):
            (folder / file).write_text(booster.model_to_string(), encoding="utf-8")
        document = {
            "learner": type(self).__name__,
            "format": FORMAT,
            "parameters": self.get_params(),
            "encoder": self.encoder_.to_json(),
            "design": self.design_.to_json(),
            "randomized": self.randomized_,
            "clipped": self.clipped_,
            "standings": self.standings_.to_dict(orient="records"),
            "trees": files,
            "effects": effects,
        }
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote.

        Raises
        ------
        TrialError
            If the folder was written by another learner or by a later version.
        """
        import lightgbm as lgb

        document = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        if (document["learner"], document["format"]) != (cls.__name__, FORMAT):
            raise TrialError(
                f"the folder holds a {document['learner']} of format {document['format']}, but "
                f"a {cls.__name__} of format {FORMAT} is needed; train it again"
            )
        learner = cls(**document["parameters"])
        learner.encoder_ = FrameEncoder.from_json(document["encoder"])
        learner.design_ = LineDesign.from_json(document["design"])
        learner.randomized_, learner.clipped_ = document["randomized"], document["clipped"]
        learner.standings_ = pd.DataFrame(document["standings"])
        texts = ((folder / file).read_text(encoding="utf-8") for file in document["trees"])
        shelf = Shelf([lgb.Booster(model_str=text) for text in texts])
        learner.effects_ = {
            name: ArmEffect.from_json(effect, shelf, threads=learner.threads or 0)
            for name, effect in document["effects"].items()
        }
        learner.arms_ = tuple(learner.effects_)
        return learner

    def _encoded(self, X: Any) -> tuple[Encoded, "pd.Index[Any]"]:
        check_is_fitted(self, "effects_")
        frame = as_frame(X, self.encoder_.names)
        matrix = self.encoder_.transform(frame)
        return Encoded(matrix, self.design_.transform(matrix)), frame.index
