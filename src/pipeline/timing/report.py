"""The page of a model of dates: one file that needs nothing else, not even a network."""

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from models.definition import TimingModel
from pipeline.evaluation import Evaluation
from pipeline.lift.report.page import figure, page_style
from pipeline.project import OutcomeWindow
from pipeline.report.words import MEANINGS, Words, measure_name

#: Names of the plain forecasts.
RIVALS: dict[str, Words] = {
    "median_gap": ("median gap of the category", "品類間隔中位數"),
    "poisson_gamma": ("Buy It Again", "Buy It Again"),
}

#: What is said of dates, with its meaning and digits.
_DATES: dict[str, tuple[Words, Words, int]] = {
    "window_share": (
        ("Purchases in the contact window", "落在聯繫期間內的購買"),
        ("share of purchases that came", "占實際購買的比例"),
        3,
    ),
    "window_days": (("Length of the window, days", "聯繫期間天數"), ("mean", "平均"), 1),
    "due_error_days": (
        ("Due date off by, days", "預估日期誤差天數"),
        ("median", "中位數"),
        1,
    ),
}

_HORIZON, _DAYS = "observed_over_expected_", "_days"

#: The tables of figures.
_SECTIONS = ("chance", "dates", "horizons")


def as_html(
    model: TimingModel,
    evaluation: Evaluation,
    tables: Mapping[str, list[dict[str, Any]]],
    training: Mapping[str, Any],
    window: OutcomeWindow,
) -> str:
    """Return the report as one page."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    filters: dict[str, Callable[..., Any]] = {
        "figure": figure,
        "count": lambda value: f"{value:,.0f}",
        "named": _named,
    }
    environment.filters |= filters
    template = files("pipeline.timing").joinpath("page.html.j2").read_text(encoding="utf-8")
    measures = _measures(list(evaluation.measures))
    return environment.from_string(template).render(
        model=model,
        evaluation=evaluation,
        tables=tables,
        training=training,
        window=window,
        style=page_style(),
        measures=measures,
        rivals={name: RIVALS.get(name, (name, name)) for name in evaluation.baselines},
    )


def _measures(names: list[str]) -> dict[str, list[tuple[str, Words, Words, int]]]:
    """Return what each table shows: measure, how it is called, what it means, its digits."""
    found: dict[str, list[tuple[str, Words, Words, int]]] = {key: [] for key in _SECTIONS}
    for name in names:
        if name in _DATES:
            found["dates"].append((name, *_DATES[name]))
        elif name.startswith(_HORIZON) and name.endswith(_DAYS):
            days = name.removeprefix(_HORIZON).removesuffix(_DAYS)
            within = (f"within {days} days", f"{days} 天內")
            found["horizons"].append((name, within, ("", ""), 2))
        else:
            meaning = MEANINGS.get(name, ("", ""))
            found["chance"].append((name, measure_name(name), meaning, 3))
    return found


def _named(value: str) -> Words:
    """Return how a row is called: the retailer's own words stay as they are.

    Examples
    --------
    >>> _named("6 to more"), _named("ink")
    (('6 or more', '6 以上'), ('ink', 'ink'))
    """
    low, between, high = value.partition(" to ")
    if between and high == "more":
        return f"{low} or more", f"{low} 以上"
    return value, value
