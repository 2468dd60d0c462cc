"""Every figure says what its numbers say, with units and intervals, and leaves no style behind."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib import rcParams
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from models import plots
from models.measures import MeasureError

Y = np.array([1, 1, 0, 1, 0, 0, 0, 1, 0, 0] * 20)
SCORE = np.tile(np.linspace(0.95, 0.05, 10), 20)
LINES = {
    "model": plots.UpliftLine([0, 0.5, 1], [0, 0.04, 0.05], [0, 0.02, 0.03], [0, 0.06, 0.07]),
    "propensity": plots.UpliftLine([0, 0.5, 1], [0, 0.02, 0.05]),
}


def one_of(kind, axes, of=np.array):
    """Draw one figure of a kind, of arrays or of columns of a frame."""
    y, score = of(Y), of(SCORE)
    return {
        "gains": lambda: plots.gains_plot(y, score, rivals={"other": -score}, axes=axes),
        "lift": lambda: plots.lift_plot(y, score, rivals={"other": -score}, axes=axes),
        "calibration": lambda: plots.calibration_plot(y, score, axes=axes),
        "profit": lambda: plots.profit_plot(
            y, score, margin=10, contact_cost=3, currency="TWD", axes=axes
        ),
        "deciles": lambda: plots.deciles_plot(y, score, axes=axes),
        "uplift": lambda: plots.uplift_plot(LINES, axes=axes),
        "qini": lambda: plots.qini_plot(LINES, axes=axes),
        "hazard": lambda: plots.hazard_plot(of([100, 80]), of([20, 8]), days=of([0, 7]), axes=axes),
        "due": lambda: plots.due_plot(
            of(["ann"]), of([9]), low=of([4]), high=of([15]), as_of="2024-06-01", axes=axes
        ),
        "cohorts": lambda: plots.cohort_plot([[0.5, 0.4], [0.6, np.nan]], ["a", "b"], axes=axes),
        "associations": lambda: plots.association_plot(
            [[np.nan, 2], [2, 1]], ["x", "y"], axes=axes
        ),
        "intervals": lambda: plots.interval_plot(
            of(["a", "b"]),
            of([1, 2]),
            low=of([0, 1]),
            high=of([2, 3]),
            label="95 % intervals",
            axes=axes,
        ),
    }[kind]()


KINDS = (
    *("gains", "lift", "calibration", "profit", "deciles", "uplift", "qini"),
    *("hazard", "due", "cohorts", "associations", "intervals"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_a_frame_are_drawn_like_arrays(kind):
    one, other = Figure().subplots(), Figure().subplots()
    one_of(kind, one, of=pd.Series)
    one_of(kind, other)
    assert [line.get_xydata().tolist() for line in one.lines] == [
        line.get_xydata().tolist() for line in other.lines
    ]
    assert one.get_xlim() == other.get_xlim()


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_drawn_where_it_is_asked_for_and_says_what_its_axes_are(kind):
    given = Figure().add_subplot()
    before = dict(rcParams)
    drawn = one_of(kind, given)
    assert drawn is given
    assert dict(rcParams) == before
    drawn.figure.canvas.draw()
    assert drawn.get_xlabel() or kind == "associations"
    assert drawn.get_ylabel() or drawn.get_yticklabels()


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_makes_its_own_axes_where_none_are_given(kind):
    drawn = one_of(kind, None)
    assert drawn.has_data() or drawn.images
    plt.close(drawn.figure)


def heights(axes, label):
    (line,) = [one for one in axes.lines if one.get_label() == label]
    return line.get_xdata(), line.get_ydata()


def test_gains_end_with_everybody_and_lie_above_chance_for_a_good_score():
    share, captured = heights(one_of("gains", Figure().add_subplot()), "model")
    assert captured[0] == 0
    assert captured[-1] == 1
    assert (captured >= share - 1e-9).all()


def test_lift_of_everybody_is_one():
    _, lift = heights(one_of("lift", Figure().add_subplot()), "model")
    assert lift[-1] == pytest.approx(1)
    assert lift[0] > 1.5


def test_the_qini_line_is_the_uplift_line_less_the_random_one():
    _, uplift = heights(one_of("uplift", Figure().add_subplot()), "model")
    _, qini = heights(one_of("qini", Figure().add_subplot()), "model")
    assert uplift == pytest.approx([0, 0.04, 0.05])
    assert qini == pytest.approx([0, 0.015, 0])


def test_a_decile_bar_is_as_high_as_the_rate_of_its_tenth():
    axes = plots.deciles_plot([1, 1, 1, 0], [0.9, 0.8, 0.2, 0.1], parts=2)
    assert [bar.get_height() for bar in axes.patches] == [1.0, 0.5]
    assert axes.get_xlabel() == "one of 2 equal parts of the customers, best first"
    plt.close(axes.figure)


def test_the_hazard_of_a_period_is_the_share_of_those_still_waiting():
    axes = one_of("hazard", Figure().add_subplot())
    assert heights(axes, "hazard")[1] == pytest.approx([0.2, 0.1])


def test_the_best_depth_of_a_profit_is_marked():
    axes = plots.profit_plot(
        [1, 0, 1, 0], [0.9, 0.5, 0.2, 0.1], margin=10, contact_cost=1, currency="EUR"
    )
    assert "best depth 75%" in [one.get_label() for one in axes.lines]
    assert "EUR per 1,000 customers" in axes.get_ylabel()
    plt.close(axes.figure)


def test_rivals_are_told_apart_without_colour():
    axes = plots.gains_plot(Y, SCORE, rivals={"one": -SCORE, "two": SCORE**2})
    styles = {line.get_linestyle() for line in axes.lines if line.get_label() in ("one", "two")}
    assert len(styles) == 2
    plt.close(axes.figure)


def test_numbers_in_dark_cells_are_white():
    axes = one_of("cohorts", Figure().add_subplot())
    assert {one.get_text() for one in axes.texts} == {"50%", "40%", "60%"}
    dark = next(one for one in axes.texts if one.get_text() == "60%")
    assert same_color(dark.get_color(), "white")


def test_the_columns_of_cohorts_may_be_named():
    axes = plots.cohort_plot([[0.5, 0.4]], ["a"], periods=[1, 2], axes=Figure().add_subplot())
    assert [one.get_text() for one in axes.get_xticklabels()] == ["1", "2"]


@pytest.mark.parametrize(
    ("drawing", "says"),
    [
        (lambda: plots.uplift_plot({}), "no line to draw"),
        (
            lambda: plots.uplift_plot({"m": plots.UpliftLine([0, 1], [0])}),
            "share has 2, gain has 1",
        ),
        (lambda: plots.cohort_plot([[1.0]], ["a", "b"]), r"shape \(1, 1\), but the names"),
        (lambda: plots.association_plot([[1.0, 2.0]], ["a"]), "names ask for"),
        (
            lambda: plots.interval_plot(["a"], [1, 2], low=[0, 1], high=[2, 3], label="x"),
            "names has 1, value has 2",
        ),
    ],
)
def test_columns_that_do_not_fit_are_refused(drawing, says):
    with pytest.raises(ValueError, match=says):
        drawing()


def test_a_figure_of_nobody_who_responded_is_refused():
    with pytest.raises(MeasureError):
        plots.gains_plot([0, 0], [0.1, 0.2], axes=Figure().add_subplot())
