"""Messages show the names of arms as people write them, whatever kind of array held them."""

import numpy as np
import pandas as pd
import pytest

from models.effects import campaign_effect, check_design, fit_policy_tree
from models.learners.trial import TrialError, checked_trial
from models.measures import MeasureError
from models.measures.policy import taken_by

ARM = np.array(["control", "discount", "gift"]).repeat(100)
CITY = pd.DataFrame({"city": np.array(["Taipei", "Tainan"])[np.arange(300) % 2]})
Y = (np.arange(300) % 3 == 0).astype(float)


def test_every_check_of_a_design_names_its_arm_plainly():
    shares = dict.fromkeys(np.unique(ARM), 1 / 3)
    checks = check_design(CITY, ARM, control="control", shares=shares, before=Y)
    said = " ".join(f"{check.name} {check.message}" for check in checks)
    assert "arm 'discount'" in said
    assert "np." not in said


def trial(arm, probability):
    checked_trial(Y, arm, control="control", rows=300, probability=probability)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: check_design(CITY, ARM, control="control", shares={"discount": 1.0}),
        lambda: campaign_effect(Y, ARM, control="nobody"),
        lambda: campaign_effect(Y[98:], ARM[98:], control="control", before=Y[98:]),
        lambda: trial(np.array(["discount", "gift"]).repeat(150), None),
        lambda: trial(ARM, 0.5),
        lambda: trial(ARM, {np.str_("control"): 0.8, "discount": 0.1, np.str_("gift"): 0.1}),
        lambda: trial(ARM, {"control": 0.5}),
        lambda: taken_by(pd.DataFrame({"discount": Y}), ARM),
    ],
)
def test_a_refusal_names_arms_plainly(refused):
    with pytest.raises((TrialError, MeasureError)) as error:
        refused()
    assert "discount" in str(error.value) or "control" in str(error.value)
    assert "np." not in str(error.value)


def test_a_question_about_a_text_shows_its_value_plainly():
    scores = pd.DataFrame(
        {"none": np.zeros(300), "gift": np.where(CITY["city"] == "Taipei", 1, -1)}
    )
    said = str(fit_policy_tree(CITY, scores, depth=1).question)
    assert said in {"city is 'Taipei'", "city is 'Tainan'"}
