"""The features of a pair do not depend on which other pairs are asked for with it."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from pipeline.engine import engine
from pipeline.pairs.candidates import candidates
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import moments
from pipeline.project import read_cutoffs


@pytest.mark.parametrize("asked", ["one", "neighbours", "spread", "most"])
def test_some_customers_have_the_features_that_they_have_among_all(trained_pairs, asked):
    project, model = trained_pairs
    with engine(project.artifacts, threads=1) as connection:
        day = read_cutoffs(project.artifacts, model.name).score
        (moment,) = moments(connection, project, model, [day])
        everybody = np.arange(len(moment.customers))
        some = {
            "one": everybody[-1:],
            "neighbours": everybody[20:60],
            "spread": everybody[3::17],
            "most": everybody[len(everybody) // 3 :],
        }[asked]
        all_pairs, few = (candidates(moment, model, who) for who in (everybody, some))
        whole = features_of(connection, moment, model, all_pairs.customer, all_pairs.product)
        own = features_of(connection, moment, model, few.customer, few.product)
    chosen = np.isin(all_pairs.customer, some)
    assert_frame_equal(
        own, whole[chosen].reset_index(drop=True), check_exact=True, check_dtype=False
    )
