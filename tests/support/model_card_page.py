"""`docs/model_cards.md`: what each model is for, from its definition.

`python tests/support/model_card_page.py` writes it; a test fails when it is out of date.
"""

from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "model_cards.md"
INTRODUCTION = """# Model cards

Generated from the definitions in `models/` by `make docs`; do not edit. Every training of a model
of customers also leaves a card with its figures beside its report:
`artifacts/versions/MODEL/N/model_card.md`; the [report](report.md) says what stands on it.

No model may be used to set a price for a person, to refuse a service, or to infer an illness.
Products of the purpose `health`, and columns that identify a person, are invisible to all of them.
"""
KINDS = {
    "Model": "a customer",
    "PairModel": "a customer and a product",
    "TimingModel": "a customer and a category that is bought again and again",
    "LiftModel": "a customer and the arm of a campaign",
}


def page() -> str:
    """Return the whole page."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    return "\n".join([INTRODUCTION, *(line for name in params["models"] for line in _card(name))])


def _card(name: str) -> Iterator[str]:
    from pipeline.project import find_model

    model = find_model(name)
    yield f"## {name}\n"
    yield f"**{model.title['en']}** · {model.title['zh-TW']}\n"
    yield "| | |\n|---|---|"
    yield f"| one row is | {KINDS[type(model).__name__]} |"
    yield f"| outcome | {_told(model.label.outcome.__doc__)} |"
    yield (
        f"| window | {model.horizon_days} days, from {model.gap_days} days after the cut-off on |"
    )
    if hasattr(model, "eligible"):
        yield f"| asked about | {_told(model.eligible.__doc__)} |"
    if model.features:
        yield f"| features | {len(model.features)} |"
    if rivals := getattr(model, "baselines", ()):
        yield f"| has to beat | {', '.join(f'`{one.name}`' for one in rivals)} |"
    yield f"| trained anew | {model.cadence} |\n"
    use = getattr(model, "use", None)
    if use is not None and use.intended:
        yield f"{use.intended}\n"
        yield from (f"- Not for: {one}" for one in use.not_for)
        yield from (f"- {one}" for one in use.limits)
        yield ""


def _told(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
