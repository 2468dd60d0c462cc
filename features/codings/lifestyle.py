"""Lifestyle: topics over the mix of categories that a customer buys.

A topic is a set of narrow categories that the same people buy, found by non-negative matrix
factorisation [1]_ of purchase days (their logarithm, so that one heavy buyer is not a topic).

References
----------
.. [1] Lee, D. D. and Seung, H. S. (1999). Learning the parts of objects by non-negative
   matrix factorization. Nature 401, 788-791.
"""

from typing import TYPE_CHECKING, Any

from features.codings.frames import everybody, purchases_frame, thinned
from features.definition import Code, Coding, Fitted, Known

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_TOPICS = 6
#: A topic has to have this share of what a customer buys to be the lifestyle.
LEADS = 0.5
MIXED = "mixed"
NAMED = 3
BLOCK = 100_000
UPDATES = 60
_TINY = 1e-12


def _fit(known: Known, seed: int) -> Fitted:
    matrix, categories = _matrix(known)
    matrix = thinned(matrix)
    topics = min(MOST_TOPICS, *matrix.shape) if len(matrix) else 0
    if topics < 2:  # noqa: PLR2004 - one topic tells nobody apart
        return {"categories": [], "topics": []}
    from sklearn.decomposition import NMF

    model = NMF(n_components=topics, init="nndsvda", random_state=seed, max_iter=400, tol=1e-3)
    model.fit(matrix.to_numpy())
    parts = model.components_ / model.components_.sum(axis=1, keepdims=True).clip(_TINY)
    # In the order of their heaviest category, so that the same data name them the same.
    order = sorted(range(topics), key=lambda t: (categories[int(parts[t].argmax())], t))
    return {
        "categories": categories,
        "topics": [[round(float(v), 8) for v in parts[t]] for t in order],
    }


def _matrix(known: Known, categories: list[str] | None = None) -> tuple["pd.DataFrame", list[str]]:
    import numpy as np

    bought = purchases_frame(known, "like")
    wide = bought.pivot_table(index="customer_id", columns="value", values="purchases")
    names = sorted(map(str, wide.columns)) if categories is None else categories
    counts = wide.reindex(columns=names).fillna(0.0).astype("float64")
    return counts.apply(np.log1p), names


def _apply(fitted: Fitted, known: Known) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    people = everybody(known)
    if not fitted["topics"]:
        return pd.DataFrame({"lifestyle": MIXED, "lifestyle_share": np.nan}, index=people)
    matrix, _ = _matrix(known, fitted["categories"])
    topics = np.asarray(fitted["topics"])
    weights = np.concatenate(
        [_weights(matrix.to_numpy()[i : i + BLOCK], topics) for i in range(0, len(matrix), BLOCK)]
        or [np.empty((0, len(topics)))]
    )
    total = weights.sum(axis=1)
    share = weights.max(axis=1, initial=0.0) / np.where(total > 0, total, np.nan)
    names = np.array([_code(number) for number in range(len(topics))], dtype=object)
    best = names[weights.argmax(axis=1)] if len(weights) else np.empty(0, dtype=object)
    code = np.where(share >= LEADS, best, MIXED)
    found = pd.DataFrame({"lifestyle": code, "lifestyle_share": share}, index=matrix.index)
    found = found.reindex(people)
    return found.assign(lifestyle=found["lifestyle"].fillna(MIXED))


def _weights(
    rows: "np.ndarray[Any, Any]", topics: "np.ndarray[Any, Any]"
) -> "np.ndarray[Any, Any]":
    """Return non-negative weights of fixed topics by multiplicative updates; shape (rows, topics).

    Every customer is fitted alone: the result does not depend on who else is there.
    """
    import numpy as np

    weights = np.full((len(rows), len(topics)), 1.0)
    pulled, among = rows @ topics.T, topics @ topics.T
    for _ in range(UPDATES):
        weights *= pulled / (weights @ among + _TINY)
    return np.asarray(np.where(rows.sum(axis=1, keepdims=True) > 0, weights, 0.0))


def _code(number: int) -> str:
    return f"topic_{number + 1}"


def _describe(fitted: Fitted) -> list[Code]:
    codes = []
    for number, topic in enumerate(fitted["topics"]):
        ranked = sorted(zip(topic, fitted["categories"], strict=True), key=lambda p: (-p[0], p[1]))
        heavy = [(name, weight) for weight, name in ranked[:NAMED] if weight > 0]
        names = [name for name, _ in heavy]
        shares = ", ".join(f"{name} {weight:.0%}" for name, weight in heavy)
        codes.append(
            Code(
                _code(number),
                {"en": " and ".join(names[:2]), "zh-TW": "與".join(names[:2])},
                {
                    "en": f"Buys what goes with this life: {shares}.",
                    "zh-TW": f"主要購買：{shares}。",  # noqa: RUF001
                },
            )
        )
    mixed = Code(
        MIXED,
        {"en": "Mixed", "zh-TW": "混合"},
        {
            "en": "No topic has half of what the member buys, or nothing was bought yet.",
            "zh-TW": "沒有任何主題占購買內容一半以上，或尚未購買。",  # noqa: RUF001
        },
    )
    return [*codes, mixed]


lifestyle = Coding(
    name="lifestyle",
    label={"en": "Lifestyle", "zh-TW": "生活型態"},
    fit=_fit,
    apply=_apply,
    describe=_describe,
)
"""Column `lifestyle` (a topic, or `mixed`) and `lifestyle_share`, the share of that topic."""
