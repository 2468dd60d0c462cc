"""What is promised of lift where the truth is known, by the benchmarks' own functions.

Takes about half an hour in all, on chains of 20,000 members; `make bench-lift-truth` shows
rankings at 200,000.
"""

from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"

pytestmark = [pytest.mark.nightly, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def benchmarks():
    """Return the benchmarks by name; they are scripts, which no package holds."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(FOLDER))
        yield {name: import_module(name) for name in ("lift_truth", "promotion_truth")}


@pytest.fixture(scope="module")
def truth(benchmarks):
    return benchmarks["lift_truth"]


@pytest.fixture(scope="module")
def chain(truth, tmp_path_factory):
    return truth.simulated(tmp_path_factory.mktemp("chain"), truth.CHAIN)


def test_where_all_gain_the_same_at_most_18_of_200_draws_find_a_difference(truth, chain):
    found = truth.false_finds(chain, 200)
    assert found.single + found.segments <= 18


def test_intervals_of_a_campaign_hold_the_true_effect_in_93_to_97_percent(truth, chain):
    shares, _ = truth.covered(chain, 1000)
    assert set(shares) == {"discount", "privilege"}
    assert all(0.93 <= share <= 0.97 for share in shares.values())


def test_at_least_95_percent_of_promotion_intervals_hold_what_was_planted(
    benchmarks, truth, tmp_path
):
    promotions = benchmarks["promotion_truth"]
    told = promotions.told_promotions(truth.simulated(tmp_path, truth.CHAIN, promotions.SEED))
    assert len(told) > 200
    assert told["holds"].mean() >= 0.95
