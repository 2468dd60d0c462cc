"""The level of demand, of products that sell and of launches, learned before the test."""

import json
from pathlib import Path

from ibis.backends.duckdb import Backend

from models.definition import PairModel
from models.effects.demand import DemandLevel
from models.learning import Learner
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
    """Fit the levels on the calibration cut-off; write them beside the learner.

    Nothing was learned from what followed it: neither trees, nor from its launches.
    """
    own = project.params.models[model.name]
    cutoffs = read_cutoffs(project.artifacts, model.name)
    (moment,) = moments(connection, project, model, [cutoffs.calibrate])
    bought = read_bought(project, model, moment)
    tables = {
        SOLD: product_columns(
            connection,
            moment,
            model,
            learner,
            bought,
            products=spread_products(moment),
            seed=own.seed,
        ),
        LAUNCHED: launch_columns(
            connection,
            moment,
            model,
            learner,
            bought,
            horizon_days=outcome_window(model, own).horizon_days,
            seed=own.seed,
        ),
    }
    levels = {
        name: DemandLevel.fitted(table["expected"], table["buyers"])._asdict()
        for name, table in tables.items()
    }
    write_json(folder / _FILE, levels)


def read_levels(folder: Path) -> dict[str, DemandLevel]:
    """Return the levels of a training or of a version: `sold` and `launched`."""
    found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return {name: DemandLevel(**level) for name, level in found.items()}
