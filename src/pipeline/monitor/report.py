"""The page of monitoring: one file that needs nothing else, and holds no customer's data."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from pipeline.durable import whole_file
from pipeline.evaluation import Figure
from pipeline.lift.report.page import page_style
from pipeline.monitor.keep import monitoring_folder
from pipeline.monitor.limits import MonitoringParams
from pipeline.monitor.plots import alarms_plot, bands_plot, ratio_plot
from pipeline.monitor.record import EVERYBODY, Record, history, subjects
from pipeline.params import read_params
from pipeline.report.words import Words, feature_name, measure_name

_OWN: dict[str, Words] = {
    "lift_at_list_size": ("Lift at list size", "名單提升度"),
    "window_share": ("Purchases in the contact window", "落在聯繫期間內的購買"),
    "effect": ("Effect of the offers", "優惠效果"),
    "effect_predicted": ("Effect that was predicted", "預測效果"),
    "effect_gap": ("Difference of both", "兩者差距"),
}


def page_path(artifacts: Path) -> Path:
    """Return where the page lies."""
    return monitoring_folder(artifacts) / "report.html"


def write_page(artifacts: Path) -> None:
    """Write the page of everything that was ever watched."""
    histories = {name: history(artifacts, name) for name in subjects(artifacts)}
    text = as_html(histories, read_params(artifacts.parent).monitoring)
    with whole_file(page_path(artifacts)) as draft:
        draft.write_text(text, encoding="utf-8")


def as_html(histories: dict[str, list[Record]], limits: MonitoringParams) -> str:
    """Return the page of some subjects, each with its records in time order."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    filters: dict[str, Any] = {
        "figure": spelled,
        "count": lambda value: f"{value:,.0f}",
        "percent": lambda value: f"{100 * value:.1f} %",
        "feature": feature_name,
        "measure": lambda name: _OWN.get(name) or measure_name(name),
        "title": _title,
    }
    environment.filters |= filters
    template = files("pipeline.monitor").joinpath("page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        histories={name: records for name, records in histories.items() if records},
        limits=limits,
        style=page_style(),
        alarms_plot=alarms_plot,
        ratio_plot=lambda records, subject: ratio_plot(
            records,
            subject=subject,
            low=limits.ratio_low,
            high=limits.ratio_high,
            level=limits.level,
        ),
        bands_plot=lambda bands, subject: bands_plot(bands, subject=subject, level=limits.level),
    )


def spelled(one: Figure, digits: int = 3) -> str:
    """Return a figure with its interval, where it has one.

    Examples
    --------
    >>> spelled(Figure(value=1.2, low=1.1, high=1.3), 1)
    '1.2 [1.1, 1.3]'
    """
    if one.low == one.high:
        return f"{one.value:.{digits}f}"
    return f"{one.value:.{digits}f} [{one.low:.{digits}f}, {one.high:.{digits}f}]"


def _title(subject: str) -> Words:
    from pipeline.params import ParamsError
    from pipeline.project import find_model

    if subject == EVERYBODY:
        return "All columns of all customers", "全體客戶的所有欄位"
    try:
        title = find_model(subject).title
    except ParamsError:
        return subject, subject
    return title.get("en", subject), title.get("zh-TW", subject)
