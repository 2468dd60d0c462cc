"""The model card: what a model is for, how good it is, and what it must not be used for."""

from collections.abc import Mapping
from typing import Any

from features.about import about
from features.catalogue import catalogue
from models.definition import Model
from pipeline.report.page import HAPPENED, Told, percent, spelled_figure
from pipeline.report.plots import widest
from pipeline.report.words import baseline_name, feature_name, measure_name, segment_name

#: What no model may be used for, whatever it says.
NOT_FOR = (
    "Decisions on credit, insurance, employment, housing, or the price that a person is asked.",
    "Inference of health, religion, politics, origin or sexual life, directly or by a stand-in.",
    "Contact without consent: a high score overrides no refusal, cap or suppression.",
    "Proof of what a contact changed. Propensity is not lift; lift takes a random control group.",
    "Customers of another retailer or country than it was tested on, without a new test.",
)
LIMITS = (
    "Of customers with a short history it knows little.",
    "Its reasons say what it goes by, not what causes an outcome.",
)


def as_markdown(told: Told) -> str:
    """Return the card as Markdown."""
    from importlib.resources import files

    import jinja2

    # Markdown, not HTML: nothing is escaped.
    environment = jinja2.Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - the card is Markdown
    )
    environment.filters |= {
        "count": lambda value: f"{value:,.0f}",
        "percent": percent,
        "figure": spelled_figure,
        "measure": lambda name: measure_name(name)[0],
        "side": lambda name: baseline_name(name)[0],
        "segment": lambda name: segment_name(name)[0],
        "feature": lambda name: feature_name(name)[0],
    }
    template = files("pipeline.report").joinpath("card.md.j2").read_text(encoding="utf-8")
    evaluation, use = told.evaluation, told.model.use
    return environment.from_string(template).render(
        told=told,
        evaluation=evaluation,
        figures=told.figures,
        training=told.training,
        use=use,
        happened=(use.happened if use else HAPPENED)["en"],
        not_for=(*NOT_FOR, *(use.not_for if use else ())),
        limits=(*LIMITS, *(use.limits if use else ())),
        themes=features_by_theme(told.model, told.training["features"]),
        sides={"model": evaluation.measures, **evaluation.baselines},
        ringing=[alarm for alarm in evaluation.alarms if alarm.rings],
        off=widest(told.figures.segments)[:5],
        owner=told.params.report.owner,
    )


def features_by_theme(model: Model, used: list[str]) -> Mapping[str, list[dict[str, Any]]]:
    """Return the features that were used, by theme: name, label, purpose class."""
    known = catalogue("customer", "product", "time", "pair") | {f.name: f for f in model.features}
    found: dict[str, list[dict[str, Any]]] = {}
    for name in used:
        one = about(known[name])
        found.setdefault(one.theme, []).append(
            {"name": name, "label": one.label["en"], "purpose": one.purpose}
        )
    return found
