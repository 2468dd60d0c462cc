"""The page of an evaluation: one file that needs nothing else, not even a network."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from models.definition import Model
from pipeline.evaluation import Evaluation, Figure
from pipeline.gate import Decision
from pipeline.params import Params
from pipeline.project import OutcomeWindow
from pipeline.report import plots, words
from pipeline.report.drift import MOVED, STABLE
from pipeline.report.figures import Figures

Words = tuple[str, str]

#: What is said of customers whose model does not say what they did.
HAPPENED: Mapping[str, str] = {"en": "had the outcome", "zh-TW": "發生目標行為"}


class Told(NamedTuple):
    """Everything that the page and the card tell of.

    Attributes
    ----------
    training : mapping
        `training.json`: cut-offs, rows, features, data.
    decision : Decision
        What the gate says of the model as a first champion.
    made : mapping
        When it was asked for, from which code and data.
    """

    model: Model
    evaluation: Evaluation
    figures: Figures
    training: Mapping[str, Any]
    decision: Decision
    params: Params
    window: OutcomeWindow
    made: Mapping[str, str]


class Light(NamedTuple):
    """A traffic light: `good`, `warn` or `bad`, what it stands for, and what is said."""

    state: str
    name: Words
    said: Words


def as_html(told: Told) -> str:
    """Return the report as one page."""
    from importlib.resources import files

    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    filters: dict[str, Any] = {
        "count": lambda value: f"{value:,.0f}",
        "percent": percent,
        "figure": spelled_figure,
        "measure": words.measure_name,
        "feature": words.feature_name,
        "segment": words.segment_name,
        "side": words.baseline_name,
        "outcome": words.outcome_name,
    }
    environment.filters |= filters
    template = files("pipeline.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    evaluation, figures, gate = told.evaluation, told.figures, told.params.gate
    level = evaluation.level
    ends = plots.contribution_ends(figures.contributions) if figures.contributions else (0, 0)
    return environment.from_string(template).render(
        told=told,
        evaluation=evaluation,
        figures=figures,
        training=told.training,
        currency=told.params.currency,
        worth=worth(told),
        lights=lights(told),
        sides={"model": evaluation.measures, **evaluation.baselines},
        meanings=words.MEANINGS,
        gains=plots.gains_plot(
            figures.gains, list_share=evaluation.list_size / evaluation.rows, level=level
        ),
        deciles=plots.deciles_plot(figures.deciles, level=level),
        reliability=plots.calibration_plot(figures.calibration, level=level),
        profit=plots.profit_plot(figures.profit, currency=told.params.currency, level=level),
        contribution_row=lambda one: plots.contribution_row(one, low=ends[0], high=ends[1]),
        contribution_ends=ends,
        ratio_plot=lambda ratio: plots.ratio_plot(
            ratio, low=gate.calibration_low, high=gate.calibration_high
        ),
        widest=plots.widest(figures.segments)[:5],
        stable=STABLE,
        moved=MOVED,
        band=(gate.calibration_low, gate.calibration_high),
    )


def worth(told: Told) -> dict[str, Any]:
    """Return what the list is worth on the test rows: who was found, and who would have been."""
    evaluation = told.evaluation
    captured, positives = evaluation.measures["capture_at_list_size"], evaluation.positives
    size = evaluation.list_size
    random = size * positives / evaluation.rows
    happened = told.model.use.happened if told.model.use else HAPPENED
    return {
        "size": size,
        "found": captured.value * positives,
        "low": captured.low * positives,
        "high": min(captured.high * positives, size),
        "random": random,
        "times": captured.value * positives / random,
        "happened": (happened["en"], happened["zh-TW"]),
        "days": told.window.horizon_days,
    }


def lights(told: Told) -> list[Light]:
    """Return the four things to look at before a list is used."""
    return [_ranking(told), _level(told), _leaks(told), _drift(told)]


def _ranking(told: Told) -> Light:
    name = ("Does it rank better than simple rules?", "排序是否優於簡單規則？")
    rivals = [words.baseline_name(one) for one in told.evaluation.baselines]
    if not rivals:
        return Light("warn", name, ("There is no rule to compare it with.", "沒有可比較的規則。"))
    refused = [
        check
        for check in told.decision.checks
        if check.required and not check.passed and " minus " in check.name
    ]
    if refused:
        what = "; ".join(f"{one.name} {spelled_figure(one.found)}" for one in refused)
        return Light("bad", name, (f"Not surely: {what}.", f"未能確定：{what}。"))
    both = " and ".join(one[0] for one in rivals), "與".join(one[1] for one in rivals)
    return Light("good", name, (f"Yes, surely: than {both[0]}.", f"是，確定優於{both[1]}。"))


def _level(told: Told) -> Light:
    measures = told.evaluation.measures
    ratio = spelled_figure(measures["observed_over_expected"], 2)
    slope = spelled_figure(measures["calibration_slope"], 2)
    name = ("Can its probabilities be taken at their word?", "機率數值可信嗎？")
    figures = f"observed / expected {ratio}, slope {slope}"
    figures_zh = f"實際／預期 {ratio}，斜率 {slope}"
    if told.decision.calibrated:
        return Light("good", name, (f"Yes: {figures}.", f"是：{figures_zh}。"))
    gate = told.params.gate
    values = (measures[one].value for one in ("observed_over_expected", "calibration_slope"))
    if all(gate.calibration_low <= value <= gate.calibration_high for value in values):
        return Light(
            "warn",
            name,
            (f"Too few outcomes to be sure: {figures}.", f"成效過少，無法確定：{figures_zh}。"),
        )
    return Light(
        "warn",
        name,
        (f"No, use the order only: {figures}.", f"否，請只用排序：{figures_zh}。"),
    )


def _leaks(told: Told) -> Light:
    name = ("Did it see what it cannot know?", "是否用到不該知道的資訊？")
    ringing = [alarm.title() for alarm in told.evaluation.alarms if alarm.rings]
    if ringing:
        return Light(
            "bad",
            name,
            (f"It looks like it: {'; '.join(ringing)}.", f"有此跡象：{'；'.join(ringing)}。"),
        )
    count = len(told.evaluation.alarms)
    if not count:
        return Light("warn", name, ("Nobody looked.", "尚未檢查。"))
    return Light(
        "good", name, (f"No: all {count} leak checks passed.", f"否：{count} 項洩漏檢查全數通過。")
    )


def _drift(told: Told) -> Light:
    score = told.figures.drift.score
    name = ("Are customers still those it learned from?", "客群與訓練時相同嗎？")
    figure = spelled_figure(score, 2)
    if score.value < STABLE:
        return Light("good", name, (f"Yes: stability {figure}.", f"是：穩定度 {figure}。"))
    if score.value < MOVED:
        return Light("warn", name, (f"Not quite: stability {figure}.", f"略有變動：{figure}。"))
    return Light("bad", name, (f"No: stability {figure}.", f"明顯變動：穩定度 {figure}。"))


def percent(share: float, digits: int = 1) -> str:
    """Return a share in [0, 1] as a reader wants it.

    Examples
    --------
    >>> percent(0.1234), percent(0.00012), percent(1)
    ('12.3%', '0.012%', '100.0%')
    """
    shown = 100 * share
    if 0 < abs(shown) < 1:
        return f"{shown:.2g}%"
    return f"{shown:.{digits}f}%"


def spelled_figure(one: Figure, digits: int = 4) -> str:
    """Return a figure with its interval.

    Examples
    --------
    >>> spelled_figure(Figure(value=0.5, low=0.25, high=0.75), 2)
    '0.50 [0.25, 0.75]'
    """
    return f"{one.value:.{digits}f} [{one.low:.{digits}f}, {one.high:.{digits}f}]"
