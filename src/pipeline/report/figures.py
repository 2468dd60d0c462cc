"""Every figure that a report shows beyond the evaluation, as one JSON document."""

from collections.abc import Container, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from models.learning import Classifier, Explainer
from models.measures import (
    Resample,
    brier_skill,
    calibration_intercept,
    expected_calibration_error,
    log_loss_skill,
    observed_over_expected,
    pr_auc,
)
from pipeline.evaluation import Figure
from pipeline.examples import Examples
from pipeline.money import ReportParams
from pipeline.report.contributions import Contributions, contributions_of
from pipeline.report.curves import (
    Calibration,
    Decile,
    Gains,
    Profit,
    calibration_of,
    deciles_of,
    figure,
    gains_of,
    profit_of,
)
from pipeline.report.drift import Drift, Populations, drift_of
from pipeline.report.segments import Segmentation, segments_of

#: Measures that every report shows, whatever a model declares.
MORE = {
    "log_loss_skill": log_loss_skill,
    "brier_skill": brier_skill,
    "pr_auc": pr_auc,
    "expected_calibration_error": expected_calibration_error,
    "calibration_intercept": calibration_intercept,
    "observed_over_expected_at_10_percent": partial(observed_over_expected, share=0.1),
}
#: Resamples of curves and segments, where a hundredth of the interval's width is not seen.
DRAWS = 400
#: Each segment is resampled by itself, so that many segments cost the most.
SEGMENT_DRAWS = 200


class Figures(BaseModel):
    """Figures of one evaluation; `contributions` is missing where a learner cannot explain."""

    model_config = ConfigDict(frozen=True)

    measures: dict[str, Figure]  # those that the evaluation lacks
    gains: Gains
    deciles: list[Decile]
    calibration: Calibration
    profit: Profit
    contributions: Contributions | None
    segments: list[Segmentation]
    drift: Drift


def figures_of(
    test: Examples,
    said: Mapping[str, NDArray[Any]],
    *,
    model: str,
    learner: Classifier,
    segments: pd.DataFrame,
    populations: Populations,
    params: ReportParams,
    measured: Container[str],
    level: float,
    draws: int,
    seed: int,
) -> Figures:
    """Measure everything that a report shows.

    Parameters
    ----------
    test : Examples
        The untouched test rows.
    said : mapping of str to array of shape (n_rows,)
        What the model (`"model"`) and each baseline say of them.
    model : str
        Name of the model, for its margin and costs.
    learner : Classifier
        The model.
    segments : DataFrame of shape (n_rows, n_properties)
        See `read_segments`.
    populations : Populations
        See `read_populations`.
    params : ReportParams
        Margin and costs.
    measured : container of str
        Measures that the evaluation holds already.
    level, draws, seed
        Of the bootstrap; curves and segments take at most 400 draws.
    """
    customers = test.keys["customer_id"]
    groups = None if customers.is_unique else customers.to_numpy()
    few = min(draws, DRAWS)
    resample = Resample(test.y, groups=groups, draws=few, seed=seed)
    options: dict[str, Any] = {"draws": few, "seed": seed, "level": level}
    y, score = np.asarray(test.y), said["model"]
    return Figures(
        measures={
            name: _measured(resample, one, score, level)
            for name, one in MORE.items()
            if name not in measured
        },
        gains=gains_of(y, said, resample, level=level),
        deciles=deciles_of(y, score, groups=groups, **options),
        calibration=calibration_of(y, said, seed=seed, level=level),
        profit=profit_of(
            y,
            score,
            resample,
            money=params.money(model),
            assumed=params.assumed(model),
            level=level,
        ),
        contributions=(
            contributions_of(learner, test.X, seed=seed) if isinstance(learner, Explainer) else None
        ),
        segments=segments_of(
            y, score, segments, groups=groups, **{**options, "draws": min(draws, SEGMENT_DRAWS)}
        ),
        drift=drift_of(populations, learner, seed=seed),
    )


def _measured(resample: Resample, measure: Any, score: NDArray[Any], level: float) -> Figure:
    if isinstance(measure, partial):
        return figure(resample.estimate(measure.func, score, level=level, **measure.keywords))
    return figure(resample.estimate(measure, score, level=level))
