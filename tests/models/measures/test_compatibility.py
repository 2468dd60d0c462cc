"""Other libraries' numbers: against causalml itself, and scikit-uplift's by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from models.measures import (
    causalml_auuc,
    causalml_qini,
    scikit_uplift_at,
    scikit_uplift_auuc,
    scikit_uplift_qini,
)


def campaign(seed, n, *, share_treated=0.5, ties=False):
    random = np.random.default_rng(seed)
    effect = random.normal(size=n)
    treated = (random.random(n) < share_treated).astype(int)
    y = (random.random(n) < 0.1 + 0.05 * treated * (effect > 0)).astype(float)
    return y, np.round(effect, 1) if ties else effect, treated


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("seed", "share_treated"), [(0, 0.5), (1, 0.9), (2, 0.2)])
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of what causalml imports
def test_causalml_prints_the_same_qini_and_auuc(seed, share_treated, ties):
    pytest.importorskip("causalml", reason="the oracle is in the bench dependencies")
    import pandas as pd
    from causalml.metrics import auuc_score, qini_score

    y, effect, treated = campaign(seed, 3_000, share_treated=share_treated, ties=ties)
    frame = pd.DataFrame({"y": y, "w": treated, "ours": effect})
    assert_allclose(causalml_qini(y, effect, treated), qini_score(frame)["ours"], atol=1e-9)
    assert_allclose(causalml_auuc(y, effect, treated), auuc_score(frame)["ours"], atol=1e-9)


def test_scikit_uplift_qini_of_four_customers_by_hand():
    # Ranked: treated responder, control other, treated other, control responder.
    y, treated = [1, 0, 0, 1], [1, 0, 1, 0]
    # Curve at 1..4: 1, 1, 1 - 0 * 2 / 1 = 1, 1 - 1 * 2 / 2 = 0; the chord is flat at 0.
    # This is also the best ranking: treated responders first, control responders last.
    assert scikit_uplift_qini(y, [4, 3, 2, 1], treated) == 1.0
    # Turned round: 0 (no treated yet), -1, -0.5, 0 -> area -1.5; the best one's is 3.
    # (best, with the two middle customers tied: 1, 1, 1, 0 at 1, 3, 4 -> 0.5 + 2 + 0.5 = 3)
    assert_allclose(scikit_uplift_qini(y, [1, 2, 3, 4], treated), -1.5 / 3)


def test_scikit_uplift_auuc_of_four_customers_by_hand():
    y, treated = [1, 0, 0, 1], [1, 0, 1, 0]
    # Uplift times customers at 1..4: 1, 2, (1/2 - 0) * 3 = 1.5, 0; the chord is flat at 0.
    # This is also the best ranking: as many control responders as treated others, so the
    # treated other comes third.
    assert scikit_uplift_auuc(y, [4, 3, 2, 1], treated) == 1.0
    # Turned round: (1, -1), (2, -2), (3, -1.5), (4, 0): the mirror image.
    assert_allclose(scikit_uplift_auuc(y, [1, 2, 3, 4], treated), -1.0)


def test_scikit_uplift_at_compares_rates_among_the_first():
    y, treated = [1, 0, 0, 1, 1, 1], [1, 0, 1, 0, 1, 0]
    assert scikit_uplift_at(y, [6, 5, 4, 3, 2, 1], treated, share=0.5) == 0.5
