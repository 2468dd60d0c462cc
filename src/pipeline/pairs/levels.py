"""The level of demand, of products that sell and of launches, learned before the test."""

import json
from pathlib import Path

import pandas as pd
from ibis.backends.duckdb import Backend

from models.definition import Learner, PairModel
from models.effects.demand import DemandLevel
from pipeline.durable import write_json
from pipeline.pairs.launches import launch_columns
from pipeline.pairs.moment import moments
from pipeline.pairs.plan import read_bought
from pipeline.pairs.product_columns import product_columns, spread_products
from pipeline.project import Project, outcome_window, read_cutoffs

_FILE = "levels.json"
SOLD, LAUNCHED = "sold", "launched"


def write_levels(
    connection: Backend, project: Project, model: PairModel, learner: Learner, folder: Path
) -> None:
    """Fit the levels on the tuning and calibration cut-offs; write them beside the learner.

    Products that sell are taken from the calibration cut-off, where probabilities were set
    right; launches from both, because there are few.
    """
    own = project.params.models[model.name]
    horizon = outcome_window(model, own).horizon_days
    cutoffs = read_cutoffs(project.artifacts, model.name)
    launched, sold = [], pd.DataFrame()
    for moment in moments(connection, project, model, [cutoffs.tune, cutoffs.calibrate]):
        bought = read_bought(project, model, moment)
        launched.append(
            launch_columns(
                connection,
                moment,
                model,
                learner,
                bought,
                horizon_days=horizon,
                seed=own.seed,
            )
        )
        sold = product_columns(
            connection,
            moment,
            model,
            learner,
            bought,
            products=spread_products(moment),
            seed=own.seed,
        )
    tables = {SOLD: sold, LAUNCHED: pd.concat(launched)}
    levels = {
        name: DemandLevel.fitted(table["expected"], table["buyers"])._asdict()
        for name, table in tables.items()
    }
    write_json(folder / _FILE, levels)


def read_levels(folder: Path) -> dict[str, DemandLevel]:
    """Return the levels of a training or of a version: `sold` and `launched`."""
    found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return {name: DemandLevel(**level) for name, level in found.items()}
