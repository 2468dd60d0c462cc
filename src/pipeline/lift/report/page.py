"""The page of a model of offers: one file that needs nothing else, not even a network."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

from models.definition import LiftModel
from pipeline.evaluation import Evaluation, Figure
from pipeline.lift.report import plots

#: Names of the alternatives that the policy is compared with.
ALTERNATIVES = {
    "nobody": ("Nobody is given an offer", "不提供任何優惠"),
    "everybody": ("Everybody is given the best single offer", "所有客戶皆給最佳單一優惠"),
    "random": ("The same offers as often, to anybody", "同樣比例隨機給予"),
    "propensity": ("As many, to those most likely to buy", "同樣人數，給最可能購買者"),
}
KINDS = {
    "individual": ("each customer's own effect", "個別客戶效果"),
    "segments": ("the effect of the segment", "分群效果"),
    "average": ("the average effect", "平均效果"),
}


class Told(NamedTuple):
    """Everything that the page tells of.

    Attributes
    ----------
    curves : mapping
        See `pipeline.lift.curves.curves_of`.
    training : mapping
        `training.json`.
    designs : sequence of mapping
        `designs.json`: every campaign, with its checks.
    """

    model: LiftModel
    evaluation: Evaluation
    curves: Mapping[str, Any]
    training: Mapping[str, Any]
    designs: Sequence[Mapping[str, Any]]
    randomised: bool
    currency: str


def as_html(told: Told) -> str:
    """Return the report as one page."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"figure": figure, "count": lambda value: f"{value:,.0f}"}
    template = files("pipeline.lift.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    budget = told.curves["budget"]
    return environment.from_string(template).render(
        told=told,
        evaluation=told.evaluation,
        curves=told.curves,
        style=page_style(),
        kinds=KINDS,
        offers={
            arm: {**offer, **_plots(arm, offer, told.currency, level=told.evaluation.level)}
            for arm, offer in told.curves["offers"].items()
        },
        budget=plots.budget_plot(
            budget["curve"], currency=told.currency, level=told.evaluation.level
        )
        if budget["curve"]
        else "",
        area=None if budget["area"] is None else Figure(**budget["area"]),
        tree_value=Figure(**told.curves["tree"]["value"]),
        alternatives=[
            (name, told.evaluation.baselines[key]["policy_value"], difference["policy_value"])
            for key, name in ALTERNATIVES.items()
            if (difference := told.evaluation.differences.get(key)) is not None
        ],
        slopes={
            arm: told.evaluation.measures[f"gates_slope_{arm}"] for arm in told.curves["offers"]
        },
    )


def page_style() -> str:
    """Return the style of the other reports, so that all look alike."""
    page = files("pipeline.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    return page.partition("<style>")[2].partition("</style>")[0]


def figure(one: Figure, digits: int = 4) -> str:
    """Return a figure with its interval.

    Examples
    --------
    >>> figure(Figure(value=1234.5, low=-1.0, high=2000), 1)
    '1,234.5 [-1.0, 2,000.0]'
    """
    return f"{one.value:,.{digits}f} [{one.low:,.{digits}f}, {one.high:,.{digits}f}]"


def _plots(arm: str, offer: Mapping[str, Any], currency: str, *, level: float) -> dict[str, Any]:
    best = offer["best_depth"]
    return {
        "uplift_plot": plots.uplift_plot(
            offer["uplift"], offer["uplift_propensity"], arm=arm, level=level
        ),
        "deciles_plot": plots.groups_plot(offer["deciles"], arm=arm, level=level),
        "groups_plot": plots.groups_plot(offer["groups"], arm=arm, level=level),
        "profit_plot": plots.profit_plot(
            offer["profit"], best, currency=currency, arm=arm, level=level
        ),
        "depth": Figure(**best["share"]),
        "depth_profit": Figure(**best["profit"]),
    }
