"""The report says what the evaluation says, to everybody, and needs nothing from outside."""

import json
import re
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from features.about import about
from features.catalogue import catalogue
from models.customer_activity import customer_activity
from models.measures import observed_over_expected
from models.plots import Band, reliability_plot
from pipeline.alarms import Alarm
from pipeline.evaluation import Evaluation, judge
from pipeline.examples import Examples
from pipeline.gate import decide
from pipeline.money import Money, ReportParams
from pipeline.params import GateParams, ModelParams, Params, Run
from pipeline.project import OutcomeWindow, Project
from pipeline.report import write_report
from pipeline.report.card import as_markdown
from pipeline.report.curves import deciles_of, ratio_by_part
from pipeline.report.drift import Populations
from pipeline.report.figures import Figures
from pipeline.report.page import Told, as_html
from pipeline.report.segments import BY, segments_of

SECTIONS = [
    *("worth", "gains", "baselines", "calibration", "profit", "contributions"),
    *("segments", "drift", "leaks", "gate", "origin"),
]
FEATURES = ["days_since_last_purchase", "order_count", "spend_amount_365d", "mean_gap_days"]


def customers(count, *, seed, older=0):
    """Customers who buy again the sooner, the later and the oftener they bought."""
    random = np.random.default_rng(seed)
    days = random.integers(1, 365, count) + older
    orders = random.poisson(4, count) + 1
    X = pd.DataFrame(
        {
            "days_since_last_purchase": days,
            "order_count": orders,
            "spend_amount_365d": orders * random.gamma(4, 100, count),
            "mean_gap_days": np.where(orders > 1, 365 / orders, np.nan),
        }
    )
    chance = 1 / (1 + np.exp(days / 90 - 0.3 * orders))
    keys = pd.DataFrame({"customer_id": [f"c{number}" for number in range(count)]})
    y = (random.random(count) < chance).astype(np.int8)
    return Examples(keys, X, y, np.ones(count))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small model, evaluated and reported on for real."""
    train, calibrate = customers(3000, seed=1), customers(1500, seed=2)
    test, scored = customers(2000, seed=3), customers(2000, seed=4, older=60)
    learner = customer_activity.learner(1).set_params(trees=40)
    learner.fit(train.X, train.y, X_cal=calibrate.X, y_cal=calibrate.y)
    said = {"probability": learner.predict_proba(test.X)[:, 1]}
    for one in customer_activity.baselines:
        columns = [f.name for f in one.features if f.name in FEATURES]
        fitted = one.learner(1).fit(train.X[columns], train.y)
        said[one.name] = fitted.predict_proba(test.X[columns])[:, 1]
    gate = GateParams(draws=100, list_size=200)
    measures, baselines, differences = judge(
        test.y,
        said["probability"],
        customers=test.keys["customer_id"],
        measures=customer_activity.measures,
        baselines={one.name: said[one.name] for one in customer_activity.baselines},
        list_size=gate.list_size,
        level=gate.level,
        draws=gate.draws,
        seed=1,
    )
    evaluation = Evaluation(
        model="customer_activity",
        as_of=date(2026, 3, 1),
        rows=len(test.y),
        positives=int(test.y.sum()),
        list_size=gate.list_size,
        level=gate.level,
        measures=measures,
        baselines=baselines,
        differences=differences,
        alarms=(Alarm(name="columns", found=0.8, high=0.9),),
    )
    folder = tmp_path_factory.mktemp("evaluation")
    params = Params(
        time_zone="Asia/Taipei",
        currency="TWD",
        models={"customer_activity": ModelParams(seed=1)},
        gate=gate,
    )
    asked = datetime(2026, 6, 1, 12, tzinfo=UTC)
    run = Run(data="here", fingerprint="c0ffee", code="beef", requested_at=asked)
    training = {
        "cutoffs": {
            "train": ["2025-01-01", "2025-02-01"],
            "tune": "2025-06-01",
            "calibrate": "2025-09-01",
            "score": "2026-06-01",
        },
        "rows": {"train": 3000, "tune": 1500, "calibrate": 1500},
        "positives": {"train": 900, "tune": 450, "calibrate": 450},
        "features": FEATURES,
        "left_out": ["tenure_days"],
        "seed": 1,
    }
    regions = np.where(np.arange(len(test.y)) % 3 == 0, "<b>North</b>", "South")
    write_report(
        folder,
        project=Project(folder, params, run),
        model=customer_activity,
        evaluation=evaluation,
        learner=learner,
        training=training,
        test=test,
        said=said,
        segments=pd.DataFrame({"home_region": regions, "gender": None}),
        populations=Populations(train.X, scored.X),
    )
    figures = Figures.model_validate_json((folder / "figures.json").read_text("utf-8"))
    decision = decide(evaluation, kind="first", rivals=differences, params=gate)
    told = Told(
        customer_activity,
        evaluation,
        figures,
        training,
        decision,
        params,
        OutcomeWindow(customer_activity.gap_days, customer_activity.horizon_days),
        {"at": "2026-06-01T12:00+00:00", "code": "beef", "data": "c0ffee"},
    )
    return folder, told


@pytest.fixture(scope="module")
def page(made):
    return (made[0] / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def card(made):
    return (made[0] / "model_card.md").read_text("utf-8")


def test_the_page_has_every_section(page):
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS


def test_the_page_asks_for_nothing_outside_of_itself(page):
    for outside in ("http", "src=", "<script", "<link", "@import"):
        assert outside not in page, outside
    assert not re.search(r"url\((?!#)|href=\"(?!#)", page)


def test_the_page_is_small(page):
    assert len(page.encode()) < 3_000_000


def test_the_stored_figures_make_the_same_page_again(made, page):
    assert as_html(made[1]) == page


def test_every_figure_of_the_evaluation_stands_in_the_page(made, page):
    evaluation = json.loads(made[1].evaluation.model_dump_json())
    sides = evaluation["measures"], *evaluation["baselines"].values()
    for figure in (figure for side in sides for figure in side.values()):
        expected = f"{figure['value']:.4f}<small>[{figure['low']:.4f}, {figure['high']:.4f}]"
        assert expected in page
    for side in evaluation["differences"].values():
        for figure in side.values():
            assert f"[{figure['low']:+.4f}, {figure['high']:+.4f}]" in page


def test_the_first_sentence_counts_who_was_found_on_the_list(made, page):
    evaluation = made[1].evaluation
    best = evaluation.measures["capture_at_list_size"].value * evaluation.positives
    sentence = re.search(r'<p class="worth">.*?</p>', page, re.DOTALL).group()
    plain = " ".join(re.sub("<[^>]+>", "", sentence).split())
    assert f"Of the 200 customers at the top of the list, {best:.0f} (" in plain
    assert "bought again within 90 days" in plain
    assert "再次購買" in plain


def test_whatever_is_said_in_one_language_is_said_in_the_other(page):
    body = page.split("<main>")[1]
    assert body.count('lang="en"') == body.count('lang="zh-TW"') > 100
    assert not re.search(r'<(span|text)[^>]*lang="[^"]*"[^>]*></', body)
    for name in FEATURES:
        assert catalogue()[name].label["zh-TW"] in body


def test_it_says_plainly_that_propensity_is_not_lift(page, card):
    assert "Propensity is not lift" in page
    assert "傾向不等於增益" in page
    assert "Propensity is not lift" in card


def test_money_that_nobody_has_set_is_said_to_be_assumed(made, page):
    told = made[1]
    assert "assumed: put your own" in page
    own = ReportParams(models={"customer_activity": Money(margin=900)})
    assert not own.assumed("customer_activity")
    assert own.assumed("card_uptake")
    assert ReportParams(margin=300).assumed("customer_activity") is False
    profit = told.figures.profit.model_copy(update={"assumed": False})
    said = told._replace(figures=told.figures.model_copy(update={"profit": profit}))
    assert "assumed: put your own" not in as_html(said)


def test_the_best_depth_is_the_highest_point_of_the_profit_curve(made):
    profit = made[1].figures.profit
    assert profit.best.value == pytest.approx(max(profit.profit), rel=0.01)
    assert profit.best_share.low <= profit.best_share.value <= profit.best_share.high


def test_no_plot_leaves_its_axes_where_bands_are_wide(made):
    wide = made[1].figures.calibration.model_copy(
        update={"high": [1.0] * len(made[1].figures.calibration.high)}
    )
    narrow = wide.model_copy(
        update={
            "promised": [one / 20 for one in wide.promised],
            "observed": [one / 20 for one in wide.observed],
        }
    )
    axes = Figure().subplots()
    reliability_plot(
        narrow.promised,
        narrow.observed,
        band=Band(narrow.promised, narrow.low, narrow.high),
        histogram=narrow.histogram,
        axes=axes,
    )
    assert axes.get_ylim()[1] == axes.get_xlim()[1] <= 1.05 / 20
    assert axes.collections[0].get_clip_on()


def test_a_leak_is_named_and_turns_its_light(made):
    told = made[1]
    alarm = Alarm(name="columns", found=0.97, high=0.9, suspects={"duration": 0.97})
    leaking = told._replace(evaluation=told.evaluation.model_copy(update={"alarms": (alarm,)}))
    page = as_html(leaking)
    assert '<div class="bad"><b><span lang="en">Did it see what it cannot know?' in page
    assert "<code>duration</code> (0.97)" in page
    assert "duration (0.97)" in as_markdown(leaking)


def test_a_model_that_is_not_calibrated_is_to_be_used_for_its_order_only(made):
    told = made[1]
    ratio = told.evaluation.measures["observed_over_expected"]
    high = {"observed_over_expected": ratio.model_copy(update={"value": 1.4})}
    off = told._replace(
        decision=told.decision.model_copy(update={"calibrated": False}),
        evaluation=told.evaluation.model_copy(update={"measures": told.evaluation.measures | high}),
    )
    assert "No, use the order only" in as_html(off)
    assert "Use the order of its scores, not their level." in as_markdown(off)


def test_a_level_that_nobody_can_be_sure_of_is_not_called_wrong(made):
    told = made[1]
    unsure = told._replace(
        decision=told.decision.model_copy(update={"calibrated": False}),
        params=told.params.model_copy(
            update={"gate": GateParams(calibration_low=0.5, calibration_high=1.5)}
        ),
    )
    assert "Too few outcomes to be sure" in as_html(unsure)


def test_a_text_of_the_retailer_is_no_markup(page):
    assert "&lt;b&gt;North&lt;/b&gt;" in page
    assert "<b>North</b>" not in page


def test_a_property_of_which_nothing_is_known_is_left_out(made):
    assert [one.column for one in made[1].figures.segments] == ["home_region"]


def test_the_customers_of_all_segments_are_all_customers(made):
    told = made[1]
    for group in told.figures.segments:
        assert sum(one.rows for one in group.segments) == told.evaluation.rows
        assert sum(one.positives for one in group.segments) == told.evaluation.positives


def test_a_segment_with_too_few_expected_outcomes_is_not_judged():
    rare = np.full(2000, 0.02)
    names = np.where(np.arange(2000) < 60, "small", "large")
    (found,) = segments_of(
        (np.arange(2000) % 50 == 49).astype(int),
        rare,
        pd.DataFrame({"home_region": names}),
        groups=None,
        draws=100,
    )
    judged = {one.name: one.ratio for one in found.segments}
    assert judged["small"] is None
    assert judged["large"].low < 1 < judged["large"].high


def test_a_tenth_without_an_outcome_still_has_an_interval():
    y = np.repeat([1, 0], [100, 900])
    score = np.linspace(0.9, 0.01, 1000)
    worst = deciles_of(y, score, groups=None, draws=100, level=0.95)[-1]
    assert worst.observed.value == 0
    assert 0.02 < worst.observed.high < 0.05


def test_probabilities_put_together_leave_observed_over_expected_as_it_was():
    rows = customers(3000, seed=7)
    score = np.random.default_rng(7).random(3000)
    part = np.where(score * 7 % 1 < 0.3, "a", "b")
    found = ratio_by_part(rows.y, score, part, groups=None, draws=100)
    for name in ("a", "b"):
        inside = part == name
        expected = observed_over_expected(rows.y[inside], score[inside])
        assert found[name].estimate.value == pytest.approx(expected)


def test_customers_who_bought_longer_ago_are_seen_to_have_moved(made):
    drift = made[1].figures.drift
    assert drift.features[0].feature == "days_since_last_purchase"
    assert drift.score.low > 0
    assert drift.mean_now < drift.mean_then


def test_age_and_share_become_segments_that_a_person_can_read():
    by = {one.name: cut for one, cut in BY.items()}
    ages = by["age_years"](pd.Series([24, 25, 34, 65, None]))
    assert pd.isna(ages.iloc[4])
    assert list(ages[:4]) == ["< 25", "25-34", "25-34", "65+"]
    online = by["online_order_share"](pd.Series([0.0, 0.5, 1.0, None]))
    assert list(online) == ["store", "both", "online", None]


def test_no_segment_tells_who_somebody_is_or_of_an_illness():
    assert {about(one).purpose for one in BY} == {"general"}


@pytest.mark.parametrize(
    "said",
    [
        "## Intended use",
        "## What it must not be used for",
        "Decisions on credit",
        "Inference of health",
        "| train | 2025-01-01 to 2025-02-01 (2) | 3,000 | 900 | 30.0% |",
        "`c0ffee`",
        "Left out, because the data do not deliver what they count: `tenure_days`.",
        "## Calibration",
        "## Drift",
        "## Limits",
        "Answers for it: nobody named yet",
        "code `beef`",
    ],
)
def test_the_card_is_complete(card, said):
    assert said in card


def test_the_card_lists_every_feature_and_every_measure_with_its_baselines(made, card):
    for name in FEATURES:
        assert f"| `{name}` | {catalogue()[name].label['en']} | general |" in card
    evaluation = made[1].evaluation
    sides = [evaluation.measures, *evaluation.baselines.values()]
    for name in evaluation.measures:
        figures = [side[name] for side in sides]
        row = " | ".join(f"{f.value:.4f} [{f.low:.4f}, {f.high:.4f}]" for f in figures)
        assert row in card
