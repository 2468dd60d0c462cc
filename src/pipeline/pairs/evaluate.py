"""Judge a trained model of pairs on the untouched test cut-off, beside plain rankings."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend
from rich.console import Console

from models.definition import PairModel
from models.learning import Learner
from pipeline.alarms import Alarm, gap_alarm, late_alarm
from pipeline.durable import whole_folder, write_json
from pipeline.engine import engine
from pipeline.evaluation import Evaluation, evaluation_path
from pipeline.pairs.candidates import Candidates, candidates, drawn_customers
from pipeline.pairs.judge import (
    Judged,
    calibration_figures,
    exposure_figures,
    part_figures,
    ranking_figures,
    route_recalls,
)
from pipeline.pairs.launches import launch_columns
from pipeline.pairs.levels import LAUNCHED, SOLD, read_levels
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import Moment, moments
from pipeline.pairs.plan import read_bought
from pipeline.pairs.product_columns import product_columns, spread_products
from pipeline.pairs.product_lift import demand_figures, lift_figures
from pipeline.pairs.rankings import plain_rankings
from pipeline.pairs.report.page import as_html
from pipeline.pairs.rows import Bought
from pipeline.project import Project, outcome_window, read_cutoffs, trained_folder

#: Pairs that are judged; with more, customers are drawn at random.
MOST_PAIRS = 500_000


def evaluate(project: Project, model: PairModel) -> Evaluation:
    """Write `artifacts/evaluations/MODEL`: the evaluation, its parts, and the page."""
    artifacts, gate = project.artifacts, project.params.gate
    cutoffs = read_cutoffs(artifacts, model.name)
    own = project.params.models[model.name]
    trained = trained_folder(artifacts, model.name)
    learner = load_learner(model, trained)
    console = Console(stderr=True)
    with engine(artifacts, threads=1) as connection:
        (moment,) = moments(connection, project, model, [cutoffs.test])
        bought = read_bought(project, model, moment)
        with console.status(f"{model.name}: scoring the test pairs"):
            judged, found = judged_pairs(connection, moment, model, learner, bought, seed=own.seed)
            columns = product_columns(
                connection,
                moment,
                model,
                learner,
                bought,
                products=spread_products(moment),
                seed=own.seed,
            )
            launched = launch_columns(
                connection,
                moment,
                model,
                learner,
                bought,
                horizon_days=outcome_window(model, own).horizon_days,
                seed=own.seed,
            )
        levels = read_levels(trained)
    with console.status(f"{model.name}: evaluating {judged.candidates:,} pairs"):
        measures, baselines, differences = ranking_figures(judged, level=gate.level)
        calibration = calibration_figures(judged, level=gate.level, draws=gate.draws, seed=own.seed)
        parts = {
            "parts": part_figures(judged, level=gate.level),
            "calibration": {
                state: {name: one.model_dump() for name, one in figures.items()}
                for state, figures in calibration.items()
            },
            "recall_of_routes": route_recalls(judged, found),
            "exposure": exposure_figures(judged, moment.on_sale),
            "product_lift": lift_figures(columns, level=gate.level),
            "launch_lift": lift_figures(launched, level=gate.level),
            "demand": demand_figures(columns, levels[SOLD], level=gate.level),
            "launch_demand": demand_figures(launched, levels[LAUNCHED], level=gate.level),
        }
    customers = len(np.unique(judged.customer))
    evaluation = Evaluation(
        model=model.name,
        as_of=cutoffs.test,
        rows=judged.candidates,
        positives=int(judged.bought.sum()),
        list_size=min(gate.list_size, customers),
        level=gate.level,
        measures={**measures, **calibration.get("all", {})},
        baselines=baselines,
        differences=differences,
        alarms=_alarms(project, model),
    )
    training = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    with whole_folder(evaluation_path(artifacts, model.name).parent) as folder:
        _predictions(moment, judged).to_parquet(folder / "predictions.parquet")
        write_json(folder / "parts.json", parts)
        write_json(folder / "evaluation.json", evaluation.model_dump(mode="json"))
        page = as_html(model=model, evaluation=evaluation, parts=parts, training=training)
        (folder / "report.html").write_text(page, encoding="utf-8")
    return evaluation


def load_learner(model: PairModel, folder: Path) -> Learner:
    """Read the learner of a training or of a version."""
    learner: Learner = type(model.learner(0)).load(folder / "learner")
    return learner


def judged_pairs(
    connection: Backend,
    moment: Moment,
    model: PairModel,
    learner: Learner,
    bought: Bought,
    *,
    seed: int,
    most_pairs: int = MOST_PAIRS,
) -> tuple[Judged, Candidates]:
    """Score the candidates of the customers of a moment, or of as many as there is room for."""
    random = np.random.default_rng(seed)
    customers = drawn_customers(moment, model, random, pairs=most_pairs)
    found = candidates(moment, model, customers)
    X = features_of(connection, moment, model, found.customer, found.product)
    products = len(moment.products)
    pairs = found.customer.astype(np.int64) * products + found.product
    chosen = np.isin(bought.customer, customers)
    key = bought.customer[chosen].astype(np.int64) * products + bought.product[chosen]
    missed = np.sort(key[~np.isin(key, pairs)])
    who, what = missed // products, (missed % products).astype(np.int32)
    state = model.state.name
    judged = Judged(
        np.concatenate([found.customer, who]),
        np.concatenate([found.product, what]),
        np.concatenate([np.isin(pairs, key), np.ones(len(missed), dtype=bool)]),
        np.concatenate([X[state], features_of(connection, moment, model, who, what)[state]]).astype(
            str
        ),
        learner.predict_proba(X)[:, 1],
        plain_rankings(moment, X, found.customer, found.product),
        np.nan_to_num(moment.shopping_days),
    )
    return judged, found


def _predictions(moment: Moment, judged: Judged) -> pd.DataFrame:
    kept = slice(0, judged.candidates)
    return pd.DataFrame(
        {
            "customer_id": moment.customers.take(judged.customer[kept]),
            "product_id": moment.products.take(judged.product[kept]),
            "state": judged.state[kept],
            "label": judged.bought[kept].astype(np.int8),
            "probability": judged.probability,
        }
    )


def _alarms(project: Project, model: PairModel) -> tuple[Alarm, ...]:
    cutoffs = read_cutoffs(project.artifacts, model.name)
    window = outcome_window(model, project.params.models[model.name])
    return (
        late_alarm(project.artifacts, "customer", cutoffs),
        gap_alarm(project.artifacts, model, cutoffs, window),
    )
