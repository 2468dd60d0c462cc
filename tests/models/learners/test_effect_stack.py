"""How candidates become one effect: trees that split only where sure, and mixtures."""

import numpy as np
import pytest

from models.learners.effect_candidates import FAMILIES
from models.learners.effect_stack import PRIOR, ranks, weights
from models.learners.lines import fit_by_evidence
from models.learners.surfaces import Encoded
from models.learners.trees import Bins, Growing

GROWING = Growing(trees=50, leaves=8, learning_rate=0.1, min_leaf=50, text=(), threads=1, seed=1)


def grown(target, columns, *, surely, weight=None):
    bins = Bins(columns, GROWING)
    rows = np.arange(len(target))
    return bins.grow(rows, target, surely=surely, weight=weight).values(Encoded(columns, columns))


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_trees_that_have_to_be_sure_make_nothing_of_noise(scale):
    random = np.random.default_rng(0)
    noise, columns = scale * random.normal(size=4_000), random.normal(size=(4_000, 2))
    assert grown(noise, columns, surely=False).std() > 0.1 * scale
    assert grown(noise, columns, surely=True).std() < 0.05 * scale


def test_trees_that_have_to_be_sure_find_what_is_there():
    random = np.random.default_rng(1)
    columns = random.normal(size=(4_000, 5))
    effect = 0.5 * (columns[:, 2] > 0)
    found = grown(effect + random.normal(size=4_000), columns, surely=True)
    assert np.corrcoef(found, effect)[0, 1] > 0.95


def test_weights_do_not_change_what_counts_as_sure():
    random = np.random.default_rng(2)
    columns = random.normal(size=(4_000, 5))
    target = 0.5 * (columns[:, 2] > 0) + random.normal(size=4_000)
    once = grown(target, columns, surely=True)
    heavier = grown(target, columns, surely=True, weight=np.full(4_000, 25.0))
    assert np.allclose(once, heavier, atol=1e-6)


def of_kinds(**known):
    """Effects by candidate; those not given are constant."""
    constant = np.zeros(len(next(iter(known.values()))))
    effects = {name: constant for names in FAMILIES.values() for name in names}
    effects |= {name.replace("_", " "): values for name, values in known.items()}
    return effects, {name: ranks(values) for name, values in effects.items()}


def test_two_candidates_that_are_half_right_are_mixed_where_the_data_are_plenty():
    random = np.random.default_rng(3)
    one, other = random.normal(size=(2, 50_000))
    score = 0.1 * one + 0.08 * other + random.normal(size=50_000)
    found = weights(*of_kinds(line_S=one, trees_DR=other), score)
    assert found["trees DR"] / found["line S"] == pytest.approx(0.8, abs=0.15)


def test_in_a_small_campaign_the_plain_kind_is_believed():
    random = np.random.default_rng(4)
    one, other = random.normal(size=(2, 1_000))
    score = 0.05 * one + 0.06 * other + random.normal(size=1_000)
    found = weights(*of_kinds(line_S=one, trees_DR=other), score)
    assert found["line S"] > 3 * found.get("trees DR", 0.0)


def test_beliefs_before_any_data_are_of_the_kinds_there_are_and_add_up_to_one():
    assert PRIOR.keys() == FAMILIES.keys()
    assert sum(PRIOR.values()) == pytest.approx(1)


def test_a_line_of_many_rows_is_that_of_all_of_them():
    random = np.random.default_rng(5)
    columns = random.normal(size=(250_000, 3))
    chance = 1 / (1 + np.exp(2 - 0.5 * columns[:, 0]))
    y = (random.random(250_000) < chance).astype(float)
    doubtful = np.array([False, False, True])
    believed = fit_by_evidence(columns, y, doubtful, logistic=True)
    found = sum(weight * solution for weight, solution in believed)
    # The score of all rows is nearly zero there: 100,000 of them alone leave it ten times as far.
    p = 1 / (1 + np.exp(-(found[0] + columns @ found[1:])))
    score = np.column_stack([np.ones(250_000), columns[:, :2]]).T @ (y - p)
    assert np.abs(score).max() < 10
