"""Past launches, scored before their first sale: what a launch may bring."""

import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from models.definition import PairModel
from models.learning import Learner
from pipeline.pairs.moment import Moment
from pipeline.pairs.product_columns import product_columns
from pipeline.pairs.rows import Bought

#: Launches that are scored at one cut-off, at most.
MOST_LAUNCHES = 40
#: A launch is followed for at least so many days.
LEAST_DAYS = 30


def launch_columns(
    connection: Backend,
    moment: Moment,
    model: PairModel,
    learner: Learner,
    bought: Bought,
    *,
    horizon_days: int,
    seed: int,
) -> pd.DataFrame:
    """Score what was launched in the outcome window of a cut-off, with nothing sold before it.

    A product that came to the shelf in the middle of the window had only the rest of it to
    sell: what is expected of it is shortened by as much.

    Returns
    -------
    DataFrame
        As `product_columns`, one row per launch.
    """
    first = np.full(len(moment.products), np.inf)
    np.minimum.at(first, bought.product, bought.days)
    never = np.isnan(moment.first_sale_days) & ~moment.on_sale
    followed = np.flatnonzero(never & (first <= horizon_days - LEAST_DAYS))
    # Those whose first sale comes first have the longest time to sell: no choice by success.
    chosen = followed[np.argsort(first[followed], kind="stable")][:MOST_LAUNCHES]
    table = product_columns(connection, moment, model, learner, bought, products=chosen, seed=seed)
    share = (horizon_days - first[chosen]) / horizon_days
    return table.assign(expected=table["expected"] * share)
