"""The page of a model of pairs: one file that needs nothing else, not even a network."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from models.definition import PairModel
from pipeline.evaluation import Evaluation, Figure
from pipeline.lift.report.page import figure, page_style

MEASURES = {
    "map_at_12": ("MAP of the first 12", "前 12 名平均精確率"),
    "ndcg_at_12": ("NDCG of the first 12", "前 12 名 NDCG"),
    "hit_rate_at_12": ("Customers with a hit among 12", "前 12 名命中之會員占比"),
    "recall_at_20": ("Purchases found among 20", "前 20 名找回之購買占比"),
}
RANKINGS = {
    "last_basket": ("Last basket", "上次購物籃"),
    "personal_frequency": ("Own habit", "個人購買頻率"),
    "store_popularity": ("What sells in the region", "地區熱銷"),
}
ROUTES = {
    "union": ("all routes together", "全部途徑合計"),
    "own": ("bought before", "曾購買"),
    "together": ("bought by the same customers", "同好共購"),
    "alike": ("alike by name and attributes", "名稱與屬性相似"),
    "successor": ("next generation of what is held", "持有商品之後繼"),
    "popular": ("sells best in the region", "地區熱銷"),
}
STATES = {
    "all": ("all candidates", "全部候選"),
    "REPEAT": ("REPEAT: bought before", "REPEAT 回購"),
    "UPGRADE": ("UPGRADE: holds an older generation", "UPGRADE 升級"),
    "NEW": ("NEW: a new product", "NEW 新商品"),
    "CROSS": ("CROSS: any other", "CROSS 其他商品"),
}

#: How parts of the pairs are called, beside the states.
_PARTS = {"never bought before": ("all but REPEAT: never bought before", "REPEAT 以外 未曾購買")}
_SHOPPED = {
    "0": ("customers who never shopped", "從未購物的會員"),
    "1": ("customers who shopped on 1 day", "購物 1 天的會員"),
    "2 to 4": ("customers who shopped on 2 to 4 days", "購物 2 至 4 天的會員"),
    "5 and more": ("customers who shopped on 5 days or more", "購物 5 天以上的會員"),
}


def as_html(
    *,
    model: PairModel,
    evaluation: Evaluation,
    parts: Mapping[str, Any],
    training: Mapping[str, Any],
) -> str:
    """Return the report as one page."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {
        "figure": _figure,
        "count": lambda value: f"{value:,.0f}",
        "share": lambda value: f"{100 * value:.1f} %",
    }
    template = files("pipeline.pairs.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    longest = max(
        one["map_at_12"].high for one in (evaluation.measures, *evaluation.baselines.values())
    )
    return environment.from_string(template).render(
        model=model,
        evaluation=evaluation,
        parts=parts,
        training=training,
        style=page_style(),
        measures=MEASURES,
        rankings=RANKINGS,
        routes={name: ROUTES[name] for name in ROUTES if name in parts["recall_of_routes"]},
        states={name: STATES[name] for name in STATES if name in parts["calibration"]},
        part_names=_part_names(parts["parts"]),
        longest=longest,
        products=[
            (("on sale", "在售商品"), parts["product_lift"], parts["demand"]),
            (("launched later", "新上市商品"), parts["launch_lift"], parts["launch_demand"]),
        ],
    )


def _part_names(parts: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return what to call the parts that were judged, in the order in which they are shown."""
    shopped = {f"shopped on {days} days": words for days, words in _SHOPPED.items()}
    names = {**STATES, **_PARTS, **shopped}
    return {name: names[name] for name in names if name in parts}


def _figure(one: Any, digits: int = 3) -> str:
    return figure(Figure.model_validate(one), digits)
